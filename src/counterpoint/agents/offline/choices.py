"""Choices: values that words give without a number: anchors, switches, named values, the only one left."""

from collections.abc import Mapping, Sequence

from counterpoint.agents.offline.catalogue import Catalogue
from counterpoint.agents.offline.dials import is_position
from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.mentions import Mention
from counterpoint.agents.offline.settings import Setting, checked
from counterpoint.agents.offline.text import Token, words_set
from counterpoint.config import Parameter
from counterpoint.vocabulary import ParameterType, Scalar

_SIZED = words_set("% percent cent ms milliseconds millisecond seconds second s points pp minutes")
_LASTING = words_set(
    "week weeks month months day days year years quarter time few two three seven spring summer autumn winter night"
)


def anchored(  # noqa: PLR0912 - a grammar is a list of cases
    parameter: Parameter, mention: Mention, tokens: Sequence[Token], lexicon: Lexicon, region: tuple[int, int]
) -> Setting | None:
    """Return the setting that an anchor makes: the top, the bottom, the maximum, the minimum, off."""
    words = tokens[region[0] : region[1]]
    place = is_position(parameter)
    for name, bound in (("maximum", parameter.max), ("minimum", parameter.min), ("to_the_full", parameter.max)):
        for start, end, _ in lexicon.lists[name].find(words):
            first = words[start].index
            if bound is not None and (first < mention.start or first >= mention.end - 1) and not place:
                return checked(parameter, _typed(parameter, bound), first, first + end - start)
    if (superlative := _superlative(parameter, mention, words, lexicon)) is not None:
        return superlative
    if place:
        for name, bound in (("top", parameter.min), ("bottom", parameter.max)):
            for start, end, _ in lexicon.lists[name].find(words):
                first, last = words[start].index, words[end - 1].index + 1
                if tokens[first - 1].text == "from" or (
                    first > 1 and tokens[first - 1].text == "the" and tokens[first - 2].text in ("from", "near")
                ):
                    continue
                lasting = last < len(tokens) and (
                    tokens[last].text in _LASTING or tokens[last].text in lexicon.raw["numbers"]["cardinals"]
                )
                if tokens[first].text == "last" and lasting:
                    continue  # "the last week"
                if last < len(tokens) and (
                    tokens[last].text.isdecimal() or tokens[last].stem in ("chart", "genr", "hit", "list", "artist")
                ):
                    continue
                if bound is not None:
                    return checked(parameter, _typed(parameter, bound), first, last)
        return None
    if parameter.min == 0:
        for start, end, _ in lexicon.lists["zero"].find(words):
            first = words[start].index
            close = 0 < mention.start - first <= 3 or (
                words[start].text in ("zero", "off", "none", "nothing") and 0 <= first - mention.end + 1 <= 4
            )
            if (
                close
                and (
                    words[start].clause == tokens[mention.start].clause
                    or (first == mention.end + 1 and tokens[mention.end].text in (":", "="))
                )
                and (
                    start + 1 >= len(words)
                    or words[start + 1].text not in words_set("more less longer later fewer but")
                )
            ):
                return checked(parameter, _typed(parameter, 0.0), first, first + end - start)
        if _taken_away(tokens, mention):
            return checked(parameter, _typed(parameter, 0.0), mention.start, mention.end)
    return None


def _superlative(parameter: Parameter, mention: Mention, words: Sequence[Token], lexicon: Lexicon) -> Setting | None:
    """Return the bound that a degree names: "as long as we can", "the fewest we may", "as far down as it goes"."""
    for name, bound in (("most_of", parameter.max), ("least_of", parameter.min)):
        for n, token in enumerate(words):
            if lexicon.lists[name].at((token,), 0) is None:
                continue
            after = words[n + 1 : n + 8]
            end = _place_end(parameter, token, after, words[max(0, n - 3) : n]) if is_position(parameter) else bound
            if end is None:
                continue
            is_equal = n > 0 and words[n - 1].text == "as" and "as" in {t.text for t in after[:4]}
            superlative = token.text.endswith("est") or token.text in ("most", "least")
            limited = lexicon.has("bound_words", after)
            own = any(token.index < i <= token.index + 2 for i in mention.tokens) and token.index not in mention.tokens
            if (is_equal or superlative) and (limited or (superlative and own and token.text not in ("most", "least"))):
                return checked(parameter, _typed(parameter, end), token.index, token.index + 1)
    return None


