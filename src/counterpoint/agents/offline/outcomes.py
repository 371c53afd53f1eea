"""Outcomes: which metric decides, which must not get worse, which way each moves and by how much."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.mentions import Mention
from counterpoint.agents.offline.movements import moves_in, sizes
from counterpoint.agents.offline.quantities import Kind, Quantity
from counterpoint.agents.offline.text import Token, words_set
from counterpoint.config import Metric, Surface
from counterpoint.vocabulary import Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What the text says of one metric.

    Attributes:
        role: `goal`, `guardrail`, `ignored` (named, and said not to matter) or `named` (nothing is said of it).
        strength: How much the words make it the goal; comparable between statements.
        direction: Which way it moves; None when the words do not say.
        relative: Size of the effect or the margin as a fraction.
        absolute: The same in the metric's own unit.
    """

    metric: str
    role: str
    strength: float
    mention: Mention
    direction: Direction | None
    relative: float | None
    absolute: float | None
    quantity: Quantity | None
    region: tuple[int, int]


def region_of(mention: Mention, mentions: Sequence[Mention], tokens: Sequence[Token]) -> tuple[int, int]:
    """Return the part of the sentence that speaks of `mention`, up to the breaks that part it from other metrics."""
    sentence = tokens[mention.start].sentence
    inside = [t.index for t in tokens if t.sentence == sentence]
    start, end = inside[0], inside[-1] + 1
    for other in mentions:
        if other is mention or tokens[other.start].sentence != sentence:
            continue
        if other.start >= mention.end:
            end = min(end, _break(tokens, mention.end, other.start))
        elif other.end <= mention.start:
            start = max(start, _break(tokens, other.end, mention.start))
        elif other.start > mention.start:
            end = min(end, max(other.start, mention.start + 1))
    return start, end


def _break(tokens: Sequence[Token], left: int, right: int) -> int:
    """Return where the words of the left metric end and those of the right one begin."""
    clauses = [i for i in range(left + 1, right + 1) if i < len(tokens) and tokens[i].clause != tokens[i - 1].clause]
    if clauses:
        return clauses[-1]
    joints = [i for i in range(left, right) if tokens[i].text in words_set("and but without or with nor not")]
    return joints[0] if joints else right


def read_statements(
    mentions: Sequence[Mention],
    effects: dict[str, list[Quantity]],
    tokens: Sequence[Token],
    surface: Surface,
    lexicon: Lexicon,
    changed: set[int],
    people: set[int],
) -> list[Statement]:
    """Return what is said of every metric mentioned.

    Args:
        effects: Metric -> the quantities that speak of it.
        changed: Indexes of the tokens that belong to the change.
        people: Indexes of the tokens that belong to the audience.
    """
    return [
        _statement(m, mentions, effects.get(m.key, []), tokens, surface, lexicon, changed, people) for m in mentions
    ]


_LABEL = 5
"""Most words of a clause that only announces what follows: "on one condition: ..."."""


def _about(near: Sequence[Token], mention: Mention, tokens: Sequence[Token]) -> list[Token]:
    """Return what is said of a metric itself: its clause and what follows, with a short clause that announces it."""
    first = tokens[mention.start].clause
    before = [t for t in near if t.clause == first - 1 and t.is_word]
    from_clause = first - 1 if len(before) <= _LABEL else first
    return [t for t in near if t.clause >= from_clause]


def completed(said: Statement, again: Statement) -> Statement:
    """Return a statement with the size and the way that the text gives where it speaks of the metric again."""
    sized = said.quantity is None and again.quantity is not None
    opposed = None not in (said.direction, again.direction) and said.direction is not again.direction
    if opposed:
        return said
    if sized:
        said = replace(said, quantity=again.quantity, relative=again.relative, absolute=again.absolute)
    return replace(said, direction=said.direction or again.direction)


