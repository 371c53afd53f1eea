"""Signs that arms were misread: things set against each other, joined, placed or parted that the plan does not show."""

from collections.abc import Sequence

from counterpoint.agents.offline.changes import ChangeReading
from counterpoint.agents.offline.dials import is_position
from counterpoint.agents.offline.quantities import Kind
from counterpoint.agents.offline.reading import Links, Text
from counterpoint.agents.offline.text import Token, words_of, words_set
from counterpoint.agents.plan import Missing
from counterpoint.vocabulary import ParameterType

Sign = tuple[Missing, str]


def arms_left_out(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return a sign of this misreading, or None.

    Three things set against each other are control and two arms at least; so are "three arms".
    """
    del links, loose
    against = [t for t in text.tokens if t.text == "versus"]
    if len(against) > len(change.arms):
        return Missing.CHANGE, words_of(text.tokens, max(0, against[0].index - 3), against[0].index + 3)
    for start, end, _ in text.lexicon.lists["third_arm"].find(text.tokens):
        if len(change.arms) < 3:
            return Missing.CHANGE, words_of(text.tokens, max(0, start - 3), end)
    nouns = words_set("arms variants versions options treatments candidates ways")
    for q in text.quantities:
        counted = {t.text for t in text.tokens[q.end : q.end + 2]} & nouns
        if q.kind is Kind.NUMBER and counted and q.bare > len(change.arms):
            return Missing.CHANGE, words_of(text.tokens, q.start, q.end + 1)
    return None


def arms_confused(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return a sign of this misreading, or None.

    "... in one arm, ... in another": two arms were described, and one was read.
    """
    del links, loose
    if len(change.arms) < 2:
        for start, end, _ in text.lexicon.lists["another_arm"].find(text.tokens):
            return Missing.CHANGE, words_of(text.tokens, max(0, start - 3), end)
    return None


def arm_of_its_own(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return a sign of this misreading, or None.

    "5 % and 10 %, with captions off in the second arm": what is said of one arm was read for all of them.
    """
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


def not_joined(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return a sign of this misreading, or None.

    Dials of different parts in one arm have to be joined by the text; otherwise one of them was only mentioned.
    """
    del loose
    tokens, lexicon = text.tokens, text.lexicon
    if lexicon.has("together", tokens) or change.by_arm:
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


def joined_unread(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return a sign of this misreading, or None.

    "The podcast and audiobook shelves": what is joined to the thing that changes was not understood.
    """
    tokens = text.tokens
    named = {i for m in links.parameters if m.key in change.words for i in m.tokens}
    for i in sorted(loose):
        # "Large cards with the face cut out": what goes with the change was not understood.
        led = next((n for n in range(i - 1, max(0, i - 5), -1) if tokens[n].text == "with"), None)
        beside = led is not None and {led - 1, led - 2} & named and tokens[led].clause == tokens[i].clause
        with_each = led is not None and [t.text for t in tokens[led + 1 : led + 3]] in (
            ["each", "other"],
            ["one", "another"],
        )
        with_each = with_each or (led is not None and tokens[led + 1].text in ("each", "every", "all", "any"))
        if led is not None and beside and not with_each and not set(range(led, i)) & (text.audience | named):
            return Missing.CHANGE, words_of(tokens, led, i + 1)
        joint = i - 2 if tokens[i - 1].text in ("a", "an", "the") else i - 1
        if (
            joint < 1
            or tokens[joint].text not in ("and", "plus", "&", "or")
            or tokens[joint].clause != tokens[i].clause
        ):
            continue
        follows = {i + 1, i + 2} & named
        if {joint - 1, joint - 2} & named and (follows or tokens[i].text.endswith("s")):
            return Missing.CHANGE, words_of(tokens, joint, i + 1)
    return None


def left_without_value(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return a sign of this misreading, or None.

    "Mood shelf first, then charts": a second dial is joined to the first, and nothing says to what it is set.
    """
    del loose
    tokens, used = text.tokens, {k for arm in change.arms for k in arm}
    settled = {i for m in links.parameters if m.key in used for i in m.tokens}
    for m in links.parameters:
        own = m.tokens - settled - change.used
        if m.key in used or m.coverage < 0.85 or not own:
            continue
        start = min(own)
        lead = [t for t in tokens[max(0, start - 3) : start] if t.sentence == tokens[start].sentence]
        joint = next((t.index for t in lead if t.text in ("then", "and", "plus")), None)
        told = any(tokens[i].sentence == tokens[start].sentence for i in change.placed)
        if joint is not None and told and {joint - 1, joint - 2} & change.used:
            return Missing.VALUE, words_of(tokens, joint, m.end)
    return None


def part_of_its_own(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return a sign of this misreading, or None.

    "Bigger cards on the podcast shelf": a dial of the whole page, asked for in one place of it.
    """
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
        if (
            beside
            and lead
            and lead[-1] in words_set("on in within inside only")
            and not {"than", "instead"} & set(lead)
        ):
            return Missing.CHANGE, words_of(tokens, m.start - 2, m.end)
    return None


def place_unread(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return a sign of this misreading, or None.

    A part that has a place, and a word for a place beside it that was not read as one.
    """
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
            lasting = tokens[end - 1].text == "last" and any(q.start == end for q in text.quantities)
            things = ("genr", "chart", "artist", "track", "song", "hit", "list", "pick", "priority")
            named = after in things or led == "as" or lasting
            if start not in known and beside and not named and end not in text.audience:
                return Missing.VALUE, words_of(tokens, max(0, start - 1), end)
    return None


def switched_unread(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return a sign of this misreading, or None.

    "Switch jump back in off and put sixteen cards on it": a part is switched, and the plan sets another dial of it.
    """
    del loose
    tokens, used = text.tokens, {k for arm in change.arms for k in arm}
    for t in tokens:
        if t.text not in words_set("switch turn take"):
            continue
        rest = [k for k in tokens[t.index + 1 : t.index + 8] if k.sentence == t.sentence]
        way = next((k.index for k in rest if k.text in ("off", "away", "out")), None)
        if way is None:
            continue
        for m in links.parameters:
            switch = f"{m.key.rpartition('.')[0]}.enabled"
            inside = any(t.index < i < way for i in m.tokens)
            if (
                inside
                and m.key in used
                and m.key != switch
                and switch in text.surface.parameters
                and switch not in used
            ):
                return Missing.CHANGE, words_of(tokens, t.index, way + 1)
    return None


def torn_apart(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return a sign of this misreading, or None.

    A switch whose name was put together from two sides of a colon: "Follow the money: new releases ...".
    """
    del loose
    used = {k for arm in change.arms for k in arm}
    for m in links.parameters:
        is_switch = text.surface.parameters[m.key].type is ParameterType.BOOL
        is_torn = any(t.text == ":" for t in text.tokens[m.start : m.end])
        if is_switch and is_torn and m.key in used and len(used) > 1:
            return Missing.CHANGE, words_of(text.tokens, m.start, m.end)
    return None