def _place_end(parameter: Parameter, degree: Token, after: Sequence[Token], before: Sequence[Token]) -> float | None:
    """Return the end of the page that a degree points at; None when it speaks of something else."""
    if degree.text not in words_set("high highest far farthest furthest low lowest early late latest"):
        return None  # "the longest podcast shelf" speaks of its length
    down = {t.text for t in [*before, *after[:2]]} & words_set("down lower below bottom back")
    late = degree.text in ("low", "lowest", "late", "latest")
    return parameter.max if down or late else parameter.min


def _taken_away(tokens: Sequence[Token], mention: Mention) -> bool:
    """Return whether the thing named is taken away whole: "take the shortcuts away", "get rid of the shortcuts"."""
    before = [
        t.text for t in tokens[max(0, mention.start - 4) : mention.start] if t.clause == tokens[mention.start].clause
    ]
    after = [t.text for t in tokens[mention.end : mention.end + 3] if t.clause == tokens[mention.start].clause]
    verbs = words_set(
        "take takes taking strip do away lose scrap ditch kill rid abolish delete eliminate retire remove removing"
    )
    lead = " ".join(t.text for t in tokens[max(0, mention.start - 5) : mention.start])
    if any(f"{swap} {all_}" in f"{lead} " for swap in ("in place of", "replacing") for all_ in ("", "all ", "the ")):
        return True  # "a banner in place of all the shortcut tiles"
    gone = words_set("away gone out off altogether entirely completely")
    return bool(set(before) & verbs) and bool(
        (set(after) | set(before)) & (gone | {"rid", "scrap", "ditch", "abolish", "eliminate"})
    )


def _typed(parameter: Parameter, value: float) -> Scalar:
    return int(value) if parameter.type is ParameterType.INT else value


def switched(
    parameter: Parameter, mention: Mention, tokens: Sequence[Token], lexicon: Lexicon, region: tuple[int, int]
) -> Setting | None:
    """Return the setting of a parameter that is on or off; None when nothing says which."""
    words = tokens[region[0] : region[1]]
    leaf = set(parameter.key.rpartition(".")[2].split("_"))
    withholds = "hide" in leaf or "only" in leaf
    scope = [t for t in words if t.clause == tokens[mention.start].clause or abs(t.index - mention.start) <= 3]
    offs = [t.index for s, e, _ in lexicon.lists["off"].find(scope) for t in (scope[s],)]
    ons = [t.index for s, e, _ in lexicon.lists["on"].find(scope) for t in (scope[s],)]
    # "Takes 80 ms off the load time": what goes is a size.
    offs = [
        i
        for i in offs
        if not (tokens[i].text == "off" and i and (tokens[i - 1].text in _SIZED or tokens[i - 2].text[:1].isdecimal()))
    ]
    negations = [
        t.index for t in scope if t.text in ("not", "never", "don't", "doesn't", "no") or t.text.endswith("n't")
    ]
    at = mention.start
    if withholds:
        # Its own words are "hide" and "only": what stops them ("stop hiding", "show ... again") turns it off.
        undo = any(
            t.text in words_set("stop allow unhide disable lift longer") and 0 < at - t.index <= 4 for t in scope
        ) or any(
            0 < at - i <= 3
            for i in ons
            if tokens[i].text in ("show", "bring", "allow", "include")
            and not any(0 < i - n <= 2 for n in negations)
            and not any(t.text in ("only", "exclusively", "solely") for t in tokens[i:at])
        )
        filters = any(
            tokens[i].stem == "filt" or tokens[i].text == "filter" for i in range(at, min(len(tokens), mention.end + 1))
        )
        undo = undo or (filters and any(0 < at - i <= 3 for i in offs))
        positive = not undo
        kept = any(t.text in ("keep", "keeps", "keeping", "stay", "stays") and 0 < at - t.index <= 4 for t in scope)
        if not kept and any(t.text == "off" and abs(t.index - mention.end) <= 2 for t in scope):
            positive = False
        return Setting(key=parameter.key, value=positive, at=mention.start, end=mention.end)
    # "Keep the captions but drop the explanations": behind a joint, another thing is spoken of.
    joint = next(
        (t.index for t in tokens[mention.end :] if t.text in ("but", "and", "while", "yet", ";", ".")), len(tokens)
    )
    near_off = [
        i
        for i in offs
        if i not in mention.tokens
        and (0 < at - i <= 5 or at < i < mention.end or (0 <= i - mention.end < 4 and i < joint))
    ]
    near_on = [
        i for i in ons if i not in mention.tokens and (0 < at - i <= 6 or (0 <= i - mention.end < 4 and i < joint))
    ]
    if any(0 < i - n <= 2 for n in negations for i in near_off):
        near_off = []
    told = {t.text for t in scope if t.clause == tokens[mention.start].clause}
    if told & words_set("today currently now yet") and not parameter.baseline:
        near_off = []  # "no autoplay today" tells how it is
    value: bool | None
    verdict = [t.text for t in tokens[mention.end : mention.end + 3]]
    if (
        verdict[:1] != [":"]
        and verdict[:1]
        and verdict[0] not in mention.alias.split()
        and verdict[1:2]
        and verdict[1] in (",", ".", ";", "and", "!")
    ):
        verdict = [":", *verdict]  # "titles out, reasons in"
        verdict = verdict if verdict[1] in ("in", "out") else []
    if verdict[:1] == [":"] and verdict[1:2] and verdict[1] in ("in", "out", "on", "off", "gone", "away", "yes", "no"):
        shown = verdict[1] in ("in", "on", "yes")  # "Titles under the artwork: out."
        return Setting(key=parameter.key, value=shown, at=mention.start, end=mention.end + 2)
    if near_off and (not near_on or min(abs(i - at) for i in near_off) <= min(abs(i - at) for i in near_on)):
        value = False
    elif near_on or not parameter.baseline:
        value = True
    else:
        value = None
    return None if value is None else Setting(key=parameter.key, value=value, at=mention.start, end=mention.end)


