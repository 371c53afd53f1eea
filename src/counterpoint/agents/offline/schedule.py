"""How many and how long: the share of the audience and the duration that a hypothesis states."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.quantities import MS_PER_DAY, Kind, Quantity
from counterpoint.agents.offline.text import Token, words_set

_BEFORE_OF = frozenset(
    words_set(
        "of the our all its this that those total overall home these eligible in audience "
        "each country web ios android free premium daily"
    )
)
# What a share of users stands behind: "on 12 % of the country", "at an eighth of the premium base".
_SHARED_WITH = words_set("on in at to with across for covering reaching . , ; : and")
_ABOUT = words_set("a an the just only about roughly some no more than most another")
_GROUPS = words_set("everybody everyone them country countries base market markets premium free people")


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Allocation and duration, with the quantities that state them."""

    allocation: float | None
    days: int | None
    used: tuple[Quantity, ...]
    is_per_arm: bool = False


def read_schedule(
    tokens: Sequence[Token],
    quantities: Sequence[Quantity],
    lexicon: Lexicon,
    reserved: Sequence[Quantity],
    people: Collection[int] = (),
) -> Schedule:
    """Return what the text states of allocation and duration.

    Args:
        reserved: Quantities that are the value of a parameter, a size, or part of the audience.
        people: Indexes of the words that tell who the users are.
    """
    free = [q for q in quantities if q not in reserved]
    share = next((q for q in free if is_allocation(q, tokens, lexicon)), None)
    share = share or next((q for q in free if _is_of_the_users(q, tokens, people)), None)
    one_in = None if share else _one_in(free, tokens, lexicon)
    if one_in is not None:
        share = one_in[1]
    lengths = [q for q in free if q is not share and is_duration(q, tokens, lexicon)]
    cued = [
        q for q in lengths if words_set("duration length runtime run runs experiment test weeks'") & _near(q, tokens)
    ]
    length = next(iter(cued or lengths), None)
    days = round(length.value / MS_PER_DAY) if length else None
    return Schedule(
        allocation=round(1 / share.value if one_in else share.value, 10) if share else None,
        days=days,
        used=tuple(q for q in (*(one_in or (share,)), length) if q is not None),
        is_per_arm=share is not None and _is_per_arm(share, tokens),
    )


def _one_in(
    quantities: Sequence[Quantity], tokens: Sequence[Token], lexicon: Lexicon
) -> tuple[Quantity, Quantity] | None:
    """Return the two numbers of "one listener in twenty", "one in ten users"."""
    for one, many in pairwise(quantities):
        between = tokens[one.end : many.start]
        people = lexicon.lists["people"].any_in([*between, *tokens[many.end : many.end + 1]])
        joined = between and between[-1].text in ("in", "of") and len(between) <= 3
        if one.bare == 1 and many.kind is Kind.NUMBER and many.value > 1 and joined and people:
            return one, many
    return None


def _near(quantity: Quantity, tokens: Sequence[Token]) -> set[str]:
    sentence = tokens[quantity.start].sentence
    around = tokens[max(0, quantity.start - 4) : quantity.end + 3]
    return {t.text for t in around if t.sentence == sentence}


def _is_per_arm(quantity: Quantity, tokens: Sequence[Token]) -> bool:
    """Return whether a share is that of each arm: "5 % per arm", "4 % of users to each of the three cells"."""
    after = [t.text for t in tokens[quantity.end : quantity.end + 10] if t.sentence == tokens[quantity.start].sentence]
    arms = words_set("arm arms cell cells variant variants group groups treatment treatments branch version")
    return any(w in ("each", "per", "every") and arms & set(after[n + 1 : n + 5]) for n, w in enumerate(after))


def is_allocation(quantity: Quantity, tokens: Sequence[Token], lexicon: Lexicon) -> bool:
    """Return whether a share is one of traffic: "a tenth of the traffic", "5 % of users", "allocation 20 %"."""
    if quantity.kind not in (Kind.PERCENT, Kind.FRACTION) or quantity.sign or not 0 < quantity.value <= 1:
        return False
    traffic = lexicon.lists["traffic"]
    i = quantity.end
    counted = i < len(tokens) and lexicon.lists["people"].at(tokens, i) is not None
    if counted and tokens[quantity.start].text in ("every", "one", "1"):
        return True  # "every twentieth user", "one in ten listeners"
    seen_of = False
    while i < len(tokens) and tokens[i].text in _BEFORE_OF and i - quantity.end < 5:
        if traffic.at(tokens, i) is not None and seen_of and tokens[i].text == "audience":
            return True
        seen_of = seen_of or tokens[i].text == "of"
        i += 1
    here = (
        i < len(tokens) and traffic.at(tokens, i) is not None and tokens[i].sentence == tokens[quantity.start].sentence
    )
    if here and (tokens[i].text in ("traffic", "units", "audience", "population") or seen_of):
        before = tokens[quantity.start - 1].text if quantity.start else ""
        return before not in ("by", "than") or tokens[i].text == "traffic"
    if _is_bare_share(quantity, tokens, lexicon):
        return True
    if _is_per_arm(quantity, tokens) and tokens[quantity.end].text in words_set("per each to in for every of"):
        return True
    preceding = tokens[max(0, quantity.start - 5) : quantity.start]
    before_words = [t.text for t in preceding if t.sentence == tokens[quantity.start].sentence]
    if words_set("allocation allocate exposure rollout traffic ramp enrol enroll") & set(before_words):
        return not {"by"} & set(before_words[-1:])
    following = tokens[quantity.end : quantity.end + 2]
    after = [t.text for t in following if t.sentence == tokens[quantity.start].sentence]
    return bool({"allocation", "rollout", "exposure", "enrolled", "holdback"} & set(after))


