"""Steps: values given from where a parameter stands today - "two more", "by a third", "up from 3"."""

from collections.abc import Sequence
from itertools import pairwise

from counterpoint.agents.offline.dials import is_position
from counterpoint.agents.offline.mentions import Mention
from counterpoint.agents.offline.quantities import Kind, Quantity
from counterpoint.agents.offline.text import Token, words_set
from counterpoint.config import Parameter

_JOINTS = words_set("and or with for on in at to of by is are makes make give gives than but so should would will")


def is_today(tokens: Sequence[Token], quantity: Quantity) -> bool:
    """Return whether the words around a quantity say that it is so today ("from 3", "instead of one", "12 today")."""
    start, end = quantity.span
    before = [t.text for t in tokens[max(0, start - 5) : start]]
    after = [t.text for t in tokens[end : end + 5]]
    last = before[-1] if before else ""
    while before and before[-1] in words_set(
        "the current today's usual present a at just only about its in default of position place"
    ):
        if before[-1] in ("current", "today's", "usual", "present", "default"):
            return True
        before.pop()
    tail = " ".join(before[-2:])
    if tail.endswith(
        (
            "instead of",
            "rather than",
            "instead",
            "up from",
            "down from",
            "opposed to",
            "compared with",
            "compared to",
            "not",
        )
    ) or (
        tail.endswith(("today", "currently", "now", "replacing"))
        and last in words_set("today currently now replacing , of the")
    ):
        return True
    if before[-1:] == ["from"]:
        words = [w for w in after if w not in ("%", "the")]
        return bool(words) and (
            words[0] in ("to", "down", "up")
            or (len(words) > 1 and words[1] in ("to", "down") and words[0] not in ("the", "top"))
        )
    if after[:1] and after[0] in ("today", "now", "currently"):
        return True
    told = [t.text for t in tokens[end : end + 7] if t.clause == tokens[start].clause]
    if told[:1] and told[0] in ("being", "is") and {"today", "now", "currently", "present"} & set(told):
        return True  # "six being what we serve today"
    return (
        after[:2] in (["as", "now"], ["as", "today"], ["at", "present"], ["at", "the"])
        and (after[:2] != ["at", "the"] or after[2:3] == ["moment"])
    ) or (before[:1] == ["today"] and len(before) <= 4)


def step_of(tokens: Sequence[Token], quantity: Quantity, parameter: Parameter) -> int:  # noqa: PLR0912 - a grammar is a list of cases
    """Return +1 or -1 when a quantity is a step from the baseline ("two more", "one row higher", "by two"), else 0."""
    if quantity.step:
        return quantity.step if quantity.is_place == is_position(parameter) else 0
    start, end = quantity.span
    after = [t.text for t in tokens[end : end + 3] if t.sentence == tokens[start].sentence]
    before = [t.text for t in tokens[max(0, start - 6) : start] if t.sentence == tokens[start].sentence]
    last = before[-1] if before else ""
    place = is_position(parameter)
    if last in ("than", "most", "least") and quantity.kind is not Kind.FACTOR:
        return 0
    if quantity.sign and quantity.kind is Kind.NUMBER and last not in ("to", "at", "of", "is"):
        return -quantity.sign if place and last not in ("position", "by") else quantity.sign
    higher = words_set("higher up upwards upward above further earlier closer")
    lower = words_set("lower down downwards downward below later")
    if place:
        noun = words_set(
            "row rows place places slot slots notch notches step steps spot spots position "
            "positions line rank ranks shelf shelves"
        )
        window = [w for w in after if w not in noun]
        if window[:1] == ["further"] and window[1:2] and window[1] in ("up", "down"):
            window = window[1:]  # "three rows further down"
        if (
            quantity.kind is Kind.NUMBER
            and window[:1]
            and window[0] in higher | lower
            and ("up" not in window[:1] or last != "to")
        ):
            return -1 if window[0] in higher else 1
        if quantity.kind is Kind.NUMBER and (
            last == "by" or (after[:1] and after[0] in noun and last in ("up", "down"))
        ):
            return (
                -1
                if {"up", "raise", "lift", "promote", "higher", "move up"} & set(before) and "down" not in before
                else 1
            )
        return 0
    if quantity.kind is Kind.FACTOR:
        return 0
    if (
        after[:1] == ["to"]
        and last in words_set("add adding adds put putting plus")
        and quantity.kind is not Kind.PERCENT
    ):
        return 1  # "add 0.3 to the weight"
    if after[:1] in (["off"], ["from"]) and last in words_set(
        "take taking knock knocking shave shaving cut trim subtract deduct"
    ):
        return -1
    taken = before[-2:-1] and before[-2] in words_set("take remove drop cut lose") and last in ("those", "these")
    going = {t.text for t in tokens[end : end + 7] if t.clause == tokens[start].clause} & {"go", "gone", "goes"}
    given = any(
        a.text in ("go", "goes", "gone") and b.text in ("to", "into") for a, b in pairwise(tokens[end : end + 8])
    )
    if quantity.kind is Kind.FRACTION and going and not given:
        return -1  # "a third of the shelves can go"
    far_off = {t.text for t in tokens[end : end + 4] if t.clause == tokens[start].clause} & {"off", "away"}
    if far_off and last in words_set("take taking knock knocking shave lop cut strip"):
        return -1  # "take four shelves off the page"
    if takes_some(tokens, quantity) or (taken and after[:1] and after[0] in ("away", "out", "off")):
        return -1
    if (
        after[:1]
        and after[0] in words_set("more extra additional further longer higher")
        and (after[1:2] != ["than"] or _than_today(tokens, end + 2))
    ):
        return 1
    if (
        after[:1]
        and after[0] in ("fewer", "less", "lower", "shorter")
        and (after[1:2] != ["than"] or _than_today(tokens, end + 2))
    ):
        return -1
    if (
        len(after) > 1
        and after[1] in ("more", "longer", "extra", "further")
        and (after[2:3] != ["than"] or _than_today(tokens, end + 3))
        and last not in ("of", "to")
    ):
        return 1
    if len(after) > 1 and after[1] in ("fewer", "less", "shorter") and last not in ("of", "to"):
        return -1
    far = [t.text for t in tokens[end : end + 5] if t.clause == tokens[start].clause]
    for n, word in enumerate(far[2:4], start=2):
        # "Three podcast cards fewer": the comparison stands behind what is counted.
        other = far[n + 1 : n + 2] == ["than"] and not _than_today(tokens, end + n + 2)
        bare = all(w.isalpha() and w not in _JOINTS for w in far[:n]) and not other
        if bare and word in ("fewer", "less", "more") and last not in ("of", "to", "by", "at"):
            ends = (
                n + 1 >= len(far) or not far[n + 1].isalpha() or far[n + 1] in ("than", "for", "on", "in", "per", "and")
            )
            if ends:
                return 1 if word == "more" else -1
    if last in ("another", "extra", "additional") or before[-2:] == ["add", "another"]:
        return 1
    if last == "by":
        down = words_set(
            "shorter smaller fewer less tighter narrower "
            "lower reduce cut shorten decrease drop trim shrink lowering cutting reducing down narrow shortening"
        )
        return -1 if down & set(before) else 1
    return 0


