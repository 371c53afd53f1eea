"""Names that users bear in passing: colleagues, one person who complained, things that belong to a device."""

import re
from collections.abc import Sequence
from itertools import pairwise

from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.text import Token, words_set

_REPORTED = words_set(
    "wrote told asked complained said pointed begged recommended recommend suggested reckons swears insists says claims"
)
_DEVICES = words_set("phone phones handset handsets computer computers smartphone smartphones")
_OWNERS = words_set("the their his her your my our its whose")
# "It comes along for free", "we get it for free": a price, and nobody's plan.
_PRICED = words_set("along come comes came get gets got it them this that away all comes thrown")
_MEASURED = words_set("threshold floor filter bar cap score minimum limit")


def is_bystander(tokens: Sequence[Token], start: int, end: int, lexicon: Lexicon) -> bool:
    """Return whether a name of users is only told: "an Android engineer", "the phone's desktop"."""
    return (
        _is_colleague(tokens, start, end, lexicon)
        or _is_a_thing(tokens, start, end)
        or _is_told(tokens, start, end, lexicon)
    )


def _is_colleague(tokens: Sequence[Token], start: int, end: int, lexicon: Lexicon) -> bool:
    """Return whether the name says which of the makers it is: "our German colleagues", "the iOS team"."""
    colleagues = lexicon.lists["colleagues"]
    after = end + (end < len(tokens) and tokens[end].text == "-")
    if after < len(tokens) and colleagues.at(tokens, after) is not None:
        # "German office hours" tell when, "the Spanish team" tells who.
        return not (after + 1 < len(tokens) and tokens[after + 1].text == "hours")
    lead = [t.text for t in tokens[max(0, start - 3) : start]]
    if lead[-1:] and lead[-1] in ("a", "an"):
        title = next((i for i in range(start - 2, max(-1, start - 5), -1) if tokens[i].is_word), -1)
        apposed = lead[-2:-1] == [","] and title >= 0 and _names_colleague(tokens, title, lexicon)
        return (
            apposed
            or (lead[-2:-1] == ["is"] and lead[-3:-2] in (["she"], ["he"]))
            or lead[-2:-1] in (["she's"], ["he's"])
        )
    return False


def _names_colleague(tokens: Sequence[Token], i: int, lexicon: Lexicon) -> bool:
    return lexicon.lists["colleagues"].at(tokens, i) is not None


def _is_a_thing(tokens: Sequence[Token], start: int, end: int) -> bool:
    """Return whether the name belongs to a thing: "the computer's picks", "pop. threshold", "it comes for free"."""
    name = tokens[start].text
    before = tokens[start - 1].text if start else ""
    behind = [t.text for t in tokens[end : end + 2]] + ["", ""]
    if any(t.text.removesuffix("'s") in _DEVICES and t.text.endswith("'s") for t in tokens[start:end]):
        return True
    if before.endswith("'s") and before.removesuffix("'s") in _DEVICES:
        return True
    if name == "pop" and (before == "k" or (behind[0] == "." and behind[1] in _MEASURED)):
        return before != "k"
    priced = before == "for" and start > 1 and tokens[start - 2].text in _PRICED
    return name == "free" and priced and not (behind[0][:1].isalpha() and behind[0] not in ("i", "if", "when", "with"))


def _is_told(tokens: Sequence[Token], start: int, end: int, lexicon: Lexicon) -> bool:
    """Return whether somebody who bears the name only said something: "letters from premium listeners about ..."."""
    clause = [t.text for t in tokens[max(0, start - 7) : start] if t.sentence == tokens[start].sentence]
    said = " ".join(clause)
    senders = words_set(
        "letter letters complaint complaints mail mails email emails ticket tickets feedback calls note"
    )
    if clause[-1:] == ["from"] and set(clause) & senders:
        return True
    if (
        "according to" in said
        or "nobody says" in said
        or set(clause) & words_set("competitor competitors rival rivals")
    ):
        return True
    if _is_past(tokens, start) or _is_likened(tokens, start):
        return True
    article = clause[-1:] and clause[-1] in ("a", "an")
    behind = [t.text for t in tokens[end : end + 3] if t.sentence == tokens[start].sentence]
    verb = next((w for w in behind if w in _REPORTED), None)
    everyone = any(t.sentence != tokens[start].sentence and _is_everyone(tokens, t.index) for t in tokens)
    council = any(_names_colleague(tokens, t.index, lexicon) for t in tokens[max(0, start - 7) : start])
    return verb is not None and (bool(article) or everyone or council) and behind.index(verb) <= 1


def _is_past(tokens: Sequence[Token], start: int) -> bool:
    """Return whether the clause tells what was: "desktop got it last year", "in Sweden they tried it in 2019"."""
    clause = [t.text for t in tokens if t.clause == tokens[start].clause]
    if set(clause) & words_set("who whose that since joined registered signed created"):
        return False
    year = any(re.fullmatch(r"20[12]\d", w) for w in clause)
    spans = words_set("year month quarter week spring summer autumn winter december")
    passed = any(a == "last" and b in spans for a, b in pairwise(clause))
    had = set(clause) & words_set("got had did tried was were saw ran tested launched shipped won lost been")
    return (year or passed) and bool(had)


def _is_likened(tokens: Sequence[Token], start: int) -> bool:
    """Return whether something is only like it elsewhere: "covers like those in the desktop app", "as on Android"."""
    lead: list[str] = []
    for t in reversed(tokens[max(0, start - 6) : start]):
        lead.insert(0, t.text)
        if t.text in ("like", "as"):
            before = tokens[t.index - 1].text if t.index else ""
            placed = {"in", "on", "from"} & set(lead)
            return bool(placed) and before not in ("well", "such", "soon", "long")
        if t.text not in words_set("those ones that the in on from we have has do does it is they a an just already"):
            return False
    return False


def _is_everyone(tokens: Sequence[Token], i: int) -> bool:
    """Return whether everyone is named, with nobody left out behind: "for all users", "the whole base"."""
    words = [t.text for t in tokens[i : i + 3]] + ["", "", ""]
    behind = words[1]
    if words[0] in ("everyone", "everybody"):
        return behind not in words_set("on in who with but except save from under over not outside")
    return words[:2] in (["all", "users"], ["all", "listeners"], ["whole", "base"], ["for", "all"]) and words[2] in (
        "",
        ".",
        ",",
        ";",
    )


def is_device_in_hand(tokens: Sequence[Token], start: int, end: int, others: Sequence[str]) -> bool:
    """Return whether a phone only carries what users are chosen by: "the phone is set to Danish".

    Args:
        others: Keys of the other attributes that the clause names.
    """
    if tokens[start].text not in _DEVICES or end - start > 1:
        return False
    owned = start > 0 and tokens[start - 1].text in _OWNERS
    return owned and bool(
        set(others) & {"locale", "version"} or (tokens[start].text == "phone" and "network" in others)
    )
