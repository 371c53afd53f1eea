"""The audience of a hypothesis: phrases that name users, bound to the surface's attributes and written as CEL."""

from collections.abc import Sequence

from counterpoint.agents.offline import audience_numbers as numbers
from counterpoint.agents.offline.audience_alternatives import join_alternatives
from counterpoint.agents.offline.audience_bystanders import is_bystander, is_device_in_hand
from counterpoint.agents.offline.audience_context import ARTICLES, LINKS, excluded, named
from counterpoint.agents.offline.audience_flags import read_flags
from counterpoint.agents.offline.audience_reading import AudienceReading, Trouble
from counterpoint.agents.offline.audience_troubles import read_listed, read_sensitive, read_unexplained_people
from counterpoint.agents.offline.gazetteer import Gazetteer, Meaning
from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.quantities import Quantity
from counterpoint.agents.offline.text import Token, words_of, words_set
from counterpoint.config import Attribute, Surface

_PLANS = words_set("plan plans tier tiers")


def read_audience(
    tokens: Sequence[Token], quantities: Sequence[Quantity], surface: Surface, lexicon: Lexicon, gazetteer: Gazetteer
) -> AudienceReading:
    """Return the audience that `tokens` name on `surface`."""
    reading = AudienceReading()
    roles = gazetteer.roles
    read_sensitive(tokens, reading, surface, lexicon)
    numbers.read_numbers(tokens, quantities, reading, surface, lexicon, roles)
    _read_values(tokens, reading, surface, lexicon, gazetteer)
    read_flags(tokens, quantities, reading, surface, lexicon)
    join_alternatives(tokens, reading, lexicon)
    read_listed(tokens, reading, lexicon, gazetteer)
    read_unexplained_people(tokens, reading, surface, lexicon)
    return reading


def _read_values(  # noqa: PLR0912, PLR0915 - a grammar is a list of cases
    tokens: Sequence[Token], reading: AudienceReading, surface: Surface, lexicon: Lexicon, gazetteer: Gazetteer
) -> None:
    include: dict[str, list[str]] = {}
    exclude: dict[str, list[str]] = {}
    previous: tuple[int, str, bool] | None = None
    defined: set[str] = set()
    spoken: dict[str, list[tuple[int, int, tuple[str, ...], bool]]] = {}
    names = _meant(tokens, gazetteer.find(tokens, reading.used), lexicon)
    nameable = reading.used | {i for start, end, _ in names for i in range(start, end)}
    vague = [(s, e) for s, e, _ in lexicon.lists["vague"].find(tokens) if e - s > 1]
    for start, end, meaning in names:
        words = words_of(tokens, start, end)
        if any(s <= start and end <= e and e - s > end - start for s, e in vague):
            continue  # "Latin America" is no genre, and no country
        if gazetteer.is_blocked(tokens, start, end, meaning.attribute):
            continue
        spec = surface.attributes.get(meaning.attribute)
        left = spec is not None and spec.scope == "request" and _is_left(tokens, start, lexicon)
        out = left or excluded(tokens, start, end, lexicon, nameable)
        out = out or _is_inside_excluded(tokens, start, meaning, names, lexicon, nameable)
        if (
            gazetteer.is_ambiguous(words)
            and not out
            and not named(tokens, start, end, lexicon, nameable)
            and not _pointed_at(tokens, start, end, lexicon)
            and not _is_person(tokens, start, lexicon)
            and not _is_shared(tokens, start)
            and not (
                previous is not None
                and previous[1] == meaning.attribute
                and all(t.text in LINKS | _PLANS | {"a", "an", "the"} for t in tokens[previous[0] : start])
            )
        ):
            reading.passed.append((start, end, meaning.attribute))
            continue
        if meaning.attribute not in surface.attributes:
            reading.troubles.append((Trouble.UNKNOWN, words))
            reading.take(tokens, start, end)
            continue
        inside = [t.index for t in tokens[:start] if t.text in "()" and t.sentence == tokens[start].sentence]
        linked = (
            previous is not None
            and previous[1] == meaning.attribute
            and all(t.text in LINKS | ARTICLES | _PLANS for t in tokens[previous[0] : start])
        )
        if not out and linked and previous is not None:
            out = previous[2]
        attribute = surface.attributes[meaning.attribute]
        if attribute.sensitive:
            reading.troubles.append((Trouble.SENSITIVE, words))
        values = list(meaning.values)
        if out and set(values) <= set(include.get(attribute.key, ())) and _restates(tokens, end, lexicon):
            reading.take(tokens, start, end)
            continue
        target = exclude if out != meaning.negated else include
        target.setdefault(attribute.key, []).extend(v for v in values if v not in target.get(attribute.key, []))
        bracketed = bool(inside) and words_of(tokens, inside[-1], inside[-1] + 1) == "("
        held = target.get(attribute.key, [])
        if target is include and bracketed and attribute.key not in defined and set(values) < set(held):
            first = next(t.index for t in tokens[start:] if t.text == ")" or t.index == len(tokens) - 1)
            span = range(inside[-1], first)
            spelled = {v for s, _, m in names if s in span and m.attribute == attribute.key for v in m.values}
            if len(spelled) > 1 and spelled < set(held):  # "the Nordics minus Sweden (NO, DK, FI)": the list defines
                defined.add(attribute.key)
                target[attribute.key] = [v for v in held if v in spelled]
                spoken.pop(attribute.key, None)
        if target is include:
            reading.named.append((attribute.key, start, end, tuple(values)))
            spoken.setdefault(attribute.key, []).append((start, end, tuple(values), linked))
        reading.used |= {start - 1} if left else set()  # "no wifi": the denial is the users'
        reading.say(attribute.key, tokens, start, end)
        previous = (end, attribute.key, out)
    for key, said in spoken.items():
        settled = _settled(tokens, _listed(said))
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


