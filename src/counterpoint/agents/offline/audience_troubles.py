"""Users who cannot be selected: by what is sensitive, by what no request says, or without a threshold or a list."""

from collections.abc import Iterator, Sequence

from counterpoint.agents.offline.audience_context import named
from counterpoint.agents.offline.audience_hours import BY_THE_CLOCK
from counterpoint.agents.offline.audience_reading import AudienceReading, Trouble
from counterpoint.agents.offline.gazetteer import Gazetteer
from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.text import Token, words_of, words_set
from counterpoint.config import Surface


def read_sensitive(tokens: Sequence[Token], reading: AudienceReading, surface: Surface, lexicon: Lexicon) -> None:
    """Read users named by what is sensitive: an age, a band of ages, a word for one."""
    kind = Trouble.SENSITIVE if any(a.sensitive for a in surface.attributes.values()) else Trouble.UNKNOWN
    for start, end, _ in lexicon.lists["sensitive"].find(tokens):
        following = tokens[end] if end < len(tokens) else None
        if tokens[start].text == "the" and following is not None and _is_described(following, lexicon):
            continue  # "new songs ... the old ones", "the old argument"
        if _is_bystander(tokens, start, lexicon) or _is_of_an_account(tokens, start, end, lexicon):
            continue
        reading.troubles.append((kind, words_of(tokens, start, end)))
        reading.take(tokens, start, end)
    for start, end in _ages(tokens, lexicon):
        reading.troubles.append((kind, words_of(tokens, start, end)))
        reading.take(tokens, start, end)
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


def _is_of_an_account(tokens: Sequence[Token], start: int, end: int, lexicon: Lexicon) -> bool:
    """Return whether an age is how long an account has been there: "accounts over two years old", "under 18 days"."""
    rest = [t.text for t in tokens[end : end + 2] if t.text != "-"]
    if (
        tokens[end - 1].text.isdecimal()
        and rest
        and (rest[0] in lexicon.raw["numbers"]["units"] or rest[0] == "sessions")
    ):
        return rest[0] not in ("year", "years")
    owners = words_set("account accounts membership memberships registration registrations subscription subscriptions")
    aged = tokens[start].text in ("years", "year")
    return aged and any(t.text in owners for t in tokens[max(0, start - 6) : start])


def _is_described(following: Token, lexicon: Lexicon) -> bool:
    """Return whether "the old" describes the word behind it, and names nobody."""
    if following.text in ("one", "ones", "way", "and", "at"):
        return True
    verbs = ("act", "up", "down", "better", "worse", "modal", "fast", "slow")
    is_verb = any(lexicon.lists[name].at((following,), 0) is not None for name in verbs)
    return following.is_word and following.text not in lexicon.stop and not is_verb and not following.text.endswith("s")


def _is_bystander(tokens: Sequence[Token], start: int, lexicon: Lexicon) -> bool:
    """Return whether people are only beside the listener: "there are kids in the back seat"."""
    if lexicon.lists["bystanders"].at(tokens, start) is None:
        return False
    clause = [t for t in tokens if t.sentence == tokens[start].sentence]
    before = {t.text for t in clause if 0 < start - t.index <= 3}
    aimed = before & words_set("for to among our these those with on of give show")
    pointed = {t.text for t in tokens[start:]} & words_set("them they their theirs")
    there = before & words_set("there and around beside nearby") and not before & words_set("for to among")
    timed = any(t.text in words_set("morning evening afternoon night hours o'clock am pm") for t in clause)
    return not aimed and not pointed and bool(there or timed)


