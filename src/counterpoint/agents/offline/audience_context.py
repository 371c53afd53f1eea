"""The words around a name of users: whether they make it one, and whether they take it out of the audience."""

from collections.abc import Sequence

from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.text import Token, words_set

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
_GIVEN_TO = words_set(
    "help helps please pleases suit suits serves reach reaches benefit benefits tell give show "
    "let ask offer serve grant send hand spare allow"
)
_EVERYTHING = words_set("all every any each anything anyone anybody everything everyone everybody anywhere everywhere")
LINKS = words_set(", and or & / + plus as well nor the in on both")


def named(tokens: Sequence[Token], start: int, end: int, lexicon: Lexicon, used: set[int]) -> bool:
    """Return whether the words around a span make it a name of users: a people word, a preposition, or nothing else."""
    people, prepositions = lexicon.lists["people"], lexicon.lists["audience_prepositions"]
    if _stands_for_users(tokens, start, end, lexicon, used):
        return True
    after = end
    while after < len(tokens) and (tokens[after].text in LINKS or after in used) and after - end < 8:
        if _is_people(tokens, after, lexicon) and tokens[after].sentence == tokens[start].sentence:
            return True  # "premium subscribers": the second name is a word for people as well
        if tokens[after].text in ",/" and not (after + 1 < len(tokens) and after + 1 in used):
            break
        after += 1
    if after < len(tokens) and (
        _is_people(tokens, after, lexicon)
        or (lexicon.lists["crowd_nouns"].at(tokens, after) is not None and tokens[after - 1].text not in ",/")
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
    if before > 0 and tokens[before].text in ("a", "an") and _is_held(tokens, before, end, lexicon):
        return True
    served = tokens[end].text if end < len(tokens) else ""
    if (before < 0 or tokens[before].text in ".!?;\n") and served in ("without", "with", "gets", "get", "sees"):
        return True  # "Desktop without the recently played shelf"
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
    if tokens[before].stem in ("lov", "ador"):  # "my uncle loves rock" is told
        return not tokens[before].text.endswith("s") or tokens[before - 1].text in ("who", "that", "whoever")
    return bool(prepositions.at(tokens, before)) or tokens[before].stem in words_set(
        "play listen love lik likes enjoy hear prefer genre is be pay use have into"
    )


def _stands_for_users(tokens: Sequence[Token], start: int, end: int, lexicon: Lexicon, used: set[int]) -> bool:
    """Return whether a name stands for users by its place alone: nothing beside it, or what they see behind it."""
    alone = [t for t in tokens if t.clause == tokens[start].clause and t.is_word and not start <= t.index < end]
    plain = words_set(
        "only first and or plus alike alone both just for now app users please on in from across the our all at there"
    )
    if all(t.index in used or t.text in plain for t in alone):
        return True
    if start and tokens[start - 1].text in _GIVEN_TO:
        return True  # "tell students why they see a card"
    if _is_each(tokens, start, end, lexicon) or _is_place_of_use(tokens, start, lexicon):
        return True
    opens = start == 0 or tokens[start - 1].sentence != tokens[start].sentence or tokens[start - 1].text in ",:;"
    if opens and lexicon.lists["person_plurals"].at(tokens, start) is not None:
        return True  # "Students skip a lot"
    return _is_share(tokens, start, end) or _is_field(tokens, start, used) or _is_shown(tokens, start, end, used)


def _is_share(tokens: Sequence[Token], start: int, end: int) -> bool:
    """Return whether a share is taken of the name: "7 % of premium."."""
    of = start - 1 - (tokens[start - 1].text in ("the", "our", "all") if start else 0)
    parts = words_set("% percent half third quarter fifth tenth most")
    share = of > 0 and tokens[of].text == "of" and tokens[of - 1].text in parts
    return share and (end >= len(tokens) or not tokens[end].is_word)


def _is_field(tokens: Sequence[Token], start: int, used: set[int]) -> bool:
    """Return whether the name stands in a field of its own: "banner vs video / BR + PT / student + free / CTR"."""
    slashes = [t.index for t in tokens if t.text == "/"]
    if len(slashes) < 4:
        return False
    first = max((i for i in slashes if i < start), default=-1)
    last = min((i for i in slashes if i > start), default=len(tokens))
    return first >= 0 and last - first > 2 and all(i in used or tokens[i].text in LINKS for i in range(first + 1, last))


def _is_shown(tokens: Sequence[Token], start: int, end: int, used: set[int]) -> bool:
    """Return whether names open a sentence that says what they get: "web and desktop could do with fewer rows"."""
    before = start - 1
    while before >= 0 and (before in used or tokens[before].text in LINKS | ARTICLES):
        before -= 1
    if before >= 0 and tokens[before].text not in ".!?;\n":
        return False
    after = end
    while after < len(tokens) and (after in used or tokens[after].text in LINKS | ARTICLES) and after - end < 9:
        after += 1
    if tokens[end : end + 1] and tokens[end].text in ("in", "on") and set(range(end, min(end + 3, after))) & used:
        return True  # "Premium in the Nordics"
    served = tokens[after].text if after < len(tokens) else ""
    if served == "there" or [t.text for t in tokens[after : after + 2]] == ["is", "where"]:
        return True
    return served in words_set("gets get sees see could should will would shall must without minus")


def _is_held(tokens: Sequence[Token], article: int, end: int, lexicon: Lexicon) -> bool:
    """Return whether users hold or sit at a thing: "listeners on a premium subscription", "anyone on a phone"."""
    lead, owner = tokens[article - 1].text, tokens[article - 2] if article > 1 else None
    behind = tokens[end].text if end < len(tokens) else ""
    opens = owner is None or not owner.is_word
    holders = owner is not None and _is_people(tokens, owner.index, lexicon)
    return lead in ("on", "with", "from") and (holders or (opens and behind in words_set(". , ; of and or") | {""}))


def _is_people(tokens: Sequence[Token], i: int, lexicon: Lexicon) -> bool:
    return any(lexicon.lists[name].at(tokens, i) is not None for name in ("people", "folk"))


def _is_each(tokens: Sequence[Token], start: int, end: int, lexicon: Lexicon) -> bool:
    """Return whether persons stand for users one by one, or see the page: "for each student", "what students see"."""
    before = tokens[start - 1].text if start else ""
    after = tokens[end].text if end < len(tokens) else ""
    if before in ("each", "every"):
        return lexicon.lists["person_names"].at(tokens, start) is not None
    return after in ("see", "get", "hear") and lexicon.lists["person_plurals"].at(tokens, start) is not None


def _is_place_of_use(tokens: Sequence[Token], start: int, lexicon: Lexicon) -> bool:
    """Return whether a device is where the page is seen: "through the browser", "let a browser show", "... there."."""
    if lexicon.lists["places_of_use"].at(tokens, start) is None:
        return False
    before = [t.text for t in tokens[max(0, start - 2) : start]]
    if before[1:] in (["a"], ["the"]) and before[0] in words_set("on in inside through let via using"):
        return True
    opens = start == 0 or tokens[start - 1].sentence != tokens[start].sentence
    near = [t for t in tokens[start:-1] if t.sentence - tokens[start].sentence <= 1]
    return opens and any(t.text == "there" and not tokens[t.index + 1].is_word for t in near)


def excluded(tokens: Sequence[Token], start: int, end: int, lexicon: Lexicon, named_too: set[int]) -> bool:
    """Return whether the words around a span take it out of the audience: "except", "leave ... out", "... excluded".

    Args:
        named_too: Indexes of tokens that name users as well, so that the words around a whole list count.
    """
    return _ruled_out_before(tokens, start, end, lexicon) or _ruled_out_after(tokens, start, end, lexicon, named_too)


def _ruled_out_before(tokens: Sequence[Token], start: int, end: int, lexicon: Lexicon) -> bool:
    skip = ARTICLES | words_set(
        "for in on from with to at users people listeners anyone anybody those a user is are they he she it app plan "
        "you set run running use uses using speak speaks speaking "
        "listen listens play plays like likes love loves much any hear over via through"
    )
    before = start - 1
    while before >= 0 and tokens[before].text in skip and start - before < 6:
        before -= 1
    denied = before >= 0 and tokens[before].text in ("isn't", "aren't", "don't", "doesn't")
    subjects = words_set("who that they plan tier network platform genre country language market")
    if denied and (start - before > 1 or tokens[before - 1].text in subjects):
        return True  # "whose app isn't set to English"
    if before >= 0 and tokens[before].text == "neither":
        return True  # "neither web nor desktop"
    if (
        before >= 0
        and tokens[before].text == "not"
        and before + 1 < len(tokens)
        and tokens[before + 1].text in ("only", "just")
    ):
        return False
    if before > 0 and tokens[before].text == "but":
        # "All plans but family", "anything but desktop".
        lead = [t.text for t in tokens[max(0, before - 4) : before] if t.clause >= tokens[before].clause - 1]
        if any(w in _EVERYTHING for w in lead):
            return True
    phrases = lexicon.lists["except"]
    if before > 0 and tokens[before].text == "outside" and tokens[before - 1].text in ("nobody", "none", "not"):
        return False  # "nobody outside Germany"
    if before >= 0 and tokens[before].text in ("nobody", "one") and tokens[start].text != "who":
        # "Nobody on the free tier." is out; "nobody in India needs them" is only said.
        rest = end + (end < len(tokens) and _is_people(tokens, end, lexicon))
        told = [t.text for t in tokens[rest : rest + 6] if t.clause == tokens[start].clause]
        if told and tokens[rest].is_word and not set(told) & words_set("should shall must gets get sees see may"):
            return False
    return any(
        (hit := phrases.at(tokens, first)) is not None and hit[0] > before
        for first in range(max(0, before - 2), before + 1)
    )


def _ruled_out_after(tokens: Sequence[Token], start: int, end: int, lexicon: Lexicon, named_too: set[int]) -> bool:
    after, people, ruled_out = end, lexicon.lists["people"], lexicon.lists["excluded_after"]
    while after < len(tokens) and after - end < 8:
        text = tokens[after].text
        if ruled_out.at(tokens, after) is not None:
            passed = [t.text for t in tokens[end:after] if t.index not in named_too or t.text in LINKS]
            apart = passed[:1] == [","] and after - end > 1 and not set(passed) & words_set("and or nor & +")
            return not apart  # "genre is EDM, rap excluded": only the nearest
        if text in ("out", "alone") and _is_taken(tokens, start, lexicon, named_too):
            return True
        if text == "out" and _stands_alone(tokens, start, after, named_too):
            return True
        if not (text in LINKS or after in named_too or people.at(tokens, after) is not None):
            return False
        after += 1
    return False


def _stands_alone(tokens: Sequence[Token], start: int, out: int, named_too: set[int]) -> bool:
    """Return whether "out" says all that is said of some users: "Family plan out." """
    first = start
    while first and first > start - 6 and (tokens[first - 1].index in named_too or tokens[first - 1].text in LINKS):
        first -= 1
    opens = first == 0 or not tokens[first - 1].is_word
    return opens and (out + 1 == len(tokens) or not tokens[out + 1].is_word)


def _is_taken(tokens: Sequence[Token], start: int, lexicon: Lexicon, named_too: set[int]) -> bool:
    """Return whether a verb that takes users out opens the phrase: "leave the rap crowd" (out)."""
    before = start - 1
    while before >= 0 and (tokens[before].text in ARTICLES | LINKS or before in named_too) and start - before < 9:
        before -= 1
    return before >= 0 and lexicon.lists["taken_out"].at(tokens, before) is not None
