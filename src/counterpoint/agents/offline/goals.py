"""Goals: which of the metrics that a text speaks of decides, which guard, and which size is whose."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from counterpoint.agents.offline import doubts
from counterpoint.agents.offline.associations import METRICS
from counterpoint.agents.offline.audience_reading import AudienceReading
from counterpoint.agents.offline.changes import ChangeReading
from counterpoint.agents.offline.movements import moves_in, sizes
from counterpoint.agents.offline.outcomes import Statement, completed
from counterpoint.agents.offline.quantities import Kind
from counterpoint.agents.offline.reading import Links, Text
from counterpoint.agents.offline.schedule import Schedule
from counterpoint.agents.offline.text import words_set
from counterpoint.config import Surface
from counterpoint.vocabulary import Direction

# Log-odds of the associations; judged on sets that they had not been learned from.
LIKELY, AHEAD, CERTAIN, FAR = -1.0, 1.0, 0.0, 3.0


@dataclass(slots=True)
class Reading:
    """Everything read of one hypothesis."""

    text: Text
    audience: AudienceReading
    links: Links
    change: ChangeReading
    statements: list[Statement]
    schedule: Schedule
    primary: Statement | None = None
    guardrails: list[Statement] = field(default_factory=list)
    tie: bool = False


def choose(reading: Reading, surface: Surface) -> None:
    """Choose the metric that decides and those that guard."""
    reading.statements = [_of_the_changed_part(reading, surface, s) for s in reading.statements]
    guards: dict[str, Statement] = {}
    for s in reading.statements:
        if s.role == "guardrail" and (
            s.metric not in guards or (s.quantity is not None and guards[s.metric].quantity is None)
        ):
            guards[s.metric] = s
    goals = [s for s in reading.statements if s.role == "goal" and s.mention.score >= 0.8]
    goals = [s for s in goals if not _is_a_verb(reading.text, s)]
    bounded = [s for s in goals if _is_bounded(reading.text, s)]
    if {s.metric for s in goals} - {s.metric for s in bounded}:
        # "It costs load time, 5 % at most. Sessions get longer": what is held within a bound is no goal.
        goals = [s for s in goals if s not in bounded]
        for s in bounded:
            guards.setdefault(s.metric, s)
    best: dict[str, Statement] = {}
    for s in sorted(goals, key=lambda s: -s.strength):
        best[s.metric] = completed(best[s.metric], s) if s.metric in best else s
    ranked = sorted(best.values(), key=lambda s: (-s.strength, s.mention.start))
    if ranked:
        top = ranked[0]
        # Two goals on a par: the first named leads.
        par = [
            s for s in ranked if s.strength >= top.strength - 0.35 and (s.quantity is None) == (top.quantity is None)
        ]
        reading.primary = min(par, key=lambda s: s.mention.start)
        if (hoped := _hoped_for(ranked, reading.primary, surface)) is not None:
            # "Sessions get longer. Load time: 80 ms more": what may get worse is the price, not the goal.
            guards.setdefault(reading.primary.metric, reading.primary)
            reading.primary = hoped
        reading.tie = reading.primary.mention.rival > 0.97 or _is_either(reading)
        guards.pop(reading.primary.metric, None)
    elif len({s.metric for s in reading.statements}) == 1:
        reading.primary = _only_metric(reading)
    _weigh(reading, surface, guards)
    reading.guardrails = list(guards.values())
    _size(reading, surface)


def _weigh(reading: Reading, surface: Surface, guards: dict[str, Statement]) -> None:
    """Let the words of the whole text decide where the grammar found no goal, or one that they speak against."""
    apart = reading.text.audience | reading.change.used | {i for m in reading.links.parameters for i in m.tokens}
    spoken = [t for t in reading.text.tokens if t.index not in apart]
    likely = reading.text.lexicon.likely(METRICS, spoken, surface.metrics)
    if len(likely) < 2:
        return
    (first, top), (_, second) = likely[:2]
    if reading.primary is None and top >= LIKELY and top - second >= AHEAD and not _is_either(reading):
        alone = len({s.metric for s in reading.statements}) == 1
        roles = ("guardrail", "named") if alone else ("guardrail",)
        said = [s for s in reading.statements if s.metric == first and s.role in roles]
        if said:
            reading.primary = max(said, key=lambda s: s.strength)
            guards.pop(first, None)
    elif reading.primary is not None and first not in guards and top >= CERTAIN:
        reading.tie = reading.tie or top - dict(likely).get(reading.primary.metric, top) >= FAR


def _is_bounded(text: Text, said: Statement) -> bool:
    """Return whether the size of a movement is the most that is accepted: "5 % at most"."""
    if said.quantity is None or said.quantity.sign:
        return False
    after = [t for t in text.tokens[said.quantity.end : said.quantity.end + 4] if t.is_word]
    return bool(after) and text.lexicon.lists["at_most"].at(after, 0) is not None


def _is_a_verb(text: Text, said: Statement) -> bool:
    """Return whether the one word of a metric is a verb with its subject before it: "that nobody likes"."""
    token = text.tokens[said.mention.start]
    before = text.tokens[token.index - 1].text if token.index else ""
    subject = before in words_set("nobody who everyone everybody he she it that one somebody no-one anyone")
    return len(said.mention.tokens) == 1 and subject and token.text in ("likes", "saves", "shares", "loves")


def _hoped_for(ranked: Sequence[Statement], chosen: Statement, surface: Surface) -> Statement | None:
    """Return the one goal that gets better where the chosen one gets worse; None when there is not exactly one."""

    def gain(s: Statement) -> bool | None:
        better = Direction.INCREASE if surface.metrics[s.metric].better == "higher" else Direction.DECREASE
        return None if s.direction is None else s.direction is better

    better = [s for s in ranked if gain(s) is True]
    return better[0] if gain(chosen) is False and len(better) == 1 and chosen.quantity is not None else None


def _is_either(reading: Reading) -> bool:
    """Return whether the text leaves open which of two metrics decides: "either CTR or saves should go up"."""
    tokens = reading.text.tokens
    goals = [s for s in reading.statements if s.role in ("goal", "named")]
    for one, other in pairwise(sorted(goals, key=lambda s: s.mention.start)):
        between = tokens[one.mention.end : other.mention.start]
        apart = one.metric != other.metric and not any(t.text in ".;!?" for t in between)
        if apart and len(between) <= 5 and any(t.text == "or" for t in between):
            return one.quantity is None and other.quantity is None
    return False


def _only_metric(reading: Reading) -> Statement | None:
    """Return the one metric that a text names at all, apart from the change: nothing else can decide."""
    said = max(reading.statements, key=lambda s: s.mention.score)
    clause = reading.text.tokens[said.mention.start].clause
    apart = all(reading.text.tokens[i].clause != clause for i in reading.change.used)
    clear = said.role == "named" and said.mention.score >= 1.6 and said.mention.coverage >= 0.9
    return said if clear and apart and said.mention.rival < 0.9 else None


def _size(reading: Reading, surface: Surface) -> None:
    """Give the metric that decides a size that stands by itself: "Minimum effect: 1 %"."""
    text, primary = reading.text, reading.primary
    if primary is None or primary.quantity is not None:
        return
    given = [q for qs in (*reading.links.values.values(), *reading.links.effects.values()) for q in qs]
    given += reading.schedule.used
    for q in text.quantities:
        words = [t for t in text.tokens if t.sentence == text.tokens[q.start].sentence]
        free = q not in given and q.kind in (Kind.PERCENT, Kind.POINTS) and not text.audience & set(range(*q.span))
        if free and (text.lexicon.has("effect_size", words) or moves_in(words, None, text.lexicon)):
            relative, absolute = sizes(q, surface.metrics[primary.metric], text.tokens)
            reading.primary = replace(primary, quantity=q, relative=relative, absolute=absolute)
            reading.links.effects.setdefault(primary.metric, []).append(q)
            return


def is_of_another_part(reading: Reading, primary: Statement) -> bool:
    """Return whether a metric of the whole page is asked for one part of it: "clicks on the mood shelf"."""
    parts = {k.partition(".")[0] for k in reading.text.surface.parameters}
    is_page_wide = not any(primary.metric.startswith(f"{p}_") for p in parts)
    return is_page_wide and doubts.of_a_part(reading.text, primary.mention)


def _of_the_changed_part(reading: Reading, surface: Surface, said: Statement) -> Statement:
    """Return a statement as one of the part that changes: "its click-through" is the shelf's, not the page's."""
    tokens = reading.text.tokens
    near = {t.text for t in tokens[max(0, said.mention.start - 3) : said.mention.start]}
    if not near & {"its", "their", "shelf's", "own"} and not doubts.of_a_part(reading.text, said.mention):
        return said
    spaces = {k.partition(".")[0] for arm in reading.change.arms for k in arm}
    spaces = spaces or {m.key.partition(".")[0] for m in reading.links.parameters}
    around = {t.text for t in tokens[max(0, said.mention.start - 4) : said.mention.end + 5]}
    if around & {"that", "own", "shelf's"} and (named := _parts_named(reading, said.mention.start)):
        spaces = named  # "they eat the clicks of jump back in; that shelf's own click-through"
    for key in surface.metrics:
        if any(key.startswith(f"{space}_") for space in spaces):
            aliases = [a for a in reading.text.catalogue.aliases if a.key == key]
            mine = frozenset[str]().union(*(w for a in aliases for w in a.words))
            if any(reading.text.terms[i] & mine for i in said.mention.tokens):
                return replace(said, metric=key)
    return said


def _parts_named(reading: Reading, before: int) -> set[str]:
    """Return the part of the page that was named last before a token, with its metrics."""
    catalogue = reading.text.catalogue
    latest: tuple[int, str] | None = None
    for key in catalogue.surface.parameters:
        space = key.partition(".")[0]
        if not any(m.startswith(f"{space}_") for m in catalogue.surface.metrics):
            continue
        for alias in catalogue.aliases:
            if alias.key.partition(".")[0] != space or alias.group != "parameter" or alias.worth < 1.0:
                continue
            for i in range(before):
                span = reading.text.terms[i : i + len(alias.words)]
                if len(span) == len(alias.words) and all(w & t for w, t in zip(alias.words, span, strict=True)):
                    latest = max(latest or (i, space), (i, space))
    return {latest[1]} if latest else set()
