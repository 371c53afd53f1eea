"""Names of users, bound to one surface: countries, languages, values of its attributes, and what they are called."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from counterpoint.agents.offline.lexicon import Lexicon, Phrases, phrases_of
from counterpoint.agents.offline.text import Token, split_words, words_set
from counterpoint.config import Surface
from counterpoint.vocabulary import AttributeType

_CODE = re.compile(r"(?<!\b[a-z]{2}-)\b[A-Z]{2}\b")  # "pt-BR" is a language
# Two capital letters that are words of this trade more often than countries.
_NOT_CODES = frozenset(words_set("AI AM PM TV UI UX ID OK PP AB AA CT MS GB EU US UK"))

# What makes two small letters the code of a language, and what stands between two of them.
_CODE_CUES = frozenset(words_set("locale locales language languages lang"))
_BETWEEN_CODES = frozenset(words_set(", / and or &"))
# Two capital letters beside another code or behind a preposition are a country; before a verb of saying, a team.
_LISTED_BEFORE = re.compile(
    r"(?:\b(?:in|for|across|from|to|within|outside|except|only)|\b[A-Z]{2}\s*(?:,|/|&|\+|and|or))\s*$"
)
_LISTED_AFTER = re.compile(r"\s*(?:,|/|&|\+|and|or)\s*[A-Z]{2}\b")
_SPEAKS = re.compile(
    r"\s+(?:(?:team|department|people|folks|guys|lead|manager)s?\b"
    r"|(?:worries|worry|wants?|says?|thinks?|asks?|reports?|claims?|fears?|believes?|suspects?|complains?|insists?)\b)"
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a name says: an attribute takes one of these values, or none of them when negated."""

    attribute: str
    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """Every name of users that a surface's attributes give meaning to."""

    roles: Mapping[str, str]
    names: Phrases
    meanings: Mapping[str, Meaning]
    languages: Mapping[str, str]
    ambiguous: frozenset[str]
    cities: Phrases
    people: Phrases

    def find(self, tokens: Sequence[Token], used: set[int]) -> list[tuple[int, int, Meaning]]:
        """Return start, end and meaning of every name outside of `used`, left to right."""
        found: list[tuple[int, int, Meaning]] = []
        bare = [replace(t, text=t.text.removesuffix("'s")) for t in tokens]
        spoken = -2  # the end of the last language named
        languages: set[str] = set()
        regional = {i for start, end, _ in self.names.find(bare) if end - start > 1 for i in range(start, end)}
        codes = self._coded(tokens, used | regional)  # "fr-CA" is one language
        coded = {start for start, _, _ in codes}
        for start, end, payload in self.names.find(bare):
            if (used | coded) & set(range(start, end)):
                continue
            if codes and end < len(tokens) and tokens[end].text == "language":
                continue  # "Nordic language clients (sv, da)": the codes say which
            words = " ".join(t.text for t in bare[start:end])
            listed = 0 < start - spoken <= 2 and all(t.text in ("or", "and", ",", "/") for t in tokens[spoken:start])
            if words in self.languages and (listed or words in languages or self._is_language(tokens, start, end)):
                spoken = end
                languages.add(words)
                found.append((start, end, Meaning(self.roles.get("locale", "locale"), (self.languages[words],))))
            elif payload in self.meanings:
                found.append((start, end, self.meanings[payload]))
        return self._narrowed(tokens, sorted([*found, *codes], key=lambda name: name[0]))

    def _narrowed(
        self, tokens: Sequence[Token], found: Sequence[tuple[int, int, Meaning]]
    ) -> list[tuple[int, int, Meaning]]:
        """Return the names, with "Android phones" and "phones on Android" as one: the narrower of the two."""
        made: list[tuple[int, int, Meaning]] = []
        for start, end, meaning in found:
            if made and made[-1][2].attribute == meaning.attribute and not (made[-1][2].negated or meaning.negated):
                first, last, before = made[-1]
                gap = {t.text for t in tokens[last:start]}
                narrow, wide = sorted((before, meaning), key=lambda m: len(m.values))
                joined = not gap or (wide is before and gap <= {"with", "on", "running", "that", "run"})
                if joined and set(narrow.values) < set(wide.values):
                    made[-1] = (first, end, narrow)
                    continue
            made.append((start, end, meaning))
        return made

    def is_ambiguous(self, words: str) -> bool:
        """Return whether the name is an ordinary word as well, and needs company to name users."""
        return words in self.ambiguous

    def is_blocked(self, tokens: Sequence[Token], start: int, end: int, attribute: str) -> bool:
        """Return whether the name stands in an idiom or an outcome: "upgrade to premium", "premium conversion"."""
        if attribute in (self.roles.get("country"), self.roles.get("locale")):
            return False  # nobody upgrades to a country: "would get the French playing sooner"
        before = [t.text for t in tokens[max(0, start - 3) : start] if t.clause == tokens[start].clause]
        after = tokens[end] if end < len(tokens) else None
        payers = tokens[start].text in ("paying", "payers", "subscribers", "paid")
        counted = after is not None and (after.text in ("+", "-", "up", "down") or after.text[0].isdecimal())
        if payers and (before[-1:] in (["more"], ["fewer"], ["extra"], ["additional"]) or counted):
            return True  # "more paying customers", "subscribers +0.3 pp"
        if (
            tokens[start].text == "free"
            and before[-1:] in (["are"], ["is"])
            and before[-2:-1] not in (["who"], ["that"], ["plan"], ["tier"], ["subscription"], ["account"])
        ):
            return True  # "ears are free"
        if payers and before[-1:] and before[-1] in words_set("be been up start starts begin begins"):
            return True  # "a larger share should be paying"
        held = {t.text for t in tokens[max(0, start - 6) : start]} & words_set("with on have has having")
        if after is not None and after.stem == "subscription" and held:
            return False  # "users with a family subscription"
        if (
            after is not None
            and after.stem in words_set("conversion subscription upgrad trial convert convers speed")
            and not self.people.at(tokens, end)
        ):
            return True
        verbs = words_set(
            "upgrade upgrades upgraded convert converts switch switches go become becomes "
            "move subscribe feel conversion conversions buy start taking buying going "
            "upgrading get try sign ups signups brought bring brings bringing"
        )
        people = after is not None and self.people.at(tokens, end) is not None
        plan = people and after is not None and after.text in ("plan", "plans", "tier", "tiers") and "to" in before
        becomes = before[-1:] and before[-1] in words_set("become becomes became becoming")
        return bool(verbs & set(before)) and (plan or bool(becomes) or not people)

    def _is_language(self, tokens: Sequence[Token], start: int, end: int) -> bool:
        before = tokens[start - 1].text if start else ""
        named = " ".join(t.text for t in tokens[start:end])
        behind = end  # "Swedish and Danish clients": the word behind the list is said of each
        while behind + 1 < len(tokens) and tokens[behind].text in ("and", "or", ",", "/", "&"):
            if tokens[behind + 1].text not in self.languages:
                break
            behind += 2
        end = behind
        after = tokens[end].text if end < len(tokens) else ""
        later_words = [t.text for t in tokens[end + 1 : end + 2]]
        later = tokens[end + 1].text if after == "-" and end + 1 < len(tokens) else after
        if after == "on" and later_words[:1] and later_words[0] in ("their", "its"):
            return True  # "people with German on their phones"
        if after == "as" and {t.text for t in tokens[end : end + 5]} & {"language", "locale"}:
            return True  # "with Spanish as their app language"
        if before == "using" and not after[:1].isalpha():
            return True
        if before == "of" and start > 1 and tokens[start - 2].text in ("speakers", "speaker"):
            return True
        if before in words_set("language locale lang speaks speak") or (
            before in ("=", ":") and start > 1 and tokens[start - 2].text in ("language", "locale", "lang")
        ):
            return True
        if later in words_set(
            "language speaking speakers speaker locale locales interface ui client clients version build"
        ):
            return True
        if later in words_set(
            "users listeners people market markets accounts users' subscribers fans customers "
            "households members premium free"
        ):
            return False
        return before in ("in", "to", "speak", "speaking", "is") or named == "english"

    def _coded(self, tokens: Sequence[Token], used: set[int]) -> list[tuple[int, int, Meaning]]:
        """Return the languages given by their codes: "ja locale", "Nordic language clients (sv, da)"."""
        known = {v for v in self.languages.values() if "-" not in v}
        found: list[tuple[int, int, Meaning]] = []
        i = 0
        while i < len(tokens):
            last = i
            while tokens[last].text in known and last + 2 < len(tokens) and tokens[last + 1].text in _BETWEEN_CODES:
                if tokens[last + 2].text not in known:
                    break
                last += 2
            run = range(i, last + 1)
            lead = {t.text for t in tokens[max(0, i - (5 if last > i else 1)) : i] if t.sentence == tokens[i].sentence}
            tail = tokens[last + 1].text if last + 1 < len(tokens) else ""
            words = last == i and tokens[i].text in ("is", "it", "no", "hi", "he", "ms")
            cued = (bool(lead & _CODE_CUES) or tail in _CODE_CUES) and not words and tail != "-"
            if tokens[i].text in known and cued and not used & set(run):
                found += [
                    (k, k + 1, Meaning(self.roles.get("locale", "locale"), (tokens[k].text,)))
                    for k in run
                    if tokens[k].text in known
                ]
            i = last + 1
        return found