def named_values(
    parameter: Parameter,
    mentions: Sequence[Mention],
    tokens: Sequence[Token],
    terms: Sequence[frozenset[str]],
    catalogue: Catalogue,
    spans: Sequence[tuple[int, int]],
    taken: set[int],
) -> list[Setting]:
    """Return the named values of an enumeration that stand in `spans`."""
    found: dict[int, Setting] = {}
    for value, words in catalogue.values[parameter.key].items():
        if not words or value == "none":
            continue
        for lo, hi in spans:
            for i in range(lo, hi):
                if i in taken and all(abs(i - m.start) > 3 and abs(i - m.end) > 2 for m in mentions):
                    continue
                ends = _covers(words, terms, i, min(hi, i + len(words) + 6))
                if ends is None:
                    continue
                if len(words) == 1 and _is_longer_value(i, value, catalogue.values[parameter.key], terms):
                    continue
                exact = any(not t.startswith("~") for t in words[0] & terms[i])
                held = found.get(i)
                if held is None or exact:
                    found[i] = Setting(key=parameter.key, value=value, at=i, end=ends)
    if not found:
        for i in (j for lo, hi in spans for j in range(lo, hi)):
            if (
                tokens[i].text in ("none", "no", "without")
                and "none" in parameter.values
                and any(abs(i - m.start) <= 3 for m in mentions)
            ):
                found[i] = Setting(key=parameter.key, value="none", at=i, end=i + 1)
    unique: dict[Scalar | None, Setting] = {}
    for i in sorted(found):
        unique.setdefault(found[i].value, found[i])
    return list(unique.values())


def _covers(words: Sequence[frozenset[str]], terms: Sequence[frozenset[str]], start: int, stop: int) -> int | None:
    """Return where the words of a value end when all of them stand from `start` on, in any order; None otherwise."""
    if not any(w & terms[start] for w in words):
        return None
    last = start
    for word in words:
        hit = next((i for i in range(start, stop) if word & terms[i]), None)
        if hit is None:
            return None
        last = max(last, hit)
    return last + 1


def _is_longer_value(
    i: int, value: str, values: Mapping[str, tuple[frozenset[str], ...]], terms: Sequence[frozenset[str]]
) -> bool:
    """Return whether a value of several words ("als diverse") covers this place."""
    return any(
        len(words) > 1
        and other != value
        and any(_covers(words, terms, s, min(len(terms), s + len(words) + 2)) is not None for s in (i, max(0, i - 1)))
        for other, words in values.items()
    )


def only_choice(parameter: Parameter, mention: Mention, tokens: Sequence[Token]) -> Setting | None:
    """Return the one value left to an enumeration when the words leave one: the other of two, the next larger size."""
    if len(parameter.values) == 2:
        other = next(v for v in parameter.values if v != parameter.baseline)
        return Setting(key=parameter.key, value=other, at=mention.start, end=mention.end)
    near = {
        t.text
        for t in tokens[max(0, mention.start - 4) : mention.end + 4]
        if t.sentence == tokens[mention.start].sentence
    }
    if set(parameter.values) >= {"small", "large"}:
        order = list(parameter.values)
        i = order.index(str(parameter.baseline))
        left = (
            order[i + 1 :]
            if near & words_set("bigger larger big enlarge grow larger increase huge")
            else order[:i]
            if near & {"smaller", "shrink", "reduce", "tiny"}
            else []
        )
        if len(left) == 1:
            return Setting(key=parameter.key, value=left[0], at=mention.start, end=mention.end)
    return None