def _than_today(tokens: Sequence[Token], i: int) -> bool:
    """Return whether what follows "than" is how it is today: "two more than now", "... than it does at present"."""
    words = [t.text for t in tokens[i : i + 4]]
    return bool(set(words) & words_set("now today currently present before usual")) or words[:1] in (
        ["it"],
        ["we"],
        ["they"],
    )


def takes_some(tokens: Sequence[Token], quantity: Quantity) -> bool:
    """Return whether a number is taken away from all there are: "drop two of the six shortcuts"."""
    after = [t.text for t in tokens[quantity.end : quantity.end + 2]]
    verb = tokens[quantity.start - 1].text if quantity.start else ""
    taking = words_set("drop remove cut hide lose scrap strip dropping removing cutting hiding losing without")
    return quantity.kind is Kind.NUMBER and after in (["of", "the"], ["of", "our"], ["of", "its"]) and verb in taking


def is_step(tokens: Sequence[Token], quantity: Quantity) -> bool:
    """Return whether a quantity is a difference rather than a value: "by 3", "3 more"."""
    after = [t.text for t in tokens[quantity.end : quantity.end + 2]]
    before = tokens[quantity.start - 1].text if quantity.start else ""
    return before == "by" or bool(words_set("more fewer less longer shorter higher lower extra") & set(after))


def less(tokens: Sequence[Token], quantity: Quantity) -> bool:
    """Return whether what follows a quantity takes it away: "3 fewer"."""
    after = [t.text for t in tokens[quantity.end : quantity.end + 3]]
    quicker = words_set("fast faster quick quickly quicker soon short low small")
    return bool({"fewer", "less", "smaller", "shorter"} & set(after)) or (
        after[:1] == ["as"] and bool(set(after[1:2]) & quicker)
    )


def contradiction(
    tokens: Sequence[Token], quantity: Quantity, parameter: Parameter, mention: Mention, value: float
) -> bool:
    """Return whether the verb points away from the value ("raise from 3 to 2")."""
    if tokens[quantity.start].sentence != tokens[mention.start].sentence:
        lead = {
            t.text
            for t in tokens[max(0, quantity.start - 7) : quantity.start]
            if t.clause == tokens[quantity.start].clause
        }
        base = float(parameter.baseline)
        shrinks, widens = (
            lead & words_set("shorten lower reduce cut trim"),
            lead & words_set("lengthen raise increase extend widen"),
        )
        stated = not is_position(parameter) and "from" in lead
        return stated and bool((shrinks and value > base) or (widens and value < base))
    said = [t.text for t in tokens[mention.end : quantity.start] if t.sentence == tokens[mention.start].sentence]
    if 0 < len(said) <= 6 and "than" not in said:
        # "For longer, that is 30 seconds instead of 60": the comparison points one way, the value the other.
        longer = bool(set(said) & words_set("longer wider larger bigger higher"))
        shorter = bool(set(said) & words_set("shorter narrower smaller"))
        base = float(parameter.baseline)
        if longer != shorter and not is_position(parameter) and (value < base if longer else value > base):
            return True
    if tokens[quantity.end : quantity.end + 1] and tokens[quantity.end].text in ("instead", "rather"):
        return False  # "reduce repeats: 3 days instead of 1" says where it stands; the verb is about something else
    first = min(mention.start, quantity.start)
    window = [
        t
        for t in tokens[max(0, first - 4) : max(mention.end, quantity.start)]
        if t.sentence == tokens[mention.start].sentence
        and t.index not in mention.tokens
        and t.clause == tokens[first].clause
    ]
    words = {t.text for t in window}
    base = float(parameter.baseline)
    if is_position(parameter):
        up = bool(words & {"up", "higher", "promote", "lift", "raise"})
        down = bool(words & {"down", "lower", "demote", "sink", "bury"})
        up, down = down, up  # a higher place is a smaller number
    else:
        up = bool(
            words
            & words_set("raise raising increase increasing extend extending widen lengthen expand enlarge relax loosen")
        )
        down = bool(
            words
            & words_set(
                "lower lowering reduce reducing cut cutting shorten shortening decrease "
                "decreasing narrow shrink tighten trim trimming slash"
            )
        )
    if up == down:
        return False
    return (up and value < base) or (down and value > base)