def _ages(tokens: Sequence[Token], lexicon: Lexicon) -> Iterator[tuple[int, int]]:
    """Yield the spans of ages: "over 45s", "listeners of 45 and over", "a user older than 45", "people 45+"."""
    people, units = lexicon.lists["people"], lexicon.raw["numbers"]["units"]
    for i, token in enumerate(tokens):
        if not (token.text.isdecimal() and 10 <= int(token.text) <= 90):
            continue
        back = [t.text for t in tokens[max(0, i - 3) : i] if t.sentence == token.sentence]
        ahead = [t.text for t in tokens[i + 1 : i + 4] if t.sentence == token.sentence] + ["", "", ""]
        plural = ahead[0] in ("s", "'s")
        clock = {t.text for t in tokens[i + 1 : i + 5] if t.sentence == token.sentence}
        if clock & {"o'clock", "am", "pm", ":", "h"}:
            continue  # "between 15 and 20 o'clock"
        if ahead[0] == "-" and ahead[1] in units:
            continue  # "under-60-day accounts"
        if (ahead[0] in units and not plural) or ahead[0] in ("sessions", "visits", "%", "pp"):
            continue  # "accounts under 14 days old"; years are an age
        ends = not ahead[0] or not ahead[0][0].isalnum()
        named = i > 1 and people.at(tokens, i - 2) is not None
        beside = i > 0 and people.at(tokens, i - 1) is not None
        opener = back[-1] if back else ""
        if opener in words_set("under over below above aged between turning past beyond"):
            article = back[-2:-1] and back[-2] in ("the", "is", "are", "for", "aged") and ends
            verb = named and ahead[0].isalpha() and ahead[0] not in lexicon.stop and opener != "between"
            if plural or (named and (ends or verb or opener in ("aged", "between"))) or article:
                yield i - 1, i + 1 + plural
        elif opener == "than" and back[-2:-1] and back[-2] in ("older", "younger") and "." not in token.text:
            yield i - 2, i + 1
        elif (
            ahead[0] in ("and", "or", "+", "plus") and (named or beside) and (beside or opener in ("of", "from", "at"))
        ):
            joined = ahead[1] in words_set("over above older under younger below up") and ahead[0] in ("and", "or")
            beyond = ahead[1][:1].isalpha() and ahead[1] not in lexicon.stop
            acts = lexicon.lists["act"].at(tokens, i + 2) is not None if i + 2 < len(tokens) else False
            if joined or (ahead[0] in ("+", "plus") and (not beyond or acts)):
                yield i, i + 2 + joined


def read_listed(tokens: Sequence[Token], reading: AudienceReading, lexicon: Lexicon, gazetteer: Gazetteer) -> None:
    """Read what names users without saying which (vague), or by something the surface does not know (unknown)."""
    _read_unknown(tokens, reading, lexicon, gazetteer)
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


def _read_unknown(tokens: Sequence[Token], reading: AudienceReading, lexicon: Lexicon, gazetteer: Gazetteer) -> None:
    """Read what selects users by something that the surface does not know."""
    for start, end, _ in gazetteer.cities.find(tokens):
        if not reading.used & set(range(start, end)):
            reading.troubles.append((Trouble.UNKNOWN, words_of(tokens, start, end)))
            reading.take(tokens, start, end)
    for start, end, _ in lexicon.lists["unknown_always"].find(tokens):
        if _is_a_date(tokens, start, end, reading, lexicon) or _told_by_hours(tokens[start], reading, gazetteer):
            continue
        if not reading.used & set(range(start, end)):
            reading.troubles.append((Trouble.UNKNOWN, words_of(tokens, start, end)))
            reading.take(tokens, start, end)
    for start, end, _ in lexicon.lists["unknown"].find(tokens):
        if tokens[start].text == "folk" and _is_folk(tokens, start, reading):
            continue
        if _told_by_hours(tokens[start], reading, gazetteer):
            continue
        if _is_listed_with_acts(tokens, start, end, reading, lexicon) or _is_a_date(
            tokens, start, end, reading, lexicon
        ):
            continue
        if not reading.used & set(range(start, end)) and named(tokens, start, end, lexicon, reading.used):
            reading.troubles.append((Trouble.UNKNOWN, words_of(tokens, start, end)))
            reading.take(tokens, start, end)


def _is_folk(tokens: Sequence[Token], i: int, reading: AudienceReading) -> bool:
    """Return whether folk are people and no genre: "folk who ...", "EDM folk"."""
    after = tokens[i + 1].text if i + 1 < len(tokens) else ""
    modal = words_set(
        "on in who that with without whose would will could should can may might get see have are do don't"
    )
    return after in modal or (i > 0 and tokens[i - 1].text == "of") or i in reading.used or i - 1 in reading.used


def _told_by_hours(token: Token, reading: AudienceReading, gazetteer: Gazetteer) -> bool:
    """Return whether hours that were read say when it is: "for commuters between seven and nine"."""
    return gazetteer.roles.get("hour", "") in reading.clauses and token.text in BY_THE_CLOCK | {"at"}


