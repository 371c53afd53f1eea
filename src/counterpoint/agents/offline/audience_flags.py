"""Audiences by yes or no: "podcast listeners", "those who never play podcasts", "people without a podcast play"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from counterpoint.agents.offline.audience_context import excluded
from counterpoint.agents.offline.audience_reading import AudienceReading, Trouble
from counterpoint.agents.offline.lexicon import Lexicon, Phrases, phrases_of
from counterpoint.agents.offline.quantities import MS_PER_DAY, Kind, Quantity
from counterpoint.agents.offline.text import Token, words_of, words_set
from counterpoint.config import Surface
from counterpoint.vocabulary import AttributeType

_CONSUME = words_set("listen play hear heard stream consum do lik lov enjoy follow us into tun")
# "Who never tried a podcast" says that they play none; "who tried one" is an outcome.
_BEGIN = words_set("touch try tri start open begin begun press near put pick giv give sampl finish car")
_FRIENDS = words_set(
    "peopl audienc fan lover user people audience crowd folk consumer head enthusiast addict buff devotee regular"
)


# What one stays away from is not listened to: "people who avoid podcasts".
_SHUN = words_set("avoid shun ignor skip dodg")
_RELATIVE = words_set("who that those whoever anyone anybody everyone who've who're who'd that've")
# "One" and "them" stand for what was named unless a word follows that they count: "plus one point".
_AFTER_PRONOUN = words_set(
    "in over within during for since yet before lately at and or is are on the to ever by when get gets should would "
    "will so last this recently already anyway too anyhow regularly daily often"
)
# "Who you follow" is said of artists, not of users.
_SUBJECTS = words_set("you we i they he she it the your our")
# Behind these words "who" and "that" select nobody: "the proportion who play one", "so that".
_NO_ANTECEDENT = words_set("so share proportion fraction percentage number rate count")
# Users that a change is to win, not those it is for: "pull in listeners who never play a show".
_WINS = words_set("pull pulls bring brings draw draws lure lures attract attracts reel")
_WINDOWS = words_set("in over within during since lately recently")
_AIMS = words_set("for among amongst only to with on from except not just but")
# A word that is a verb as well names a thing behind these: "a show", "listen to shows".
_NOUN_OPENERS = words_set("a an any one no single of to talk touch some touched into with without the")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flag:
    """A span that names users by an attribute that is yes or no, and whether the span itself says no."""

    start: int
    end: int
    negated: bool = False


def read_flags(
    tokens: Sequence[Token],
    quantities: Sequence[Quantity],
    reading: AudienceReading,
    surface: Surface,
    lexicon: Lexicon,
) -> None:
    """Read attributes that are yes or no: "podcast listeners", "those who never play podcasts"."""
    for attribute in surface.attributes.values():
        stems = [s for s in lexicon.stems(attribute.key.replace("_", " ")) if s not in ("is", "has", "be", "have")]
        if attribute.type is not AttributeType.BOOL or not stems:
            continue
        verbs = frozenset(stems[:-1])
        verbs |= _CONSUME if verbs & _CONSUME else frozenset()
        names = _names(stems[-1], lexicon)
        for i in range(len(tokens)):
            if i in reading.used or (named := _name_at(tokens, i, stems[-1], names, verbs)) is None:
                continue
            if named == i:
                # "Podcasts for users who have not played one": the pronoun stands for what was named.
                spoken = _related(tokens, i, i + 1, verbs, lexicon)
                if spoken is None or not _is_people(tokens, spoken.start, lexicon):
                    continue
                named = i + 1
            flag = (
                _named(tokens, i, named, verbs)
                or _related(tokens, i, named, verbs, lexicon)
                or _owned(tokens, i, named, verbs, lexicon)
                or _absent(tokens, i, named, verbs)
            )
            if flag is None or _is_measured(tokens, flag):
                continue
            negation = lexicon.lists["negation"]
            inside = flag.negated or _denied(tokens, range(flag.start, i), negation)
            before = _denied(tokens, range(max(0, flag.start - 2), flag.start), negation)
            # "Everyone without a podcast is excluded" takes out those who have none.
            negated = inside != (before or excluded(tokens, flag.start, flag.end, lexicon, reading.used))
            end = _with_window(tokens, quantities, flag.end, attribute.description)
            if end is None:
                reading.troubles.append((Trouble.VAGUE, words_of(tokens, flag.start, flag.end)))
                end = flag.end
            reading.clauses[attribute.key] = f"!{attribute.key}" if negated else attribute.key
            reading.say(attribute.key, tokens, flag.start, end)
            break


def _denied(tokens: Sequence[Token], span: range, negation: Phrases) -> bool:
    return any(negation.at(tokens, j) or tokens[j].text in ("non", "zero") for j in span)


def _names(noun: str, lexicon: Lexicon) -> Phrases:
    """Return what the thing is called that a flag is about, beside its own name."""
    return phrases_of((w, noun) for w in lexicon.raw["audience"]["flag_nouns"].get(noun, ()))


def _name_at(tokens: Sequence[Token], i: int, noun: str, names: Phrases, verbs: frozenset[str]) -> int | None:
    """Return where the name of a flag's thing ends that starts at `i`; `i` itself for a pronoun that stands for it."""
    token = tokens[i]
    if token.stem == noun:
        return i + 1
    before = tokens[i - 1] if i else None
    if (hit := names.at(tokens, i)) is not None:
        if before is None:  # a text that begins "Show people ..." asks for something
            return hit[0] if token.text != "show" else None
        opened = before.text in _NOUN_OPENERS or before.stem in verbs or before.text == "regular"
        return hit[0] if opened or (not token.text.startswith(("show", "talk"))) else None
    following = i + 1 < len(tokens) and tokens[i + 1].is_word and tokens[i + 1].text not in _AFTER_PRONOUN
    earlier = (
        token.text in ("one", "any", "them", "those")
        and not following
        and any(
            t.stem == noun or (names.at(tokens, t.index) is not None and t.sentence >= token.sentence - 1)
            for t in tokens[:i]
        )
    )
    return i if earlier else None


