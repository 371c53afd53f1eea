"""Arms: labelled ones as labelled, several values of one parameter one each, the rest together or set apart."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from counterpoint.agents.offline.reading import Text
from counterpoint.agents.offline.settings import Setting
from counterpoint.agents.offline.text import words_set
from counterpoint.config import Parameter
from counterpoint.vocabulary import Scalar


def compose_arms(text: Text, found: Sequence[Setting]) -> list[dict[str, Scalar]] | None:
    """Return the arms: labelled ones as labelled, several values of one parameter one each, the rest together."""
    labelled = _labelled(text, found)
    if labelled is not None:
        return labelled
    by_key: dict[str, list[Setting]] = {}
    for s in sorted(found, key=lambda s: s.at):
        if s.value is not None:
            by_key.setdefault(s.key, []).append(s)
    several = {k: v for k, v in by_key.items() if len(v) > 1}
    fixed: dict[str, Scalar] = {k: v[0].value for k, v in by_key.items() if len(v) == 1 and v[0].value is not None}
    if not several:
        return _separate(text, by_key, fixed)
    if len(several) == 1:
        ((key, values),) = several.items()
        if not _is_list(text, values):
            return None
        return [{**fixed, key: s.value} for s in values if s.value is not None]
    counts = {len(v) for v in several.values()}
    order = [s.key for s in sorted((s for v in several.values() for s in v), key=lambda s: s.at)]
    interleaved = len(counts) == 1 and order == list(several) * counts.pop()
    if not interleaved:
        return None
    columns = list(several.values())
    return [{**fixed, **{s.key: s.value for s in row if s.value is not None}} for row in zip(*columns, strict=True)]


def _is_list(text: Text, values: Sequence[Setting]) -> bool:
    """Return whether several values stand side by side on purpose."""
    if len({s.at for s in values}) == 1:
        return True  # "every other ranker"
    tokens = text.tokens
    joints = words_set("and or versus / , against other another second third else to than")
    first, last = min(s.at for s in values), max(s.end for s in values)
    users = {t.text for t in tokens[first:last] if t.index in text.audience} & words_set(
        "people who users listeners those"
    )
    if users and any(a.end < i < b.at for a, b in pairwise(values) for i in text.audience):
        return False  # "podcasts at 3 and people who listen to them at 5"
    chosen = text.lexicon.has("choosing", tokens) or text.lexicon.has("apart", tokens)
    if len(values) == 2 and tokens[first - 1].text == "between" and first and not chosen:
        return False  # a range, of which no value is given
    between = [t.text for t in tokens[first:last]]
    whole = text.lexicon.has("apart", tokens)
    close = all(b.at - a.end <= 12 for a, b in pairwise(values))
    return whole or (close and bool(joints - {"than", "to"} & set(between)) and bool(joints & set(between)))


def _separate(text: Text, by_key: Mapping[str, Sequence[Setting]], fixed: dict[str, Scalar]) -> list[dict[str, Scalar]]:
    """Return one arm of everything, or one arm each when the words set them against each other."""
    tokens = text.tokens
    parameters = text.surface.parameters
    ordered = sorted(by_key, key=lambda k: by_key[k][0].at)
    groups: list[list[str]] = []
    for key in ordered:
        # What depends on another stays in its arm.
        home = next((g for g in groups if any(_belong(parameters[o], parameters[key]) for o in g)), None)
        if home is None:
            groups.append([key])
        else:
            home.append(key)
    if len(groups) < 2:
        return [fixed]
    first = min(by_key[g[0]][0].at for g in groups)
    last = max(by_key[k][0].end for g in groups for k in g)
    inside = tokens[first:last]
    span = tokens[max(0, first - 10) : min(len(tokens), last + 12)]
    ends = next((n for n, t in enumerate(tokens[last : last + 12]) if t.text in ".!?" and n > 1), 12)
    tail = [t.text for t in tokens[last : last + ends + 1]]
    # "A, B, and both together" is a third arm; "A and B, both at once" is one.
    conjoined = text.lexicon.has("both_arms", tokens[max(first, last - 2) : last + 24])
    both = (
        conjoined
        or ("each" in tail and "both" in tail)
        or any(
            x in ("and", "plus")
            and y in ("both", "the")
            and z in ("together", "at", "two", "of", "combined", "combination", ".")
            for x, y, z in zip(tail, tail[1:], [*tail[2:], "."], strict=False)
        )
    )
    spoken = {t.text for t in tokens}
    if "one arm with both" in " ".join(t.text for t in tokens[first : last + 12]):
        return [fixed]
    each = "each" in tail or {"former", "latter"} <= spoken or {"separately", "apart"} & set(tail)
    set_apart = (
        bool(each)
        or text.lexicon.has("another_arm", tokens[first : last + 4])
        or any(t.text in ("or", "versus", "against", "alternatively") for t in inside)
        or (
            text.lexicon.has("apart", span)
            and not any(
                w in " ".join(t.text for t in span)
                for w in (
                    "single arm",
                    "one arm",
                    "same arm",
                    "as one",
                    "one package",
                    "single variant",
                    "one variant",
                    "same variant",
                )
            )
        )
    )
    if not both and (nested := _alone_and_joined(text, groups, by_key, first, last)) is not None:
        return [{k: fixed[k] for k in nested}, dict(fixed)]
    if (lone := _named_alone(text, groups, by_key, last)) is not None:
        return [dict(fixed), {k: fixed[k] for k in lone}]
    if not set_apart and not both:
        return [fixed]
    added = {t.text for t in tokens[max(first, last - 6) : last + 5]} & words_set("well too also additionally")
    if added and not both and len(groups) == 2 and text.lexicon.has("another_arm", tokens[first:last]):
        return [{k: fixed[k] for k in groups[0]}, dict(fixed)]  # "..., and in a second arm B as well"
    arms: list[dict[str, Scalar]] = [{k: fixed[k] for k in g} for g in groups]
    if both:
        arms.append(dict(fixed))
    return arms


def _alone_and_joined(
    text: Text, groups: Sequence[Sequence[str]], by_key: Mapping[str, Sequence[Setting]], first: int, last: int
) -> Sequence[str] | None:
    """Return the dials of the first arm of "A, once on its own and once together with B"; None when it is not that."""
    tokens, lists = text.tokens, text.lexicon.lists
    for start, end, _ in lists["alone"].find(tokens[: last + 4]):
        after = [s for s, _, _ in lists["joined_with"].find(tokens) if end <= s <= end + 8]
        before = [s for s, _, _ in lists["joined_with"].find(tokens) if first <= s < start]
        if len(groups) == 2 and first < start and (after or before):
            halves = [[g for g in groups if (by_key[g[0]][0].at < start) is told] for told in (True, False)]
            if after and len(halves[0]) == 1 and len(halves[1]) == 1:
                return halves[0][0]
    return None


def _named_alone(
    text: Text, groups: Sequence[Sequence[str]], by_key: Mapping[str, Sequence[Setting]], last: int
) -> Sequence[str] | None:
    """Return the dials named once more by themselves: "test the whole package and, separately, large covers alone"."""
    tokens, lists = text.tokens, text.lexicon.lists
    for start, _, _ in lists["alone"].find(tokens):
        lead = {t.stem for t in tokens[max(last, start - 5) : start]}
        sentence = {t.text for t in tokens if t.sentence == tokens[start].sentence}
        whole = sentence & words_set("whole package all everything both bundle lot combination together pair")
        for group in groups if start > last and whole else ():
            own = {t.stem for k in group for s in by_key[k] for t in tokens[s.at : s.end]}
            if own & lead - text.lexicon.stop:
                return group
    return None


def _belong(one: Parameter, other: Parameter) -> bool:
    """Return whether two parameters are parts of one change: one requires the other, or both the same third."""
    return other.key in one.requires or one.key in other.requires or bool(set(one.requires) & set(other.requires))


def _labelled(text: Text, found: Sequence[Setting]) -> list[dict[str, Scalar]] | None:
    """Return the arms of a text that labels them ("Arm A: ...", "variant 2: ..."); None when it does not."""
    tokens = text.tokens
    starts: list[int] = []
    for i, t in enumerate(tokens[:-1]):
        nxt = tokens[i + 1].text
        heads = (
            t.text in words_set("arm variant treatment group version option cell branch test")
            and i + 2 < len(tokens)
            and (len(nxt) == 1 or nxt in words_set("one two three 1 2 3"))
            and tokens[i + 2].text in words_set(": = ) - ; , gets has is")
        )
        bare = (
            len(t.text) == 1
            and t.text in "abcde123"
            and nxt in (":", ")", "=")
            and (
                i == 0
                or tokens[i - 1].text not in words_set("arm variant treatment group version option cell branch test")
            )
        )
        counted = (
            t.text in words_set("one first second third another other")
            and nxt in ("arm", "group", "variant")
            and i + 2 < len(tokens)
            and tokens[i + 2].text in words_set(": gets has with shows uses")
        )
        if heads or bare or counted:
            starts.append(i)
    if len(starts) < 2:
        return None
    common: dict[str, Scalar] = {s.key: s.value for s in found if s.at < starts[0] and s.value is not None}
    arms: list[dict[str, Scalar]] = []
    used_keys = {s.key for s in found}
    for n, start in enumerate(starts):
        end = (
            starts[n + 1]
            if n + 1 < len(starts)
            else next((t.index for t in tokens[start:] if t.text in ".;" and t.index > start + 2), len(tokens))
        )
        arm = dict(common)
        for key in used_keys:
            arm |= _said_in(text, key, start, end, found)
        arms.append(arm)
    return [a for a in arms if a] or None


def _said_in(text: Text, key: str, start: int, end: int, found: Sequence[Setting]) -> dict[str, Scalar]:
    """Return the value of one parameter in one labelled arm, where a value may be repeated from another arm."""
    here = [s for s in found if s.key == key and start <= s.at < end and s.value is not None]
    if here:
        return {key: here[0].value} if here[0].value is not None else {}
    for s in found:
        if s.key == key and s.value is not None:
            stems = [t.stem for t in text.tokens[s.at : s.end] if t.is_word]
            block = [t.stem for t in text.tokens[start:end]]
            if stems and any(block[i : i + len(stems)] == stems for i in range(len(block))):
                return {key: s.value}
    return {}