def _statement(
    mention: Mention,
    mentions: Sequence[Mention],
    quantities: Sequence[Quantity],
    tokens: Sequence[Token],
    surface: Surface,
    lexicon: Lexicon,
    changed: set[int],
    people: set[int],
) -> Statement:
    metric = surface.metrics[mention.key]
    start, end = region_of(mention, mentions, tokens)
    quantity = next(
        (q for q in quantities if start <= q.start < end),
        quantities[0]
        if quantities
        and not any(
            m is not mention
            and m.key == mention.key
            and region_of(m, mentions, tokens)[0] <= quantities[0].start < region_of(m, mentions, tokens)[1]
            for m in mentions
        )
        else None,
    )
    region = [t for t in tokens[start:end] if t.index not in changed | people or t.index in mention.tokens]
    # What precedes the last change in the region speaks of the change, not of the metric.
    before = [t.index for t in tokens[start : mention.start] if t.index in changed]
    near = [t for t in region if not before or t.index > before[-1] or t.index in mention.tokens]
    moves = moves_in(near, mention, lexicon)
    apart = quantity is None or quantity.start >= end
    if not moves and apart and (said := _said_of_it(tokens, end, mentions)):
        near = [*near, *said]
        moves = moves_in(said, mention, lexicon)
    here = {tokens[i].clause for i in mention.tokens}
    moves = [m for m in moves if tokens[m[0]].clause in here] or moves  # "whichever wins, skips may not go up"
    worse = Direction.DECREASE if metric.better == "higher" else Direction.INCREASE
    direction = _direction(moves, mention, metric, quantity)
    has = {name: lexicon.has(name, near) for name in ("guard", "keep_watch", "disclaim", "goal", "modal")}
    close = _about(near, mention, tokens)
    words = " " + " ".join(t.text for t in close) + " "
    negated = _negated(near, moves, mention)
    toward_worse = direction is worse
    bet = _is_a_bet(tokens, mention, negated)
    negated = negated and not bet
    allowed = lexicon.has("allowed", close) or words.strip().endswith("no more")
    flat = lexicon.has("held_flat", close)
    stops = lexicon.has("stops_it", close)
    within = (
        quantity is not None
        and any(t.text in ("within", "under", "below") and 0 < quantity.start - t.index <= 2 for t in near)
        and quantity.kind in (Kind.PERCENT, Kind.POINTS, Kind.TIME)
    )
    named_guard = lexicon.has("guard_names", close)
    guard = (
        flat
        or within
        or (negated and toward_worse)
        or (negated and not moves and not has["goal"])
        or (allowed and toward_worse)
        or (stops and toward_worse)
        or named_guard
        or any(f" {p} " in words for p in ("at worst", "not at the cost", "at the cost of"))
        or (
            " without " in words
            and any(t.text == "without" and t.index < mention.start for t in near)
            and (toward_worse or not moves)
        )
    )
    capped = quantity is not None and " more than " in words and _negated(near, [(quantity.start, "")], mention)
    guard = guard or (capped and not (moves and not toward_worse))
    relative, absolute = sizes(quantity, metric, tokens)
    denied = (
        bool(moves) and direction is not worse and _is_denied([t for t in near if t.index not in mention.tokens], moves)
    )
    lead = [t.text for t in tokens[max(0, mention.start - 2) : mention.start]]
    passed_over = lead in (["rather", "than"], ["instead", "of"])  # "saves rather than clicks"
    if (has["disclaim"] and not named_guard and not flat) or (denied and not guard) or passed_over:
        role = "ignored"  # "will not raise CTR" makes it no goal
    elif guard:
        role = "guardrail"
    elif moves or quantity is not None or has["goal"]:
        role = "goal"
    else:
        role = "named"
    # "Taste moves faster than we think": a movement alone, of nothing that is named.
    bare = (
        all(tokens[i].stem in ("fast", "slow", "quick", "quicker", "faster") for i in mention.tokens)
        and quantity is None
    )
    strength = (
        -0.8 * bare
        + mention.score
        + 0.8 * bool(moves)
        + 0.7 * (quantity is not None)
        + 0.7 * has["goal"]
        + 0.3 * has["modal"]
    )
    return Statement(
        metric=metric.key,
        role=role,
        strength=strength,
        mention=mention,
        direction=direction,
        relative=relative,
        absolute=absolute,
        quantity=quantity,
        region=(start, end),
    )