def _is_a_date(tokens: Sequence[Token], start: int, end: int, reading: AudienceReading, lexicon: Lexicon) -> bool:
    """Return whether words only tell: "as discussed on Monday", "the Friday drop", "in Japan, where commuters ..."."""
    opened = [t.text for t in tokens[max(0, start - 3) : start] if t.clause == tokens[start].clause]
    if "where" in opened or "because" in opened:
        sentence = {t.index for t in tokens if t.sentence == tokens[start].sentence}
        if sentence & reading.used:
            return True
    after = tokens[end] if end < len(tokens) else None
    article = start > 0 and tokens[start - 1].text in ("the", "a", "every")
    thing = after is not None and after.is_word and after.text not in lexicon.stop
    if article and thing and after is not None and lexicon.lists["people"].at((after,), 0) is None:
        return tokens[start].text.endswith("day")
    told = words_set(
        "discussed agreed said told met talked asked decided promised heard came out released dropped published"
    )
    return any(t.text in told for t in tokens[max(0, start - 4) : start])


def _is_listed_with_acts(
    tokens: Sequence[Token], start: int, end: int, reading: AudienceReading, lexicon: Lexicon
) -> bool:
    """Return whether a word stands in a list of things that are no users: "workout, cooking, commuting: ..."."""
    if not (
        start > 1 and tokens[start - 1].text == "," and end < len(tokens) and tokens[end].text in (":", ",", ".", ")")
    ):
        return False
    beside = tokens[start - 2]
    return beside.is_word and beside.index not in reading.used and beside.text not in lexicon.stop


def _is_defined(tokens: Sequence[Token], start: int, reading: AudienceReading, lexicon: Lexicon) -> bool:
    """Return whether the sentence of a vague name, or the next one, spells it out with a number."""
    near = [t for t in tokens if t.index in reading.used and 0 <= t.sentence - tokens[start].sentence <= 1]
    return any(
        t.text[0].isdecimal()
        or t.text in lexicon.raw["numbers"]["cardinals"]
        or t.text in lexicon.raw["numbers"]["units"]
        for t in near
    )


def _is_spelled_out(
    tokens: Sequence[Token], inside: Sequence[Token], reading: AudienceReading, lexicon: Lexicon
) -> bool:
    """Return whether the next clause of the sentence says with a number who is meant."""
    after = inside[-1].index + 1
    start = next((i for i in range(inside[0].index, after + 3) if i in reading.used), None)
    if start is None or {t.text for t in tokens[inside[0].index : start]} & words_set("and or with but"):
        return False
    return _is_defined(tokens, inside[0].index, reading, lexicon)


def _is_counted_behind(tokens: Sequence[Token], end: int, reading: AudienceReading) -> bool:
    """Return whether a number right behind users says who they are: "heavy users (40+ sessions in 28 days)"."""
    opened = end < len(tokens) and tokens[end].text in (",", "(", ":", ";")
    return opened and any(i in reading.used and tokens[i].is_word for i in range(end + 1, min(end + 5, len(tokens))))


_FRAGMENT = 7
"""Most words of a sentence that is nothing but users: "People who come often."."""


