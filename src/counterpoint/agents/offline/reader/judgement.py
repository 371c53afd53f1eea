"""Judgement: how likely each field of two readings of one hypothesis is right, the grammar's and the network's."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, log, prod

from counterpoint.agents.offline.reader.arms import Drafted, draft, judged, plain_arms, resolved, same_arms
from counterpoint.agents.offline.reader.grammar_reading import GrammarReading
from counterpoint.agents.offline.reader.signals import Signals
from counterpoint.config import Surface

_MOST_DRAFTS = 10
_EDGE = 1e-3
_OF_CHANGE = ("clarify:change",)
_BEYOND = "reject:out_of_bounds"
_OF_VALUES = ("clarify:value", "reject:no_op", _BEYOND)
_OF_METRIC = ("clarify:metric", "reject:unknown_metric")
_OF_USERS = ("clarify:audience", "reject:unknown_attribute")
_OF_PLACE = ("reject:other_surface",)
_HEARD = 0.5
_NAMED = 0.7
"""Probability given to a metric that is called by a name of the surface's, where the network prefers another one.

A rule and not a measure: of 676 metrics named so in hypotheses not taught, 671 were right, but it decided two of them.
"""
_TERSE = 14
"""Words up to which there is no room for a doubt that both readers missed."""
_SHORT = 25.0
"""Words below which a text is shorter than most that the network was taught."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Weights of six logistic regressions over two readings, fitted on hypotheses that the network had not seen.

    Each is as long as the features of its function below; `whole` weighs what the other five say.
    """

    plan: tuple[float, ...]
    arms: tuple[float, ...]
    metric: tuple[float, ...]
    direction: tuple[float, ...]
    audience: tuple[float, ...]
    whole: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The likeliest reading of each field, with the probability that it is right.

    Attributes:
        plan: Probability that a plan is what the text asks for.
        drafted: The arms; None where neither reads any.
        arms: Probability that they are right.
        metric: The metric that decides.
        increases: Whether it goes up.
        arms_lead: How much likelier the arms are than the next best reading of them.
        metric_lead: How much likelier the network holds its first metric than its second.
        whole: Probability that a plan is asked for and that all of it is right; 0 where only the fields were judged.
    """

    plan: float
    drafted: Drafted | None
    arms: float
    metric: str
    metric_share: float
    increases: bool
    direction_share: float
    audience_share: float
    arms_lead: float
    metric_lead: float
    whole: float = 0.0


def judge(signals: Signals, grammar: GrammarReading, surface: Surface, people: set[int], weights: Weights) -> Judged:
    """Return the likeliest reading of each field, of those that the grammar or the network offers, and of the whole.

    Args:
        people: Indexes of the words that tell who the users are.
    """
    found = judge_fields(signals, grammar, surface, people, weights)
    return replace(found, whole=_share(weights.whole, whole_features(found, grammar)))


def judge_fields(
    signals: Signals, grammar: GrammarReading, surface: Surface, people: set[int], weights: Weights
) -> Judged:
    """Return the likeliest reading of each field alone; arguments as for `judge`."""
    drafts = drafts_of(signals, grammar, surface, people)
    best = max((each.total for each in drafts), default=0.0)
    scored = [(_share(weights.arms, arm_features(d, signals, grammar, best)), -n) for n, d in enumerate(drafts)]
    arms, place = max(scored, default=(0.0, 0))
    heard = sorted(signals.metric.values(), reverse=True)
    metrics = {signals.likeliest_metric, grammar.primary or signals.likeliest_metric}
    metric_share, metric = max((_share(weights.metric, metric_features(m, signals, grammar)), m) for m in metrics)
    if grammar.named and grammar.explained and grammar.primary is not None and metric_share < _NAMED:
        metric_share, metric = _NAMED, grammar.primary
    ways = {signals.increase > 0.5}
    if grammar.primary == metric and grammar.increases is not None:
        ways.add(grammar.increases)
    direction_share, increases = max(
        (_share(weights.direction, direction_features(way, metric, signals, grammar)), way) for way in ways
    )
    return Judged(
        plan=_share(weights.plan, plan_features(signals, grammar, drafts)),
        drafted=drafts[-place] if drafts else None,
        arms=arms,
        metric=metric,
        metric_share=metric_share,
        increases=increases,
        direction_share=direction_share,
        audience_share=_share(weights.audience, audience_features(signals, grammar)),
        arms_lead=arms - max((share for share, n in scored if n != place), default=0.0),
        metric_lead=heard[0] - (heard[1] if len(heard) > 1 else 0.0),
    )


