"""Abstention: a reading that looks complete is still asked about when the text shows signs that it was misread.

The signs are general: what kind of sentence a value came from, and which of its words stayed unread; never one
surface's names. A question costs a reply; a plan that is confidently wrong costs an experiment.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from counterpoint.agents.offline.changes import ChangeReading
from counterpoint.agents.offline.dials import is_position
from counterpoint.agents.offline.quantities import Kind
from counterpoint.agents.offline.reading import Links, Text
from counterpoint.agents.offline.text import Token, words_of, words_set
from counterpoint.agents.plan import Missing
from counterpoint.vocabulary import ParameterType

Sign = tuple[Missing, str]
Look = Callable[[Text, Links, ChangeReading, "set[int]"], "Sign | None"]

_LATIN = 0x24F
"""Last code point of the Latin letters."""
_TELLERS = words_set("we i team teams colleagues somebody someone competitor competitors")
_PARTS = words_set("other others rest third half change sure free nothing granted ever long while moment good")
# Endings of qualities and acts, which are not users: "trades bandwidth for responsiveness".
_QUALITIES = ("ness", "ity", "tion", "sion", "ment", "ance", "ence", "ing", "ism", "acy", "ship", "ure")
_IMAGINED = words_set("if would should could nobody let suppose imagine whether")


def sign_of_misreading(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return what to ask about and the words that give reason to, or None when nothing does.

    Args:
        loose: Indexes of the words that nothing explains.
    """
    for look in LOOKS:
        sign = look(text, links, change, loose)
        if sign is not None:
            return sign
    return None