def read_unexplained_people(
    tokens: Sequence[Token], reading: AudienceReading, surface: Surface, lexicon: Lexicon
) -> None:
    """Read "for ADJECTIVE listeners" and "listeners who VERB ..." of which nothing was understood."""
    people, stop = lexicon.lists["people"], lexicon.stop
    own = {s for a in surface.attributes.values() for s in lexicon.stems(f"{a.key.replace('_', ' ')} {a.description}")}
    for i, token in enumerate(tokens):
        relative = i + 1 < len(tokens) and tokens[i + 1].text in ("that", "who", "whose", "which")
        if people.at(tokens, i) is None or (
            token.text in words_set("plan plans account accounts someone client clients") and not relative
        ):
            continue
        before = tokens[i - 1] if i > 0 else None
        if (
            before is not None
            and before.is_word
            and i - 1 not in reading.used
            and before.text not in stop
            and before.text.isalpha()
            and not before.text.isdecimal()
            and i > 1
            and tokens[i - 2].text in ("for", "among", "to", "only")
            and before.text not in words_set("other many new different enough mobile music half fewer")
            and not before.text.endswith("ly")
            and not _is_counted_behind(tokens, i + 1, reading)
        ):
            reading.troubles.append((Trouble.VAGUE, words_of(tokens, i - 1, i + 1)))
        clause_end = next((t for t in tokens[i:] if not t.is_word and t.text in ":,.;"), None)
        heads = (i == 0 or tokens[i - 1].clause != token.clause) and clause_end is not None and clause_end.text == ":"
        heads = heads and clause_end is not None and not _states_size(tokens, clause_end.index)
        # "Users who had a refund lately should get no hero": who is to get it opens the sentence.
        served = any(
            t.text in words_set("get gets see receive have")
            and tokens[t.index - 1].text in words_set("should shall must will would")
            for t in tokens[i + 2 : i + 16]
            if t.sentence == token.sentence
        )
        # "Accounts that have been with us for a long while ... for them": who is meant is pointed at again.
        pointed = relative and (i == 0 or tokens[i - 1].sentence != token.sentence)
        pointed = pointed and any(t.text in ("them", "they", "their", "those") for t in tokens[i + 2 :])
        inside = [t for t in tokens if t.sentence == token.sentence and t.is_word]
        fragment = relative and inside[0].index == i and len(inside) <= _FRAGMENT
        opener = (
            heads
            or pointed
            or fragment
            or (served and (i == 0 or tokens[i - 1].sentence != token.sentence))
            or (i > 0 and tokens[i - 1].text in words_set("for among to only with all of"))
        )
        lead = {t.text for t in tokens[max(0, i - 4) : i]}
        if lead & words_set(
            "share proportion fraction percentage number rate count probability likelihood odds chance"
        ):
            continue  # "the share of users who start a play" is what is measured
        relative = i + 1 < len(tokens) and tokens[i + 1].text in words_set(
            "who whose that with having without lacking whom where"
        )
        back = lexicon.lists["pointed_users"].at(tokens, i + 1) if relative else None
        if back is not None and reading.clauses:
            reading.used |= set(range(i, back[0]))  # "for listeners whose top genre it is": named before
            continue
        if opener and relative and i + 1 not in reading.used:
            inside = [t for t in tokens[i + 2 :] if t.clause == token.clause][:7]
            read = next((n for n, t in enumerate(inside) if t.index in reading.used), len(inside))
            content = [t for t in inside[:read] if t.is_word and t.text not in stop and not t.text.endswith("n't")]
            if read < len(inside):
                content = [
                    t for t in content if lexicon.lists["linking_verbs"].at((t,), 0) is None and t.stem not in own
                ]
            if content:
                vague = any(lexicon.lists["degrees"].at((t,), 0) is not None for t in inside)
                told = any(t.text[0].isdecimal() for t in inside)
                if vague and _is_spelled_out(tokens, inside, reading, lexicon):
                    continue  # "people who rarely drop by, fewer than five sessions in 28 days"
                kind = Trouble.VAGUE if vague and not told else Trouble.UNKNOWN
                reading.troubles.append((kind, words_of(tokens, i, inside[-1].index + 1)))
    _read_unlisted_places(tokens, reading, lexicon)


def _states_size(tokens: Sequence[Token], colon: int) -> bool:
    """Return whether a colon is followed by a size: "users with a play from home: +1 %" is an outcome."""
    after = tokens[colon + 1].text if colon + 1 < len(tokens) else ""
    return after in ("+", "-") or after[:1].isdecimal() or after in ("up", "down", "plus", "minus")


def _read_unlisted_places(tokens: Sequence[Token], reading: AudienceReading, lexicon: Lexicon) -> None:
    """Read "priority markets", "our strategic territories", "cohort B": groups of users that nobody has listed."""
    every = words_set("all every each any whole entire global worldwide both other per across by")
    for start, end, _ in lexicon.lists["groups_of_users"].find(tokens):
        if set(range(start - 1, end + 1)) & reading.used:
            continue
        before: list[Token] = []
        for t in reversed(tokens[max(0, start - 4) : start]):
            act = lexicon.lists["act"].at((t,), 0) is not None
            ours = t.index > 0 and tokens[t.index - 1].text in ("our", "the", "my", "their", "these")
            if not t.is_word or t.clause != tokens[start].clause or (act and not ours):
                break
            before.append(t)
        content = [t for t in before if t.text not in lexicon.stop and t.text not in every]
        defined = end < len(tokens) and tokens[end].text in words_set("where with whose that like such")
        if not ({t.text for t in before} & every) and (content or defined):
            reading.troubles.append((Trouble.VAGUE, words_of(tokens, min([start, *(t.index for t in content)]), end)))