def drafts_of(signals: Signals, grammar: GrammarReading, surface: Surface, people: set[int]) -> list[Drafted]:
    """Return the network's likeliest readings of the arms, and the grammar's if it is not among them."""
    if grammar.plans and grammar.explained and grammar.n_words <= _TERSE:
        # "Ten days with the new releases on top": there is no room for a number to be two things.
        values = (replace(q, is_value=0.0) if q.quantity.span in grammar.running else q for q in signals.quantities)
        signals = replace(signals, quantities=tuple(values))
    drafts = draft(signals, surface, people)[:_MOST_DRAFTS]
    known = {k for arm in grammar.arms for k in arm} <= set(signals.dials)
    if grammar.arms and known and not any(same_arms(grammar.arms, each.arms) for each in drafts):
        drafts.append(judged(plain_arms(grammar.arms, surface), signals, surface))
    if grammar.resolved and grammar.explained and grammar.plans:
        drafts = [resolved(each) if same_arms(grammar.arms, each.arms) else each for each in drafts]
    return drafts


def plan_features(signals: Signals, grammar: GrammarReading, drafts: Sequence[Drafted]) -> tuple[float, ...]:
    """Return what speaks for a plan, rather than a question or a refusal.

    Args:
        drafts: As `drafts_of` gives them.
    """
    share = signals.answer["plan"]
    short = _short(grammar)
    if grammar.plans and (grammar.explained or grammar.n_words <= _TERSE):
        # To ask for what both readers have read, or to refuse it, contradicts itself. In a longer text with words that
        # nothing explains, it is more often the doubt that is right.
        share += sum(signals.answer.get(name, 0.0) for name in _contradicted(signals, grammar, drafts))
    heard = _log_odds(share)
    asks = float(bool(grammar.asks))
    return (1.0, heard, float(grammar.plans), asks, float(grammar.refuses), short, short * heard, short * grammar.plans)


def _contradicted(signals: Signals, grammar: GrammarReading, drafts: Sequence[Drafted]) -> Iterator[str]:
    """Yield the questions and refusals about a field that both readers read alike, or of what no word speaks."""
    if drafts and same_arms(max(drafts, key=lambda each: each.total).arms, grammar.arms):
        yield from _OF_CHANGE
        # In a longer text a doubt about a value is more often right, also where every word is explained.
        if grammar.n_words <= _TERSE:
            yield from _OF_VALUES
        elif (told := signals.told_by.get(_BEYOND)) and grammar.numbers.issuperset(told):
            yield _BEYOND  # the number that it is heard in is the one that both give an arm
    if grammar.primary is not None and signals.metric.get(grammar.primary, 0.0) > _HEARD:
        yield from _OF_METRIC
    if {key for key, share in signals.attributes.items() if share > _HEARD} == grammar.attributes:
        yield from _OF_USERS
    if grammar.explained:
        yield from _OF_PLACE  # another surface has a name, and no word is left to be it


