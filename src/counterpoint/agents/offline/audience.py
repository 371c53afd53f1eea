"""The audience of a hypothesis: phrases that name users, bound to the surface's attributes and written as CEL."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from counterpoint.agents.offline import audience_numbers as numbers
from counterpoint.agents.offline.audience_flags import read_flags
from counterpoint.agents.offline.gazetteer import Gazetteer
from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.quantities import Quantity
from counterpoint.agents.offline.text import Token, words_of, words_set
from counterpoint.config import Attribute, Surface

ARTICLES = frozenset(
    {
        "the",
        "our",
        "all",
        "those",
        "these",
        "both",
        "-",
        "'",
        '"',
        "just",
        "only",
        "any",
        "of",
        "whole",
        "mostly",
        "entire",
        "their",
    }
)
LINKS = words_set(", and or & / + plus as well nor the in on both")


class Trouble(StrEnum):
    """Why an audience cannot be written down."""

    SENSITIVE = "sensitive"
    UNKNOWN = "unknown"
    VAGUE = "vague"


@dataclass(slots=True)
class AudienceReading:
    """What was read of the audience; built up step by step, then only read.

    Attributes:
        clauses: Attribute -> CEL over it.
        used: Indexes of the tokens that the audience explains.
        troubles: What stands in the way, with the words.
        words: The words quoted, in order.
        passed: Spans that could name users, and were taken for ordinary words.
    """

    clauses: dict[str, str] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)
    troubles: list[tuple[Trouble, str]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    passed: list[tuple[int, int]] = field(default_factory=list)

    def take(self, tokens: Sequence[Token], start: int, end: int) -> None:
        """Mark a span as explained and quote it."""
        self.used |= set(range(start, end))
        self.words.append(words_of(tokens, start, end))

    def expression(self, surface: Surface) -> str:
        """Return the CEL of the audience; `true` for everyone."""
        parts = [self.clauses[key] for key in surface.attributes if key in self.clauses]
        return " && ".join(f"({p})" if "||" in p and len(parts) > 1 else p for p in parts) or "true"


def read_audience(
    tokens: Sequence[Token], quantities: Sequence[Quantity], surface: Surface, lexicon: Lexicon, gazetteer: Gazetteer
) -> AudienceReading:
    """Return the audience that `tokens` name on `surface`."""
    reading = AudienceReading()
    roles = gazetteer.roles
    _read_sensitive(tokens, reading, surface, lexicon)
    numbers.read_numbers(tokens, quantities, reading, surface, lexicon, roles)
    _read_values(tokens, reading, surface, lexicon, gazetteer)
    read_flags(tokens, reading, surface, lexicon, excluded)
    _read_listed(tokens, reading, lexicon, gazetteer)
    _read_unexplained_people(tokens, reading, lexicon)
    return reading


def named(tokens: Sequence[Token], start: int, end: int, lexicon: Lexicon, used: set[int]) -> bool:
    """Return whether the words around a span make it a name of users: a people word, a preposition, or nothing else."""
    people, prepositions = lexicon.lists["people"], lexicon.lists["audience_prepositions"]
    alone = [t for t in tokens if t.clause == tokens[start].clause and t.is_word and not start <= t.index < end]
    if all(t.index in used or t.text in words_set("only first and or just for now app users please on") for t in alone):
        return True
    after = end
    while after < len(tokens) and (tokens[after].text in LINKS or after in used) and after - end < 8:
        if tokens[after].text in ",/" and not (after + 1 < len(tokens) and after + 1 in used):
            break
        after += 1
    if after < len(tokens) and (
        people.at(tokens, after)
        or (tokens[after].text == "-" and after + 1 < len(tokens) and people.at(tokens, after + 1))
    ):
        return True
    before = start - 1
    while (
        before >= 0
        and (tokens[before].text in ARTICLES or tokens[before].text in LINKS - {"in", "on"} or before in used)
        and start - before < 9
    ):
        before -= 1
    if before < 0 or not tokens[before].is_word:
        rest = [
            t
            for t in tokens
            if t.clause == tokens[start].clause and t.is_word and not start <= t.index < end and t.index not in used
        ]
        return all(t.text in words_set("only first and or just for now app users please") for t in rest) or (
            before >= 0 and tokens[before].text == "(" and not rest
        )
    if tokens[before + 1].text == "of" and people.at(tokens, before):
        return True  # "fans of latin music"
    return bool(prepositions.at(tokens, before)) or tokens[before].stem in words_set(
        "play listen love hear prefer genre is be pay use have"
    )


def excluded(tokens: Sequence[Token], start: int, lexicon: Lexicon) -> bool:
    """Return whether the words before a span take it out of the audience ("except", "not on", "outside")."""
    skip = ARTICLES | words_set("for in on from with to at users people listeners a")
    before = start - 1
    while before >= 0 and tokens[before].text in skip and start - before < 6:
        before -= 1
    if (
        before >= 0
        and tokens[before].text == "not"
        and before + 1 < len(tokens)
        and tokens[before + 1].text in ("only", "just")
    ):
        return False
    phrases = lexicon.lists["except"]
    return any(
        (hit := phrases.at(tokens, first)) is not None and hit[0] > before
        for first in range(max(0, before - 2), before + 1)
    )


def _read_values(  # noqa: PLR0912 - a grammar is a list of cases
    tokens: Sequence[Token], reading: AudienceReading, surface: Surface, lexicon: Lexicon, gazetteer: Gazetteer
) -> None:
    include: dict[str, list[str]] = {}
    exclude: dict[str, list[str]] = {}
    previous: tuple[int, str, bool] | None = None
    spoken: dict[str, list[tuple[int, int, tuple[str, ...], bool]]] = {}
    names = gazetteer.find(tokens, reading.used)
    nameable = reading.used | {i for start, end, _ in names for i in range(start, end)}
    for start, end, meaning in names:
        words = words_of(tokens, start, end)
        if gazetteer.is_blocked(tokens, start, end):
            continue
        if (
            gazetteer.is_ambiguous(words)
            and not named(tokens, start, end, lexicon, nameable)
            and not (
                previous is not None
                and previous[1] == meaning.attribute
                and all(t.text in LINKS for t in tokens[previous[0] : start])
            )
        ):
            reading.passed.append((start, end))
            continue
        if meaning.attribute not in surface.attributes:
            reading.troubles.append((Trouble.UNKNOWN, words))
            reading.take(tokens, start, end)
            continue
        out = excluded(tokens, start, lexicon)
        linked = (
            previous is not None
            and previous[1] == meaning.attribute
            and all(t.text in LINKS | ARTICLES for t in tokens[previous[0] : start])
        )
        if not out and linked and previous is not None:
            out = previous[2]
        attribute = surface.attributes[meaning.attribute]
        if attribute.sensitive:
            reading.troubles.append((Trouble.SENSITIVE, words))
        values = list(meaning.values)
        target = exclude if out != meaning.negated else include
        target.setdefault(attribute.key, []).extend(v for v in values if v not in target.get(attribute.key, []))
        if target is include:
            spoken.setdefault(attribute.key, []).append((start, end, tuple(values), linked))
        reading.take(tokens, start, end)
        previous = (end, attribute.key, out)
    for key, said in spoken.items():
        settled = _settled(tokens, said)
        if settled is None:
            reading.troubles.append((Trouble.VAGUE, words_of(tokens, said[0][0], said[0][1])))
        else:
            include[key] = list(dict.fromkeys(settled))
    for key in sorted({*include, *exclude}):
        clause = _clause(surface.attributes[key], include.get(key, []), exclude.get(key, []), gazetteer)
        if clause is None:
            reading.troubles.append((Trouble.VAGUE, key))
        else:
            reading.clauses[key] = clause


def _settled(tokens: Sequence[Token], said: Sequence[tuple[int, int, tuple[str, ...], bool]]) -> list[str] | None:
    """Return the values meant when an attribute is named in several sentences; None when they differ and none leads."""
    groups: list[list[tuple[int, int, tuple[str, ...], bool]]] = []
    for name in said:
        if groups and (name[3] or tokens[name[0]].sentence == tokens[groups[-1][-1][0]].sentence):
            groups[-1].append(name)
        else:
            groups.append([name])
    values = [sorted({v for n in g for v in n[2]}) for g in groups]
    if all(v == values[0] for v in values):
        return [v for n in groups[0] for v in n[2]]
    only = [g for g in groups if any("only" in (t.text for t in tokens[max(0, n[0] - 2) : n[1] + 2]) for n in g)]
    if len(only) == 1:
        return [v for n in only[0] for v in n[2]]
    return None


def _clause(attribute: Attribute, include: list[str], exclude: list[str], gazetteer: Gazetteer) -> str | None:
    key = attribute.key
    if gazetteer.roles.get("locale") == key:
        languages = include or exclude
        tests = [f'{key} == "{v}"' if "-" in v else f'{key}.startsWith("{v}")' for v in languages]
        joined = " || ".join(tests)
        return joined if include else f"!({joined})"
    if include:
        kept = [v for v in include if v not in exclude]
        if not kept:
            return None
        return f'{key} == "{kept[0]}"' if len(kept) == 1 else f"{key} in [{', '.join(_quoted(v) for v in kept)}]"
    return (
        f'{key} != "{exclude[0]}"' if len(exclude) == 1 else f"!({key} in [{', '.join(_quoted(v) for v in exclude)}])"
    )


def _quoted(value: str) -> str:
    return f'"{value}"'


def _read_sensitive(tokens: Sequence[Token], reading: AudienceReading, surface: Surface, lexicon: Lexicon) -> None:
    kind = Trouble.SENSITIVE if any(a.sensitive for a in surface.attributes.values()) else Trouble.UNKNOWN
    for start, end, _ in lexicon.lists["sensitive"].find(tokens):
        reading.troubles.append((kind, words_of(tokens, start, end)))
        reading.take(tokens, start, end)
    people = lexicon.lists["people"]
    for i, token in enumerate(tokens[:-1]):
        number = tokens[i + 1].text
        if (
            token.text in words_set("under over below above aged between turning")
            and number.isdigit()
            and 10 <= int(number) <= 90
        ):
            before = i > 0 and people.at(tokens, i - 1) is not None
            after = i + 2 < len(tokens) and tokens[i + 2].text == "s"
            article = (
                i > 0
                and tokens[i - 1].text in ("the", "is", "are", "for", "aged")
                and (i + 2 >= len(tokens) or not tokens[i + 2].is_word)
            )
            if before or after or article:
                reading.troubles.append((kind, words_of(tokens, i, i + 2)))
                reading.take(tokens, i, i + 2 + after)
    for attribute in surface.attributes.values():
        for value in attribute.values if attribute.sensitive else ():
            low, dash, high = value.partition("-")
            for i in range(len(tokens) - 2):
                if (
                    dash
                    and tokens[i].text == low
                    and tokens[i + 1].text in ("-", "to", "and")
                    and tokens[i + 2].text == high
                    and i not in reading.used
                ):
                    reading.troubles.append((kind, words_of(tokens, i, i + 3)))
                    reading.take(tokens, i, i + 3)


def _read_listed(tokens: Sequence[Token], reading: AudienceReading, lexicon: Lexicon, gazetteer: Gazetteer) -> None:
    """Read what names users without saying which (vague), or by something the surface does not know (unknown)."""
    for start, end, _ in gazetteer.cities.find(tokens):
        if not reading.used & set(range(start, end)):
            reading.troubles.append((Trouble.UNKNOWN, words_of(tokens, start, end)))
            reading.take(tokens, start, end)
    for start, end, _ in lexicon.lists["unknown_always"].find(tokens):
        if not reading.used & set(range(start, end)):
            reading.troubles.append((Trouble.UNKNOWN, words_of(tokens, start, end)))
            reading.take(tokens, start, end)
    for start, end, _ in lexicon.lists["unknown"].find(tokens):
        if not reading.used & set(range(start, end)) and named(tokens, start, end, lexicon, reading.used):
            reading.troubles.append((Trouble.UNKNOWN, words_of(tokens, start, end)))
            reading.take(tokens, start, end)
    defined = bool(set(reading.clauses) - {gazetteer.roles.get("country"), gazetteer.roles.get("locale")})
    for start, end, _ in lexicon.lists["vague"].find(tokens):
        predicate = start > 0 and tokens[start - 1].text in ("is", "are", "was", "were", "be", "so", "too", "get")
        if (
            predicate
            or reading.used & set(range(start, end))
            or (defined and _is_defined(tokens, start, reading, lexicon))
        ):
            continue
        if (
            end - start > 1
            or named(tokens, start, end, lexicon, reading.used)
            or tokens[start].text in ("europe", "latam", "apac", "emea")
        ):
            reading.troubles.append((Trouble.VAGUE, words_of(tokens, start, end)))
            reading.take(tokens, start, end)


def _is_defined(tokens: Sequence[Token], start: int, reading: AudienceReading, lexicon: Lexicon) -> bool:
    """Return whether the sentence of a vague name, or the next one, spells it out with a number."""
    near = [t for t in tokens if t.index in reading.used and 0 <= t.sentence - tokens[start].sentence <= 1]
    return any(
        t.text[0].isdigit()
        or t.text in lexicon.raw["numbers"]["cardinals"]
        or t.text in lexicon.raw["numbers"]["units"]
        for t in near
    )


def _read_unexplained_people(tokens: Sequence[Token], reading: AudienceReading, lexicon: Lexicon) -> None:
    """Read "for ADJECTIVE listeners" and "listeners who VERB ..." of which nothing was understood."""
    people, stop = lexicon.lists["people"], lexicon.stop
    for i, token in enumerate(tokens):
        if people.at(tokens, i) is None or token.text in words_set(
            "plan plans account accounts someone those client clients"
        ):
            continue
        before = tokens[i - 1] if i > 0 else None
        if (
            before is not None
            and before.is_word
            and i - 1 not in reading.used
            and before.text not in stop
            and before.text.isalpha()
            and not before.text.isdigit()
            and i > 1
            and tokens[i - 2].text in ("for", "among", "to", "only")
            and before.text not in words_set("other many new different enough mobile music half fewer")
            and not before.text.endswith("ly")
        ):
            reading.troubles.append((Trouble.VAGUE, words_of(tokens, i - 1, i + 1)))
        opener = i > 0 and tokens[i - 1].text in words_set("for among to only with all of")
        if opener and i + 1 < len(tokens) and tokens[i + 1].text in ("who", "whose", "that", "with", "having"):
            inside = [t for t in tokens[i + 2 :] if t.clause == token.clause][:7]
            content = [t for t in inside if t.is_word and t.text not in stop]
            if content and not any(t.index in reading.used for t in inside):
                reading.troubles.append((Trouble.VAGUE, words_of(tokens, i, inside[-1].index + 1)))