def _is_people(tokens: Sequence[Token], i: int, lexicon: Lexicon) -> bool:
    return any(lexicon.lists[name].at(tokens, i) is not None for name in ("people", "folk"))


def _is_measured(tokens: Sequence[Token], flag: _Flag) -> bool:
    """Return whether users are what is measured: "the people who play a podcast at all: plus two points"."""
    return [t.text for t in tokens[flag.end : flag.end + 2]] == ["at", "all"]


def _named(tokens: Sequence[Token], i: int, end: int, verbs: frozenset[str]) -> _Flag | None:
    """Return "podcast listeners", "podcast non-listeners", "listeners of podcasts"."""
    doers = {f"{v}er" for v in verbs} | _FRIENDS
    after = [t.stem for t in tokens[end : end + 2] if t.sentence == tokens[i].sentence]
    if after[:1] and after[0] in doers and _selects(tokens, i):
        return _Flag(start=i, end=end + 1)
    if after[:1] == ["non"] and after[1:] and after[1] in doers:
        return _Flag(start=i, end=end + 2, negated=True)
    if i > 1 and tokens[i - 1].text in ("of", "to") and tokens[i - 2].stem in doers - {"user", "people"}:
        negated = i > 2 and tokens[i - 3].text == "non"
        start = i - 3 if negated else i - 2
        return _Flag(start=start, end=end, negated=negated) if _selects(tokens, start) else None
    return None


def _related(tokens: Sequence[Token], i: int, end: int, verbs: frozenset[str], lexicon: Lexicon) -> _Flag | None:
    """Return "people who already listen to podcasts": a relative pronoun opens, a verb of the key stands between."""
    negation = lexicon.lists["negation"]
    first = next(
        (
            j
            for j in range(i - 1, max(-1, i - 9), -1)
            if (tokens[j].text in _RELATIVE or _opens_like_who(tokens, j, lexicon))
            and tokens[j].sentence == tokens[i].sentence
            and tokens[j + 1].text not in ("with", "without")
            and tokens[j + 1].text not in _SUBJECTS
            and not (j and tokens[j - 1].text in _NO_ANTECEDENT)
        ),
        None,
    )
    if first is None:
        return None
    said = tokens[first:i]
    if tokens[first].text == "where":
        return _Flag(start=first, end=end) if any(t.stem in verbs for t in said) else None
    opener = first - (first > 0 and _is_people(tokens, first - 1, lexicon))
    behind = [t.text for t in tokens[end : end + 4]] + [""]
    has = any(t.stem in ("hav", "has", "have", "got", "had") for t in said)
    if has and tokens[end : end + 1] and tokens[end].stem in ("habit", "routine"):
        return _Flag(start=opener, end=end + 1)
    if behind[0] == "alone" and any(t.text in ("left", "leave", "leaves") for t in said):
        return _Flag(start=opener, end=end + 1, negated=True)
    if (
        tokens[i - 1].text in ("one", "a", "an", "any", "single")
        and has
        and behind[0] not in ("shelf", "row", "card", "cards")
    ):
        return _Flag(start=opener, end=end)
    if any(t.stem in _SHUN for t in said) and behind[0] not in ("shelf", "row"):
        return _Flag(start=opener, end=end, negated=True) if _selects(tokens, opener) else None
    never = any(negation.at(said, j) for j in range(len(said)))
    begun = never or behind[0] == "lately" or (behind[0] in ("in", "within") and behind[2] in ("last", "past"))
    if not (any(t.stem in verbs for t in said) or (begun and any(t.stem in _BEGIN for t in said))):
        return None
    # "The people who play an episode" are what is measured, unless a word of place makes them who it is for.
    once = tokens[i - 1].text in ("a", "an", "one", "single") and not never and behind[0] not in _WINDOWS
    aimed = opener > 0 and tokens[opener - 1].text in _AIMS
    return _Flag(start=opener, end=end) if _selects(tokens, opener) and (aimed or not once) else None