def arm_features(drafted: Drafted, signals: Signals, grammar: GrammarReading, best: float) -> tuple[float, ...]:
    """Return what speaks for a reading of the arms.

    Args:
        best: Logarithm of the probability of the likeliest draft.
    """
    same = bool(grammar.arms) and same_arms(drafted.arms, grammar.arms)
    other = bool(grammar.arms) and not same
    return (
        1.0,
        drafted.dials,
        drafted.values,
        drafted.shape,
        drafted.count,
        float(same),
        float(same and grammar.plans),
        float(other),
        float(other and grammar.plans),
        drafted.total - best,
        float(len(drafted.arms) > 1),
        float(len({key for arm in drafted.arms for key in arm}) > 1),
        _log_odds(signals.answer["plan"]),
        float(bool(grammar.asks & {"change", "value"})),
        _short(grammar) * float(same and grammar.plans),
        _short(grammar) * float(other),
    )


def metric_features(metric: str, signals: Signals, grammar: GrammarReading) -> tuple[float, ...]:
    """Return what speaks for a metric."""
    heard, same = _log_odds(signals.metric.get(metric, 0.0)), grammar.primary == metric
    other = grammar.primary is not None and not same
    return (
        1.0,
        heard,
        float(same),
        float(other),
        heard if same else 0.0,
        float("metric" in grammar.asks),
        _short(grammar) * same,
    )


def direction_features(increases: bool, metric: str, signals: Signals, grammar: GrammarReading) -> tuple[float, ...]:
    """Return what speaks for a direction."""
    heard = signals.increase if increases else 1 - signals.increase
    compared = grammar.primary == metric and grammar.increases is not None
    same = compared and grammar.increases == increases
    return (1.0, _log_odds(heard), float(same), float(compared and not same))


def audience_features(signals: Signals, grammar: GrammarReading) -> tuple[float, ...]:
    """Return what speaks for the grammar's audience: whether the network hears the same attributes."""
    inside = [share for key, share in signals.attributes.items() if key in grammar.attributes]
    # "Conversion to premium" speaks of no plan that the users have: the word is part of the metric's name.
    outside = [
        1 - share
        for key, share in signals.attributes.items()
        if key not in grammar.attributes
        and not (grammar.explained and grammar.measured.issuperset(signals.told_by[key]))
    ]
    return (
        1.0,
        log(max(min(inside, default=1.0), _EDGE)),
        log(max(min(outside, default=1.0), _EDGE)),
        float(bool(grammar.attributes)),
        float(len(grammar.attributes) > 1),
        float("(" in grammar.audience),
        float("app_version" in grammar.attributes),
        float("audience" in grammar.asks),
        float(grammar.troubled),
        _short(grammar),
    )


def whole_features(found: Judged, grammar: GrammarReading) -> tuple[float, ...]:
    """Return what speaks for a plan that is right in all its fields: they are less independent than their product."""
    shares = (found.plan, found.arms, found.metric_share, found.direction_share, found.audience_share)
    same = found.drafted is not None and same_arms(found.drafted.arms, grammar.arms)
    return (
        1.0,
        *(_log_odds(share) for share in shares),
        log(max(prod(shares), _EDGE)),
        found.arms_lead,
        found.metric_lead,
        float(same and grammar.plans),
        float(grammar.plans),
        float(bool(grammar.asks)),
        float(grammar.refuses),
    )


def _short(grammar: GrammarReading) -> float:
    """Return how much shorter a text is than most that the network was taught, in [0, 1]."""
    return max(0.0, 1 - grammar.n_words / _SHORT)


def _share(weights: Sequence[float], features: Sequence[float]) -> float:
    score = sum(weight * feature for weight, feature in zip(weights, features, strict=True))
    return 1.0 / (1.0 + exp(-max(-30.0, min(30.0, score))))


def _log_odds(share: float) -> float:
    held = min(max(share, _EDGE), 1 - _EDGE)
    return log(held / (1 - held))


def weights_of(document: Mapping[str, Sequence[float]]) -> Weights:
    """Return weights from their JSON form."""
    return Weights(**{name: tuple(float(w) for w in each) for name, each in document.items()})