def _said_of_it(tokens: Sequence[Token], end: int, mentions: Sequence[Mention]) -> list[Token]:
    """Return the sentence behind a metric that says of "it" what it does: "And skip rate? I say it climbs 2 %."."""
    number = tokens[end].sentence if end < len(tokens) else -1
    sentence = [t for t in tokens[end:] if t.sentence == number]
    named = any(tokens[m.start].sentence == number for m in mentions)
    asked = end > 0 and tokens[end - 1].text == "?"
    return sentence if asked and not named and {t.text for t in sentence[:5]} & {"it", "they", "that"} else []


def _direction(
    moves: Sequence[tuple[int, str]], mention: Mention, metric: Metric, quantity: Quantity | None
) -> Direction | None:
    better = Direction.INCREASE if metric.better == "higher" else Direction.DECREASE
    worse = Direction.DECREASE if metric.better == "higher" else Direction.INCREASE
    if quantity is not None and quantity.sign and not moves:
        return Direction.INCREASE if quantity.sign > 0 else Direction.DECREASE
    if not moves:
        return None
    reach = [
        (
            min(abs(i - mention.start), abs(i - mention.end + 1))
            - (1.5 if quantity is not None and 0 < quantity.start - i <= 4 else 0),
            name,
        )
        for i, name in moves
    ]
    names = {"up": Direction.INCREASE, "down": Direction.DECREASE, "better": better, "worse": worse}
    names["fast"] = Direction.DECREASE if metric.better == "lower" else Direction.INCREASE
    names["slow"] = Direction.INCREASE if metric.better == "lower" else Direction.DECREASE
    if quantity is not None and quantity.sign and metric.better == "higher":
        return Direction.INCREASE if quantity.sign > 0 else Direction.DECREASE
    return names[min(reach)[1]]


def _is_a_bet(tokens: Sequence[Token], mention: Mention, negated: bool) -> bool:
    """Return whether a denied movement is wagered on: "if skips don't go up by 5 % I'll buy the cake"."""
    sentence = [t for t in tokens if t.sentence == tokens[mention.start].sentence]
    before = [t.text for t in sentence if t.index < mention.start]
    after = {t.text for t in sentence if t.index >= mention.end}
    wagers = words_set("i'll i'd i'm surprised wrong eat buy owe worth drop forget pointless disappointed resign we'll")
    return negated and "if" in before[:2] and bool(after & wagers)


def _is_denied(region: Sequence[Token], moves: Sequence[tuple[int, str]]) -> bool:
    """Return whether the text says that a movement does not happen: "will not rise", not "not only rise"."""
    if {t.text for t in region} & words_set("if when only just merely unless worth until"):
        return False
    denials = [t.index for t in region if t.text in ("not", "never", "cannot") or t.text.endswith("n't")]
    return all(any(0 < move - i <= 3 for i in denials) for move, _ in moves)


def _negated(region: Sequence[Token], moves: Sequence[tuple[int, str]], mention: Mention) -> bool:
    """Return whether a negation governs the movement or, without one, stands beside the metric."""
    targets = [i for i, _ in moves] or [mention.start]
    negations = [
        t.index
        for t in region
        if t.text in words_set("not no never without cannot nor neither none avoid avoids prevent")
        or t.text.endswith("n't")
    ]
    negations = [i for i in negations if i not in mention.tokens]
    return any(0 < target - i <= 5 for i in negations for target in targets) or any(
        0 < mention.start - i <= 2 for i in negations
    )