def _opens_like_who(tokens: Sequence[Token], j: int, lexicon: Lexicon) -> bool:
    """Return whether words select users as "who" does: "where people already play", "my audience (had one on)"."""
    if tokens[j].text == "(":
        return j > 0 and _is_people(tokens, j - 1, lexicon)
    behind = tokens[j + 1].text if j + 1 < len(tokens) else ""
    if tokens[j].text == "where":
        return behind in words_set("people users listeners folk folks somebody someone")
    before = " ".join(t.text for t in tokens[max(0, j - 5) : j])
    subject = tokens[j].text in words_set("user listener they person somebody someone")
    return subject and before.removesuffix(" the").endswith(
        ("as long as", "provided", "provided that", " if", "only if")
    )


def _owned(tokens: Sequence[Token], i: int, end: int, verbs: frozenset[str], lexicon: Lexicon) -> _Flag | None:
    """Return "people without a podcast play", "users with at least one podcast play", "those with a podcast habit"."""
    after = tokens[end] if end < len(tokens) else None
    plays = after is not None and after.stem in verbs | words_set("activ activity histor history minut habit routine")
    past = [t.text for t in tokens[end : end + 2]] in (["in", "their"], ["in", "the"])
    for j in range(i - 1, max(0, i - 6), -1):
        nobody = tokens[j - 1].text == "nobody"
        holders = nobody or tokens[j - 1].text in ("everyone", "everybody") or _is_people(tokens, j - 1, lexicon)
        if tokens[j].text not in ("with", "without", "having", "lacking", "w") or not holders:
            continue
        between = {t.text for t in tokens[j + 1 : i]}
        if not between <= words_set("a an any no zero at least one single or more recent habit of /"):
            return None
        negated = nobody or tokens[j].text in ("without", "lacking") or bool(between & {"no", "zero"})
        settled = plays or negated or past or "habit" in between
        counted = j > 1 and tokens[j - 2].text in ("more", "fewer", "%", "pp", "points")
        return _Flag(start=j - 1, end=end + plays, negated=negated) if settled and not counted else None
    return None


def _absent(tokens: Sequence[Token], i: int, end: int, verbs: frozenset[str]) -> _Flag | None:
    """Return "(no podcast played in four weeks)", "no podcasts in 28 days": a phrase of its own behind the users."""
    if i < 2 or tokens[i - 1].text not in ("no", "zero") or tokens[i - 2].text not in ("(", ",", ":", "with"):
        return None
    played = end < len(tokens) and tokens[end].stem in verbs
    last = end + played
    timed = [t.text for t in tokens[last : last + 5]]
    windowed = timed[:1] in (["in"], ["over"], ["within"]) and bool({"days", "weeks", "month"} & set(timed))
    return _Flag(start=i - 1, end=last, negated=True) if windowed or (played and timed[:1] != ["from"]) else None


def _with_window(tokens: Sequence[Token], quantities: Sequence[Quantity], end: int, description: str) -> int | None:
    """Return where a span ends with the window behind it; None when that is not the window of the attribute."""
    stated = next((q for q in quantities if q.kind is Kind.TIME and end < q.start <= end + 4), None)
    opener = tokens[end].text if end < len(tokens) else ""
    if opener not in words_set("in over within during for since"):
        return end
    if stated is None:
        words = [t.text for t in tokens[end : end + 4]]
        return end + 3 if words[1:3] in (["the", "past"], ["the", "last"]) else end
    if any(t.text in words_set("run test experiment") for t in tokens[end : stated.start]) or opener == "for":
        return end
    own = re.search(r"(\d+) days", description)
    if own is None:
        return stated.end
    days = float(own.group(1))
    said = stated.value / MS_PER_DAY
    return stated.end if said == days or (28 <= days <= 31 and 28 <= said <= 31) else None


def _selects(tokens: Sequence[Token], start: int) -> bool:
    """Return whether a phrase can select users: "more podcast listeners" and "into podcast listeners" are outcomes."""
    before = tokens[start - 1].text if start > 0 else ""
    won = start > 1 and before == "in" and tokens[start - 2].text in _WINS
    lead = {t.text for t in tokens[max(0, start - 4) : start] if t.sentence == tokens[start].sentence}
    counted = before not in _AIMS and lead & words_set(
        "count counting number share proportion percentage fraction many"
    )
    return (
        not won
        and not counted
        and before
        not in words_set("more fewer into become of new additional many which makes % pp points point percent")
    )