def _is_shared(tokens: Sequence[Token], start: int) -> bool:
    """Return whether a share is one of those that a word names: "two per cent of wifi", "5 % of wifi traffic"."""
    before = [t.text for t in tokens[max(0, start - 2) : start] if t.sentence == tokens[start].sentence]
    return before[1:] == ["of"] and before[0] in ("%", "percent", "cent")


def _meant(
    tokens: Sequence[Token], names: Sequence[tuple[int, int, Meaning]], lexicon: Lexicon
) -> list[tuple[int, int, Meaning]]:
    """Return the names that are meant: nobody who is only told of, nothing that is taken back."""
    taken_back = [s for name in ("repairs", "takes_back") for s, _, _ in lexicon.lists[name].find(tokens)]
    made: list[tuple[int, int, Meaning]] = []
    for n, (start, end, meaning) in enumerate(names):
        others = [m.attribute for s, _, m in names if s != start and tokens[s].clause == tokens[start].clause]
        later = [s for s, _, m in names[n + 1 :] if m.attribute == meaning.attribute]
        back = [i for i in taken_back if end <= i and tokens[i].sentence - tokens[start].sentence <= 1]
        if any(i < s and tokens[s].sentence - tokens[i].sentence <= 1 for i in back[:1] for s in later[:1]):
            continue  # "cellular only. Nah, the data bill! Wifi only."
        if not is_bystander(tokens, start, end, lexicon) and not is_device_in_hand(tokens, start, end, others):
            made.append((start, end, meaning))
    return made


def _is_inside_excluded(
    tokens: Sequence[Token],
    start: int,
    meaning: Meaning,
    names: Sequence[tuple[int, int, Meaning]],
    lexicon: Lexicon,
    nameable: set[int],
) -> bool:
    """Return whether a bracket spells out who is taken out: "not for computers (desktop app, browser)"."""
    first = start - 1
    while first >= 0 and (tokens[first].text in LINKS | ARTICLES or first in nameable) and start - first < 24:
        first -= 1
    if first < 0 or tokens[first].text != "(":
        return False
    spelled = next(((s, e, m) for s, e, m in names if first - 3 <= e <= first), None)
    if spelled is not None:
        wider = spelled[2].attribute == meaning.attribute and set(meaning.values) <= set(spelled[2].values)
        return wider and excluded(tokens, spelled[0], spelled[1], lexicon, nameable)
    lead = [t.index for t in tokens[max(0, first - 7) : first] if t.clause == tokens[first].clause]
    return any(lexicon.lists["except"].at(tokens, i) is not None for i in lead)


def _restates(tokens: Sequence[Token], end: int, lexicon: Lexicon) -> bool:
    """Return whether those who are left out are the rest of those just named: "everyone not on pop keeps three"."""
    after = end
    while after < len(tokens) and lexicon.lists["people"].at(tokens, after) is not None:
        after += 1
    return after < len(tokens) and tokens[after].text in words_set("keeps keep stays stay elsewhere gets get sees see")


def _listed(said: Sequence[tuple[int, int, tuple[str, ...], bool]]) -> list[tuple[int, int, tuple[str, ...], bool]]:
    """Return the names without a group that a list behind it spells out: "the Nordics: Sweden, Norway, Denmark"."""
    made = list(said)
    for group in said:
        single = {v for n in said if n[0] > group[0] and len(n[2]) == 1 for v in n[2]}
        if len(group[2]) > 1 and len(single) > 1 and single <= set(group[2]):
            made.remove(group)
    return made


def _is_left(tokens: Sequence[Token], start: int, lexicon: Lexicon) -> bool:
    """Return whether a request is said not to be there: "off cellular", "away from wifi", "when there is no wifi"."""
    skip = start - 1 if start and tokens[start - 1].text in ("the", "a") else start
    if [t.text for t in tokens[start + 1 : start + 2]] == ["off"] and not _follows_switch(tokens, start):
        return True  # "wifi off, seven to ten"
    return any(lexicon.lists["left_behind"].at(tokens, first) is not None for first in range(max(0, skip - 2), skip))


def _follows_switch(tokens: Sequence[Token], start: int) -> bool:
    return any(
        t.text in words_set("turn turns turning switch switches switching") for t in tokens[max(0, start - 3) : start]
    )


def _is_person(tokens: Sequence[Token], start: int, lexicon: Lexicon) -> bool:
    """Return whether one person stands for users as the subject of a sentence: "a student follows forty artists"."""
    subject = start == 1 or (start > 1 and tokens[start - 2].sentence != tokens[start].sentence)
    article = start > 0 and tokens[start - 1].text in ("a", "an", "every", "no")
    return subject and article and lexicon.lists["person_names"].at(tokens, start) is not None


def _pointed_at(tokens: Sequence[Token], start: int, end: int, lexicon: Lexicon) -> bool:
    """Return whether users are pointed at that only this name can have named: "a rock record ... for that crowd"."""
    later = [s for s, _, _ in lexicon.lists["pointed_users"].find(tokens) if s >= end]
    people = [t.index for t in tokens[: later[0]] if lexicon.lists["people"].at((t,), 0)] if later else []
    return bool(later) and tokens[later[0]].sentence - tokens[start].sentence <= 1 and not people


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