def _not_english(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    # What cannot be read may say anything; the part that was read is not planned without it.
    del links, change
    lexicon = text.lexicon
    ordinary = lexicon.stop | lexicon.known_words | text.catalogue.vocabulary
    for sentence in _sentences(text):
        words = [t for t in sentence if t.is_word and t.text.isalpha()]
        foreign = any(ord(c) > _LATIN for t in words for c in t.text)
        strange = [t for t in words if t.index in loose and t.text not in ordinary]
        if foreign or (len(words) >= 5 and len(strange) > 0.6 * len(words)):
            return Missing.CHANGE, words_of(text.tokens, sentence[0].index, sentence[-1].index + 1)
    return None


def _told_of_another_time(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    # "We shipped larger covers in May", "later we may add captions": background, and not what is asked for now.
    del links, loose
    for sentence in _sentences(text):
        words = {t.text for t in sentence}
        if not {t.index for t in sentence} & (change.used | text.audience):
            continue
        told = next((t for t in sentence if _is_past_verb(t, text) and _has_teller(t, sentence)), None)
        told = None if words & _IMAGINED else told
        ahead = next((s for s, _, _ in text.lexicon.lists["another_time"].find(sentence)), None)
        if told is not None or ahead is not None:
            return Missing.CHANGE, words_of(text.tokens, sentence[0].index, sentence[-1].index + 1)
    return None


def _is_past_verb(token: Token, text: Text) -> bool:
    regular = token.text.endswith("ed") and len(token.text) > 4 and token.stem != token.text
    return regular or text.lexicon.lists["past_verbs"].at((token,), 0) is not None


def _has_teller(verb: Token, sentence: list[Token]) -> bool:
    before = [t for t in sentence if 0 < verb.index - t.index <= 3 and t.clause == verb.clause]
    return any(t.text in _TELLERS for t in before) and not any(t.text in ("not", "never") for t in before)


def _taken_back(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    # "0.5, sorry, 0.4": what stands before the correction must not be planned beside what follows it.
    del links, loose
    settled = {str(v) for arm in change.arms for v in arm.values() if isinstance(v, str)}
    stems = {s for v in settled for s in text.lexicon.stems(v)}
    values = {i for q in text.quantities for i in range(q.start, q.end)} | text.audience
    values |= {t.index for t in text.tokens if t.stem in stems}
    noes = [
        (t.index, t.index + 1, "no")
        for t in text.tokens[1:-1]
        if t.text == "no" and not text.tokens[t.index - 1].is_word and text.tokens[t.index + 1].text == ","
    ]
    for start, end, _ in [*text.lexicon.lists["repairs"].find(text.tokens), *noes]:
        if set(range(start - 6, start)) & values and set(range(end, end + 6)) & values:
            return Missing.CHANGE, words_of(text.tokens, max(0, start - 3), min(end + 4, len(text.tokens)))
    return None


def _refused(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    # "I would not move the podcast shelf": naming a change is not asking for it.
    del links, loose
    tokens, acts = text.tokens, text.lexicon.lists["act"]
    for t in tokens:
        negated = t.text == "not" or t.text.endswith("n't")
        spoken = {k.text for k in tokens[max(0, t.index - 2) : t.index]} & {"i", "we", "let's", "let", "us"}
        verbs = [j for j in range(t.index + 1, min(t.index + 3, len(tokens))) if acts.at(tokens, j) is not None]
        same = [k.index for k in tokens[t.index : t.index + 10] if k.clause == t.clause]
        is_status = {k.text for k in tokens[t.index : same[-1] + 2]} & words_set("yet anymore currently today")
        if negated and spoken and verbs and set(same) & change.used and not is_status:
            return Missing.CHANGE, words_of(tokens, same[0], same[-1] + 1)
    return None


def _arms_left_out(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    # Three things set against each other are control and two arms at least; so are "three arms".
    del links, loose
    against = [t for t in text.tokens if t.text == "versus"]
    if len(against) > len(change.arms):
        return Missing.CHANGE, words_of(text.tokens, max(0, against[0].index - 3), against[0].index + 3)
    nouns = words_set("arms variants versions options treatments candidates")
    for q in text.quantities:
        counted = {t.text for t in text.tokens[q.end : q.end + 2]} & nouns
        if q.kind is Kind.NUMBER and counted and q.bare > len(change.arms):
            return Missing.CHANGE, words_of(text.tokens, q.start, q.end + 1)
    return None


def _arms_confused(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    # "... in one arm, ... in another": two arms were described, and one was read.
    del links, loose
    if len(change.arms) < 2:
        for start, end, _ in text.lexicon.lists["another_arm"].find(text.tokens):
            return Missing.CHANGE, words_of(text.tokens, max(0, start - 3), end)
    return None


def _not_joined(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    # Dials of different parts in one arm have to be joined by the text; otherwise one of them was only mentioned.
    del loose
    tokens, lexicon = text.tokens, text.lexicon
    if lexicon.has("together", tokens):
        return None
    for arm in change.arms:
        spoken = [m for m in links.parameters if m.key in arm]
        spaces = {m.key.partition(".")[0] for m in spoken}
        for space in sorted(spaces):
            mine = [m for m in spoken if m.key.partition(".")[0] == space]
            others = [m for m in spoken if m.key.partition(".")[0] != space]
            pairs = [(a, b) if a.start < b.start else (b, a) for a in mine for b in others]
            if pairs and not any(_are_joined(tokens[a.end : b.start], a.end >= b.start) for a, b in pairs):
                a, b = pairs[0]
                return Missing.CHANGE, words_of(tokens, a.start, b.end)
    return None


def _are_joined(between: Sequence[Token], side_by_side: bool) -> bool:
    ends = [n for n, t in enumerate(between) if t.text in (".", "!", "?", ";")]
    after = between[ends[-1] + 1 :] if ends else between
    joints = words_set("and plus + & with also , too additionally besides furthermore")
    # Across sentences the second has to begin with the joint: "Paging, please. And prefetch with it."
    heard = after[:2] if ends else after
    return side_by_side or any(t.text in joints for t in heard)


def _place_unread(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    # A part that has a place, and a word for a place beside it that was not read as one.
    del loose
    tokens, used = text.tokens, {k for arm in change.arms for k in arm}
    spaces = {k.partition(".")[0] for k in used}
    dials = [
        p
        for p in text.surface.parameters.values()
        if is_position(p) and p.key.partition(".")[0] in spaces and p.key not in used
    ]
    known = change.used | text.audience | {i for m in [*links.parameters, *links.metrics] for i in m.tokens}
    if len(dials) != 1:
        return None
    for name in ("top", "bottom"):
        for start, end, _ in text.lexicon.lists[name].find(tokens):
            beside = any(0 <= tokens[start].sentence - tokens[i].sentence <= 1 for i in change.used if i < len(tokens))
            after = tokens[end].stem if end < len(tokens) else ""
            led = tokens[start - 1].text if start else ""
            named = (
                after in ("genr", "chart", "artist", "track", "song", "hit", "list", "pick", "priority") or led == "as"
            )
            if start not in known and beside and not named and end not in text.audience:
                return Missing.VALUE, words_of(tokens, max(0, start - 1), end)
    return None


def _people_unread(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    # "For our best customers", "heavy podcast people:": a word that narrows the users and was not understood.
    del links, change
    tokens = text.tokens
    for start, end, _ in text.lexicon.lists["people"].find(tokens):
        if set(range(start, end)) & text.audience:
            continue
        before = [t for t in tokens[max(0, start - 3) : start] if t.clause == tokens[start].clause]
        unread = [t for t in before if t.index in loose]
        if not unread or any(t.text in text.lexicon.stop for t in before if t.index > unread[-1].index):
            continue
        first = unread[0].index
        lead = tokens[first - 1] if first else None
        opens = lead is None or lead.clause != tokens[first].clause
        ends = end >= len(tokens) or not tokens[end].is_word or tokens[end].clause != tokens[start].clause
        led = lead is not None and lead.text in words_set("for to among amongst our of with in on the those all only")
        if led or (opens and ends):
            return Missing.AUDIENCE, words_of(tokens, first, end)
    return None


def _users_unread(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    # A word for users that no clause of the audience came from: "with family subscription", "for early adopters".
    del links, change
    tokens = text.tokens
    values = text.lexicon.raw["audience"]["values"]
    names = {word for words in values.values() for word in words} | set(values)
    for i in sorted(loose):
        t = tokens[i]
        if t.text in names:
            return Missing.AUDIENCE, t.text
        closes = i + 1 >= len(tokens) or not tokens[i + 1].is_word
        lead = next(
            (n for n in range(i - 1, max(-1, i - 4), -1) if tokens[n].text in ("for", "among", "amongst")), None
        )
        if lead is None or not closes or tokens[lead].clause != t.clause:
            continue
        said = [k.text for k in tokens[lead + 1 : i]]
        known = set(said) & words_set("them it us me him her this that these")
        if not known and not t.text.endswith(_QUALITIES) and t.text not in _PARTS:
            return Missing.AUDIENCE, words_of(tokens, lead + 1, i + 1)
    return None


def _name_unread(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    # "In Ruritania", "for Acme users": a name that narrows the users and that no attribute knows.
    del links
    tokens = text.tokens
    known = text.lexicon.known_words | text.catalogue.vocabulary
    for i in sorted(loose):
        t = tokens[i]
        is_name = t.text in text.proper
        if (t.text in known or t.text.endswith(_QUALITIES)) and not is_name:
            continue
        back = i - 1
        while back >= 0 and (
            tokens[back].text in words_set("the , and or & our") or back in text.audience or back in loose
        ):
            back -= 1
        lead = tokens[back].text if back >= 0 and tokens[back].sentence == t.sentence else ""
        closes = i + 1 >= len(tokens) or not tokens[i + 1].is_word or tokens[i + 1].text in text.lexicon.clause_words
        told = is_name or (closes and any(tokens[n].sentence == t.sentence for n in change.used))
        if lead in words_set("in for across among except outside from throughout within") and told:
            return Missing.AUDIENCE, words_of(tokens, back, i + 1)
    return None


def _users_half_read(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    # "Our most engaged podcast fans": the fans were read, and what narrows them was not.
    del links, change
    cues = {s for name in ("except", "tenure_cues") for s, _, _ in text.lexicon.lists[name].find(text.tokens)}
    for i in sorted(loose - cues):
        before, after = {i - 1, i - 2} & text.audience, {i + 1} & text.audience
        if text.tokens[i].stem in text.catalogue.attribute_stems:
            continue  # "top genre latin": the attribute's own words
        if after and not before and text.tokens[i + 1].clause == text.tokens[i].clause:
            lead = {t.text for t in text.tokens[max(0, i - 3) : i] if t.clause == text.tokens[i].clause}
            if lead & words_set("for to among our the most very with by"):
                return Missing.AUDIENCE, words_of(text.tokens, i, i + 2)
        last = max((n for n in range(max(0, i - 4), i) if n in text.audience), default=None)
        if last is None or text.tokens[last].clause != text.tokens[i].clause or after:
            continue
        between = [t.text for t in text.tokens[last + 1 : i]]
        narrows = set(between) & words_set("by with via using who whose whom having without lacking")
        if narrows and all(w in text.lexicon.stop | narrows for w in between):
            return Missing.AUDIENCE, words_of(text.tokens, last, i + 1)  # "subscribers who pay by ..."
    return None


def _governance_unread(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    # Words about how an experiment is governed are no part of a hypothesis, and are not passed over in silence.
    del links, change, loose
    for start, end, _ in text.lexicon.lists["governing"].find(text.tokens):
        return Missing.CHANGE, words_of(text.tokens, max(0, start - 3), end + 2)
    return None


def _arm_of_its_own(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    # "5 % and 10 %, with captions off in the second arm": what is said of one arm was read for all of them.
    del loose
    common = set.intersection(*({(k, str(v)) for k, v in arm.items()} for arm in change.arms)) if change.arms else set()
    if len(change.arms) > 1 and common:
        for start, end, _ in text.lexicon.lists["another_arm"].find(text.tokens):
            clause = [t for t in text.tokens if t.clause == text.tokens[start].clause]
            inside = {t.index for t in clause}
            shared = any(m.tokens & inside for m in links.parameters if m.key in {k for k, _ in common})
            if shared and "same" not in {t.text for t in clause} and text.tokens[end].text not in (":", ")"):
                return Missing.CHANGE, words_of(text.tokens, max(0, start - 3), end)
    return None


def _users_apart(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    # "Large cards on iOS, small ones on Android": one experiment has one audience.
    del links, loose
    tokens = text.tokens
    told = {i for i in change.used if tokens[i].text not in text.lexicon.stop and tokens[i].is_word}
    for one, other in pairwise(text.named):
        same = one[0] == other[0] and one[3] != other[3]
        between = told & set(range(one[2], other[1]))
        around = [i for i in told if tokens[i].sentence in (tokens[one[1]].sentence, tokens[other[1]].sentence)]
        if same and between and any(i < one[1] or i >= other[2] for i in around):
            return Missing.AUDIENCE, words_of(tokens, one[1], other[2])
    return None


def _part_of_its_own(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    # "Bigger cards on the podcast shelf": a dial of the whole page, asked for in one place of it.
    del loose
    tokens, used = text.tokens, {k for arm in change.arms for k in arm}
    parts = {p.rpartition(".")[0] for p in text.surface.parameters if p.endswith((".shelf_position", ".enabled"))}
    for m in links.parameters:
        space, _, leaf = m.key.rpartition(".")
        is_part = space in parts or leaf.endswith("shelf_position")
        if m.key in used or not is_part or any(k.rpartition(".")[0] == space for k in used if space in parts):
            continue
        lead = [t.text for t in tokens[max(0, m.start - 3) : m.start] if t.clause == tokens[m.start].clause]
        while lead and lead[-1] in words_set("the our every each a"):
            lead.pop()
        beside = any(tokens[i].clause == tokens[m.start].clause and i < m.start for i in change.used)
        if beside and lead and lead[-1] in words_set("on in within inside") and not {"than", "instead"} & set(lead):
            return Missing.CHANGE, words_of(tokens, m.start - 2, m.end)
    return None


def _left_without_value(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    # "Mood shelf first, then charts": a second dial is joined to the first, and nothing says to what it is set.
    del loose
    tokens, used = text.tokens, {k for arm in change.arms for k in arm}
    settled = {i for m in links.parameters if m.key in used for i in m.tokens}
    for m in links.parameters:
        if m.key in used or m.coverage < 0.85 or m.tokens & (settled | change.used):
            continue
        lead = [t for t in tokens[max(0, m.start - 3) : m.start] if t.sentence == tokens[m.start].sentence]
        joint = next((t.index for t in lead if t.text in ("then", "and", "plus")), None)
        if joint is not None and {joint - 1, joint - 2} & change.used:
            return Missing.VALUE, words_of(tokens, joint, m.end)
    return None


def _condition_unread(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    # "Unless the page is slow", "except when it rains": a condition that selects no users was read over.
    del links, change, loose
    tokens = text.tokens
    for start, end, _ in text.lexicon.lists["conditions"].find(tokens):
        clause = [t for t in tokens[end : end + 12] if t.sentence == tokens[start].sentence]
        near = clause[: next((n for n, t in enumerate(clause) if n and t.clause != clause[0].clause), len(clause))]
        if not any(t.index in text.audience for t in near):
            return Missing.AUDIENCE, words_of(tokens, start, near[-1].index + 1 if near else end)
    return None


def _doubted(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    # "We doubt that large cards raise CTR": what is expected is the opposite, or nothing.
    del links, change, loose
    for start, end, _ in text.lexicon.lists["doubting"].find(text.tokens):
        return Missing.METRIC, words_of(text.tokens, start, min(len(text.tokens), end + 5))
    return None


def _torn_apart(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    # A switch whose name was put together from two sides of a colon: "Follow the money: new releases ...".
    del loose
    used = {k for arm in change.arms for k in arm}
    for m in links.parameters:
        is_switch = text.surface.parameters[m.key].type is ParameterType.BOOL
        is_torn = any(t.text == ":" for t in text.tokens[m.start : m.end])
        if is_switch and is_torn and m.key in used and len(used) > 1:
            return Missing.CHANGE, words_of(text.tokens, m.start, m.end)
    return None


def _pronoun_unread(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    # "Captions cost space. Without them ...": what the pronoun stands for was named, and stayed as it is.
    del loose
    tokens, lexicon = text.tokens, text.lexicon
    used = {k for arm in change.arms for k in arm}
    for t in tokens:
        if t.text not in ("them", "it") or t.index in text.audience or not t.index:
            continue
        verb = tokens[t.index - 1 : t.index]
        if not (lexicon.has("off", verb) or verb[0].text in ("with", "show", "enable", "use")):
            continue
        near = [m for m in links.parameters if m.end <= t.index and t.sentence - tokens[m.start].sentence <= 1]
        last = max(near, key=lambda m: m.end, default=None)
        # "Prefetch saves time. Without it ...": it was read as switched on, and is spoken of as gone.
        if last is not None and lexicon.has("off", verb) and any(arm.get(last.key) is True for arm in change.arms):
            return Missing.CHANGE, words_of(tokens, t.index - 1, t.index + 1)
        meant = min(near, key=lambda m: m.start, default=None)
        if meant is None or meant.coverage < 0.9:
            continue
        if meant.key.partition(".")[0] not in {key.partition(".")[0] for key in used}:
            return Missing.CHANGE, words_of(tokens, t.index - 1, t.index + 1)
    return None


def _sentences(text: Text) -> Iterator[list[Token]]:
    for number in sorted({t.sentence for t in text.tokens}):
        yield [t for t in text.tokens if t.sentence == number]


LOOKS: tuple[Look, ...] = (
    _not_english,
    _told_of_another_time,
    _taken_back,
    _refused,
    _arms_left_out,
    _arms_confused,
    _not_joined,
    _place_unread,
    _people_unread,
    _users_unread,
    _name_unread,
    _users_half_read,
    _governance_unread,
    _torn_apart,
    _arm_of_its_own,
    _users_apart,
    _part_of_its_own,
    _left_without_value,
    _condition_unread,
    _doubted,
    _pronoun_unread,
)
"""Every sign, in the order in which they are asked about."""
