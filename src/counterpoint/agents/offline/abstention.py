"""Abstention: a reading that looks complete is still asked about when the text shows signs that it was misread.

The signs are general: what kind of sentence a value came from, and which of its words stayed unread; never one
surface's names. A question costs a reply; a plan that is confidently wrong costs an experiment.
"""

from collections.abc import Callable, Iterator

from counterpoint.agents.offline import audit, guesses, unread_arms, unread_moves, unread_users
from counterpoint.agents.offline.changes import ChangeReading
from counterpoint.agents.offline.reading import Links, Text
from counterpoint.agents.offline.text import Token, words_of, words_set
from counterpoint.agents.plan import Missing

Sign = tuple[Missing, str]
Look = Callable[[Text, Links, ChangeReading, "set[int]"], "Sign | None"]

_LATIN = 0x24F
"""Last code point of the Latin letters."""
_TELLERS = words_set("we i team teams colleagues somebody someone competitor competitors")
_IMAGINED = words_set("if would should could nobody let suppose imagine whether say picture pretend assume")


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


def not_english(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return the sentence that is not in words the grammar can read, or None."""
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
    for number in sorted(background(text)):
        sentence = [t for t in text.tokens if t.sentence == number]
        if {t.index for t in sentence} & (change.used | text.audience):
            return Missing.CHANGE, words_of(text.tokens, sentence[0].index, sentence[-1].index + 1)
    return None


def background(text: Text) -> set[int]:
    """Return the numbers of the sentences that speak of another time: what was done, and what is to come."""
    ahead = {s[0].sentence for s in _sentences(text) if text.lexicon.has("another_time", s)}
    return ahead | told_before(text)


def told_before(text: Text) -> set[int]:
    """Return the numbers of the sentences that tell what was done, and ask for nothing."""
    found: set[int] = set()
    for sentence in _sentences(text):
        told = any(_is_past_verb(t, text) and _has_teller(t, sentence) for t in sentence)
        told = told or any(_is_past_passive(t, text) for t in sentence)
        if told and not {t.text for t in sentence} & _IMAGINED and not text.lexicon.has("governing", sentence):
            found.add(sentence[0].sentence)
    return found


def _is_past_verb(token: Token, text: Text) -> bool:
    regular = token.text.endswith("ed") and len(token.text) > 4 and token.stem != token.text
    return regular or text.lexicon.lists["past_verbs"].at((token,), 0) is not None


def _is_past_passive(token: Token, text: Text) -> bool:
    """Return whether something was done before: "the shelf was moved"; not "items that were seen"."""
    tokens, i = text.tokens, token.index
    if (
        not (token.text.endswith("ed") or token.text in ("put", "shown", "cut", "taken", "made", "hidden", "set"))
        or i < 2
    ):
        return False
    back = i - 2 if tokens[i - 1].text.endswith("ly") else i - 1
    passive = tokens[back].text in ("was", "were") or (
        tokens[back].text == "been" and tokens[back - 1].text in ("has", "have", "had")
    )
    before = {t.text for t in tokens[max(0, back - 6) : back] if t.clause == tokens[back].clause}
    near = {t.text for t in tokens[max(0, back - 3) : back]}
    asked = {t.text for t in tokens[max(0, back - 8) : back]} & words_set("how far show say tell mark")
    if asked and tokens[back].text == "been":
        return False  # "show how far an episode has been played"
    return passive and not (near | before & {"how"}) & words_set(
        "that which who what whatever whichever anything everything not never if as there n't wasn't weren't how"
    )


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
    for start, end, said in [*text.lexicon.lists["repairs"].find(text.tokens), *noes]:
        if said == "make that" and (not start or text.tokens[start - 1].text in ".!?"):
            continue  # "A fortnight. Make that a week longer."
        later = {t.text for t in text.tokens[end : end + 4]}
        if later & words_set("longer shorter more fewer less higher lower"):
            continue  # "a fortnight. Make that a week longer" moves on from it
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


def _governance_unread(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    # Words about how an experiment is governed are no part of a hypothesis, and are not passed over in silence.
    del links, change, loose
    for start, end, _ in text.lexicon.lists["governing"].find(text.tokens):
        if {start, end} & text.audience or (end < len(text.tokens) and text.tokens[end].text in ("up", "in")):
            continue  # "who signed up more than a year ago"
        return Missing.CHANGE, words_of(text.tokens, max(0, start - 3), end + 2)
    return None


def _doubted(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    # "We doubt that large cards raise CTR": what is expected is the opposite, or nothing.
    del links, change, loose
    for start, end, _ in text.lexicon.lists["doubting"].find(text.tokens):
        return Missing.METRIC, words_of(text.tokens, start, min(len(text.tokens), end + 5))
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
    not_english,
    _told_of_another_time,
    _taken_back,
    _refused,
    audit.bundle_unread,
    audit.group_unread,
    audit.second_arm_unread,
    audit.contradiction_unread,
    audit.value_unused,
    audit.only_hinted,
    audit.value_repeated,
    audit.share_unread,
    unread_arms.arms_left_out,
    unread_arms.arms_confused,
    unread_arms.not_joined,
    unread_arms.place_unread,
    unread_users.people_unread,
    unread_users.users_unread,
    unread_users.name_unread,
    unread_users.users_half_read,
    _governance_unread,
    unread_arms.torn_apart,
    unread_arms.switched_unread,
    guesses.suggested_otherwise,
    unread_arms.arm_of_its_own,
    unread_users.users_apart,
    unread_arms.part_of_its_own,
    unread_arms.left_without_value,
    unread_arms.joined_unread,
    unread_moves.moved_the_other_way,
    unread_moves.moved_nowhere,
    unread_users.condition_unread,
    unread_users.cue_unread,
    _doubted,
    _pronoun_unread,
)
"""Every sign, in the order in which they are asked about."""
OBJECTIONS: tuple[Look, ...] = (
    not_english,
    _refused,
    unread_users.users_half_read,
    unread_users.users_apart,
    _governance_unread,
    unread_arms.part_of_its_own,
    unread_arms.left_without_value,
    audit.contradiction_unread,
    unread_moves.moved_the_other_way,
    unread_moves.moved_nowhere,
    _doubted,
    _pronoun_unread,
)
"""Signs that no second reading outweighs: orders, denials, users read in part or that differ by arm, and parts of the
page that are named and left aside."""


def objection(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return the sign that stands whatever else is read, or None."""
    return next((sign for look in OBJECTIONS if (sign := look(text, links, change, loose)) is not None), None)
