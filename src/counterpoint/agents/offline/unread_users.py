"""Signs that users were misread: words that narrow an audience and that no attribute explains."""

from itertools import pairwise

from counterpoint.agents.offline.changes import ChangeReading
from counterpoint.agents.offline.reading import Links, Text
from counterpoint.agents.offline.text import Token, words_of, words_set
from counterpoint.agents.plan import Missing

Sign = tuple[Missing, str]
_PARTS = words_set("other others rest third half change sure free nothing granted ever long while moment good")
# Endings of qualities and acts, which are not users: "trades bandwidth for responsiveness".
_WAYS = words_set("way ways road ride walk trip drive commute run journey route")
_IDLY = words_set("come comes came coming for feel feels set sets break breaks is are was get gets")
_MEANT = words_set("this that it these they test change experiment one")
_QUALITIES = ("ness", "ity", "tion", "sion", "ment", "ance", "ence", "ing", "ism", "acy", "ship", "ure")


def people_unread(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return a sign of this misreading, or None.

    "For our best customers", "heavy podcast people:": a word that narrows the users and was not understood.
    """
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
        led = lead is not None and lead.text in words_set(
            "most very really truly so for to among amongst our of with in on the those all only"
        )
        if led and lead is not None and lead.text == "to" and first > 1 and tokens[first - 2].text in _WAYS:
            continue  # "on the way to work people want talk"
        if (led or (opens and ends)) and not _is_spelled_out(text, end) and not _is_named_again(text, end - 2):
            return Missing.AUDIENCE, words_of(tokens, first, end)
    return None


def _is_spelled_out(text: Text, end: int) -> bool:
    """Return whether users are defined right behind their name: "old clients, anything before version 9.0.0"."""
    opened = end < len(text.tokens) and text.tokens[end].text in (",", "(", ":", ";")
    return opened and bool(set(range(end + 1, end + 6)) & text.audience)


def users_unread(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return a sign of this misreading, or None.

    A word for users that no clause of the audience came from: "with family subscription", "for early adopters".
    """
    del links
    tokens = text.tokens
    values = text.lexicon.raw["audience"]["values"]
    names = {word for words in values.values() for word in words} | set(values)
    for i in sorted(loose):
        t = tokens[i]
        if t.text in names and not (i and tokens[i - 1].text in _IDLY and _closes(text, i)):
            return Missing.AUDIENCE, t.text
        closes = i + 1 >= len(tokens) or not tokens[i + 1].is_word
        lead = next(
            (n for n in range(i - 1, max(-1, i - 4), -1) if tokens[n].text in ("for", "among", "amongst")), None
        )
        if lead is None or not closes or tokens[lead].clause != t.clause:
            continue
        said = [k.text for k in tokens[lead + 1 : i]]
        known = set(said) & words_set("them it us me him her this that these")
        predicate = (
            lead > 1 and tokens[lead - 1].text in ("is", "are", "was", "not") and tokens[lead - 2].text not in _MEANT
        )
        if predicate and not {k.index for k in tokens if k.sentence == t.sentence} & change.used:
            continue  # "Lunch is for hits."
        plural = t.text.endswith("s") or t.text.isdecimal() or t.text in text.proper
        if not known and plural and not t.text.endswith(_QUALITIES) and t.text not in _PARTS:
            return Missing.AUDIENCE, words_of(tokens, lead + 1, i + 1)
    return None


def _is_only_told(text: Text, change: ChangeReading, name: Token) -> bool:
    """Return whether a name stands in a sentence that asks for nothing and restricts nothing."""
    sentence = [t for t in text.tokens if t.sentence == name.sentence and t.is_word]
    asks = any(t.index in change.used or t.index in text.audience for t in sentence)
    return len(sentence) > 3 and not asks and not {t.text for t in sentence} & words_set("only just for users first")


def _closes(text: Text, i: int) -> bool:
    return i + 1 >= len(text.tokens) or not text.tokens[i + 1].is_word


def name_unread(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return a sign of this misreading, or None.

    "In Ruritania", "for Acme users": a name that narrows the users and that no attribute knows.
    """
    del links
    tokens = text.tokens
    known = text.lexicon.known_words | text.catalogue.vocabulary
    for i in sorted(loose):
        t = tokens[i]
        is_name = t.text in text.proper
        if (t.text in known or t.text.endswith(_QUALITIES)) and not is_name:
            continue
        dated = {k.text for k in tokens[max(0, i - 3) : i]} & words_set("out came released dropped published discussed")
        if is_name and t.text.endswith("day") and dated:
            continue  # "what came out on Friday"
        if is_name and _is_only_told(text, change, t):
            continue  # "as discussed on Monday", "in a café in Lisbon I watched ..."
        back = i - 1
        while back >= 0 and (
            tokens[back].text in words_set("the a an , and or & our their") or back in text.audience or back in loose
        ):
            back -= 1
        lead = tokens[back].text if back >= 0 and tokens[back].sentence == t.sentence else ""
        closes = i + 1 >= len(tokens) or not tokens[i + 1].is_word or tokens[i + 1].text in text.lexicon.clause_words
        told = is_name or (closes and any(tokens[n].sentence == t.sentence for n in change.used))
        scene = lead in words_set("in within on during at after before around") and "the" in {
            k.text for k in tokens[back + 1 : i]
        }
        if scene and not is_name:
            continue  # "in the kitchen"
        if (
            lead
            in words_set("in for across among except outside from throughout within on at during after before around")
            and told
        ):
            return Missing.AUDIENCE, words_of(tokens, back, i + 1)
    return None


def users_half_read(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return a sign of this misreading, or None.

    "Our most engaged podcast fans": the fans were read, and what narrows them was not.
    """
    del links, change
    cues = {s for name in ("except", "tenure_cues") for s, _, _ in text.lexicon.lists[name].find(text.tokens)}
    for i in sorted(loose - cues):
        before, after = {i - 1, i - 2} & text.audience, {i + 1} & text.audience
        if text.tokens[i].stem in text.catalogue.attribute_stems:
            continue  # "top genre latin": the attribute's own words
        if _is_named_again(text, i + 1):
            continue
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


def _is_named_again(text: Text, i: int) -> bool:
    """Return whether the users named at `i` are named once more in another sentence, plainly: "... on Android"."""
    here = next((n for n in text.named if n[1] <= i < n[2]), None)
    return here is not None and any(
        n[0] == here[0] and n[3] == here[3] and text.tokens[n[1]].sentence > text.tokens[i].sentence for n in text.named
    )


def users_apart(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return a sign of this misreading, or None.

    "Large cards on iOS, small ones on Android": one experiment has one audience.
    """
    del loose
    tokens = text.tokens
    told = {i for i in change.used if tokens[i].text not in text.lexicon.stop and tokens[i].is_word}
    told |= {i for k in change.words for q in links.values.get(k, ()) for i in range(*q.span)}
    for one, other in pairwise(text.named):
        same = one[0] == other[0] and one[3] != other[3]
        between = told & set(range(one[2], other[1]))
        around = [i for i in told if tokens[i].sentence in (tokens[one[1]].sentence, tokens[other[1]].sentence)]
        if same and between and any(i < one[1] or i >= other[2] for i in around):
            return Missing.AUDIENCE, words_of(tokens, one[1], other[2])
    return None


def cue_unread(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return a sign of this misreading, or None.

    "In the first week after sign-up": words that hardly ever stand there unless they select users, and select none.
    """
    del loose
    known = text.audience | {i for m in [*links.metrics, *links.parameters] for i in m.tokens}
    known |= {i for k in links.values for q in links.values[k] for i in range(*q.span)}
    roles = text.lexicon.raw["audience"]["roles"]
    for role, cues in text.lexicon.raw["audience"]["cues"].items():
        keys = [k for k in text.surface.attributes if k in roles.get(role, [role])]
        if not keys or set(keys) & text.selected:
            continue
        for t in text.tokens:
            for cue in cues:
                words = cue.split()
                span = [k.text for k in text.tokens[t.index : t.index + len(words)]]
                before = text.tokens[t.index - 1].text if t.index else ""
                if before in ("this", "last", "yesterday"):
                    continue  # "what you ignored this morning"
                if span == words and not set(range(t.index, t.index + len(words))) & (known | change.used):
                    return Missing.AUDIENCE, cue
    return None


def condition_unread(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return a sign of this misreading, or None.

    "Unless the page is slow", "except when it rains": a condition that selects no users was read over.
    """
    del links, change, loose
    tokens = text.tokens
    for start, end, _ in text.lexicon.lists["conditions"].find(tokens):
        clause = [t for t in tokens[end : end + 12] if t.sentence == tokens[start].sentence]
        near = clause[: next((n for n, t in enumerate(clause) if n and t.clause != clause[0].clause), len(clause))]
        if not any(t.index in text.audience for t in near):
            return Missing.AUDIENCE, words_of(tokens, start, near[-1].index + 1 if near else end)
    return None