def build_gazetteer(surface: Surface, lexicon: Lexicon) -> Gazetteer:
    """Return the names of users that mean something on `surface`."""
    audience, places = lexicon.raw["audience"], lexicon.raw["places"]
    roles = {role: key for role, keys in audience["roles"].items() for key in keys if key in surface.attributes}
    meanings: dict[str, Meaning] = {}
    entries: list[tuple[str, str]] = []

    def add(words: Sequence[str], meaning: Meaning) -> None:
        payload = f"{meaning.attribute}|{','.join(meaning.values)}|{meaning.negated}"
        meanings[payload] = meaning
        entries.extend((w, payload) for w in words)

    country = roles.get("country", "country")
    for code, names in places["countries"].items():
        nations = [
            f"{n}s" for n in names[1:] if n != code.lower() and n[-1] != "a"
        ]  # the first is the country, the rest its people
        add([*(n for n in names if n != "us"), *nations], Meaning(country, (code,)))
    for group in places["groups"]:
        add(group["words"], Meaning(country, tuple(group["countries"])))
    for words in places["languages"]:
        if not any(w == words for w, _ in entries):
            add([words], Meaning(roles.get("locale", "locale"), (places["languages"][words],)))
    for attribute in surface.attributes.values():
        if attribute.type is not AttributeType.ENUM or attribute.sensitive:
            continue
        for value in attribute.values:
            add(
                _called(value.replace("_", " "), audience),
                Meaning(attribute.key, (value,)),
            )
        for union in audience["unions"]:
            values = tuple(v for v in union["values"] if v in attribute.values)
            if values:
                add(union["words"], Meaning(attribute.key, values))
        for complement in audience["complements"]:
            values = tuple(v for v in complement["not"] if v in attribute.values)
            if values:
                add(complement["words"], Meaning(attribute.key, values, negated=True))
    return Gazetteer(
        roles,
        phrases_of(entries),
        meanings,
        places["languages"],
        frozenset(" ".join(split_words(w)) for w in audience["ambiguous"]),
        phrases_of((c, c) for c in places["cities"]),
        lexicon.lists["people"],
    )


def _called(name: str, audience: Mapping[str, Mapping[str, Sequence[str]]]) -> list[str]:
    """Return what users of a value are called: its plural too, unless the word has none ("what it frees")."""
    plural = [] if name in audience["adjectives"] else [f"{name}s"]
    return [name, *plural, *audience["values"].get(name, ())]


def spelled_out(text: str, lexicon: Lexicon) -> str:
    """Return the text with country codes in capitals spelled out, before its case is lost ("US" is not "us")."""
    text = re.sub(r"\bU\.?S\.?A?\b\.?(?=[^\w.]|$)", lambda m: "usa" if m.group().isupper() else m.group(), text)
    if sum(c.isupper() for c in text) > len(text) / 2:
        return text
    countries = lexicon.raw["places"]["countries"]
    departments = lexicon.raw["places"]["departments"]

    def spelled(match: re.Match[str]) -> str:
        code = match.group()
        if code not in countries or code in _NOT_CODES:
            return code
        listed = _LISTED_BEFORE.search(text[: match.start()]) or _LISTED_AFTER.match(text[match.end() :])
        speaks = _SPEAKS.match(text[match.end() :])
        return code if speaks or (code in departments and not listed) else str(countries[code][0])

    return _CODE.sub(spelled, text)