def _is_of_the_users(quantity: Quantity, tokens: Sequence[Token], people: Collection[int]) -> bool:
    """Return whether a share is one of the users that the text names: "on 7.5 % of the students", "a fifth of them"."""
    if quantity.kind not in (Kind.PERCENT, Kind.FRACTION) or quantity.sign or not 0 < quantity.value <= 1:
        return False
    sentence = tokens[quantity.start].sentence
    before = [t.text for t in tokens[max(0, quantity.start - 4) : quantity.start] if t.sentence == sentence]
    after = [t for t in tokens[quantity.end : quantity.end + 6] if t.sentence == sentence]
    while before and before[-1] in _ABOUT:
        before.pop()
    placed = not before or before[-1] in _SHARED_WITH
    if placed and after[:1] and after[0].text == "share":
        return len(after) < 2 or after[1].text != "of"  # "a 60 % share, for six weeks"
    if not placed or not after or after[0].text != "of":
        return False
    named = next((t for t in after[1:] if t.text not in _BEFORE_OF - _GROUPS), None)
    return named is not None and (named.index in people or named.text in _GROUPS)


def _is_bare_share(quantity: Quantity, tokens: Sequence[Token], lexicon: Lexicon) -> bool:
    """Return whether a share stands beside nothing but a length of time: "21 days, 30 percent", "5 weeks at 40 %"."""
    units = {w for w, ms in lexicon.raw["numbers"]["units"].items() if int(ms) >= MS_PER_DAY}
    sentence = [t for t in tokens if t.sentence == tokens[quantity.start].sentence]
    others = [t for t in sentence if t.is_word and not quantity.start <= t.index < quantity.end]
    plain = lexicon.stop | units | {"run", "runs", "test", "weeks", "days"}
    return any(t.text in units for t in others) and all(
        t.text in plain or t.text[0].isdecimal() or t.text in lexicon.raw["numbers"]["cardinals"] for t in others
    )


def is_duration(quantity: Quantity, tokens: Sequence[Token], lexicon: Lexicon) -> bool:
    """Return whether a length of time is that of the experiment: alone in its clause, or after "for", "run", "over"."""
    if (
        quantity.kind is not Kind.TIME
        or quantity.value < MS_PER_DAY
        or quantity.unit in words_set("h hr hrs hour hours second")
    ):
        return False
    if quantity.unit == "quarter":
        return False
    lead = {t.text for t in tokens[: quantity.start] if t.clause == tokens[quantity.start].clause}
    if lead & words_set("been has had was were") and quantity.value > 60 * MS_PER_DAY:
        return False  # "ALS has been the incumbent for three years"
    before = [
        t.text
        for t in tokens[max(0, quantity.start - 4) : quantity.start]
        if t.sentence == tokens[quantity.start].sentence
    ]
    after = [t.text for t in tokens[quantity.end : quantity.end + 3] if t.sentence == tokens[quantity.start].sentence]
    if after[:1] and after[0] in ("ago", "old", "retention", "earlier", "later"):
        return False
    last = before[-1] if before else ""
    opens = not before and (not quantity.start or not tokens[quantity.start - 1].is_word)
    if opens and after[:1] in (["with"], ["without"], ["for"], ["on"]):
        return True  # "Ten days with the new releases shelf on top"
    if after[:1] == ["of"] and after[1:2] and after[1][0].isdecimal() and after[2:3] == ["days"] and last != "of":
        return True  # "a month of 30 days"
    if last == "and" and lexicon.lists["traffic"].any_in(tokens[max(0, quantity.start - 4) : quantity.start - 1]):
        return True  # "for 2 % of users and ten days"
    is_timed = last in words_set("for over during run runs running lasting")
    if not is_timed and {"it", "them"} & set(before) and words_set("make set limit cap keep hold") & set(before):
        return False  # "make it max 10 days" speaks of a dial
    while before and before[-1] in words_set(
        "about a full the just only roughly exactly around at least another approx maybe say no longer more than most"
    ):
        last = before.pop(-1)
        last = before[-1] if before else ""
    if last in words_set("within last past first per in every next inside each"):
        # "By 1 % in three weeks" says how long; "in the last three weeks" and "within" say when.
        ends = not after or not after[0][0].isalnum()
        return last == "in" and before[-1:] == ["in"] and ("run" in before or ends)
    cues = lexicon.lists["duration_cues"]
    if last in words_set(
        "for run runs running over after lasting lasts during duration takes test period "
        ": give it needs need runtime length"
    ):
        return True
    clause = tokens[quantity.start].clause
    rest = [t.text for t in tokens if t.clause == clause and t.is_word and not quantity.start <= t.index < quantity.end]
    if all(
        w in lexicon.stop
        or not w.isalpha()
        or w
        in words_set(
            "traffic half tenth percent cent quarter third audience fifth should do test run long "
            "enough please only maximum top suffice suffices duration needed ok okay fine "
            "total runtime time sure wait window max min straight first then"
        )
        for w in rest
    ):
        return True
    return (
        bool(after)
        and cues.any_in(tokens[quantity.end : quantity.end + 3])
        and after[0] in words_set("is will should would are enough suffices long of test run")
    )
