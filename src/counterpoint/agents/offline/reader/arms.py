"""Arms as the network reads them: the parameters it hears, the values it gives them, and how they are joined."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import log, prod

from counterpoint.agents.offline.reader.signals import FAINT, Signals
from counterpoint.agents.offline.reader.ways import elided_unit, is_same, settable, values_by_way
from counterpoint.config import Parameter, Surface
from counterpoint.vocabulary import ParameterType, Scalar

Arm = Mapping[str, Scalar]
_LIKELY = 0.5
_POSSIBLE = 0.08
"""Least probability of a parameter, or of a value where nothing better is said, that is still tried."""
_AUDIENCE = 0.3
"""Weight of a quantity that tells who the users are: it seldom is a value as well."""
_RESOLVED = 0.6
"""Least probability of values, and of how they make arms, that a construction gives and no word names."""
_MOST_OFFERS = 8
"""Values of one parameter that are tried: a text of a thousand numbers is answered, too."""
_MOST_JOINED = 6
_MOST_ARMS = 24
_MOST_DIALS = 4
_MANY = 4
"""As many arms, or more, are one class to the network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """One reading of the arms, with the logarithms of the probabilities of its parts.

    Attributes:
        arms: Without baselines and without switches that another parameter of the arm needs.
        dials: Of just these parameters moving.
        values: Of just these values.
        shape: Of their being joined like this; 0 where one parameter moves.
        count: Of there being as many arms.
    """

    arms: tuple[Arm, ...]
    dials: float
    values: float
    shape: float
    count: float

    @property
    def total(self) -> float:
        """Logarithm of the probability of the whole."""
        return self.dials + self.values + self.shape + self.count


def plain_arms(arms: Sequence[Arm], surface: Surface) -> tuple[Arm, ...]:
    """Return arms without baselines, and without switches that are on because another parameter needs them."""
    found: list[Arm] = []
    for arm in arms:
        moved = {k: v for k, v in arm.items() if surface.parameters[k].baseline != v}
        needed = {n: v[0] for k in moved for n, v in (surface.parameters[k].requires or {}).items() if len(v) == 1}
        kept = {k: v for k, v in moved.items() if needed.get(k) != v or k not in needed}
        if kept:
            found.append(kept)
    return tuple(found)


def completed_arms(arms: Sequence[Arm], surface: Surface) -> tuple[dict[str, Scalar], ...]:
    """Return arms with the switches that their parameters need, where only one value of each will do."""
    found = []
    for arm in arms:
        needs: dict[str, Scalar] = {
            n: v[0]
            for k in arm
            for n, v in (surface.parameters[k].requires or {}).items()
            if len(v) == 1 and n not in arm and surface.parameters[n].baseline != v[0]
        }
        found.append({**needs, **arm})
    return tuple(found)


def same_arms(one: Sequence[Arm], other: Sequence[Arm]) -> bool:
    """Return whether two readings are one, whatever the order of their arms."""
    return _as_set(one) == _as_set(other)


def _as_set(arms: Sequence[Arm]) -> frozenset[frozenset[tuple[str, str]]]:
    def plain(value: Scalar) -> str:
        return str(value) if isinstance(value, (bool, str)) else f"{float(value):.6g}"

    return frozenset(frozenset((k, plain(v)) for k, v in arm.items()) for arm in arms)


def draft(signals: Signals, surface: Surface, audience: set[int]) -> list[Drafted]:
    """Return the readings of the arms that the network finds likely, the likeliest first.

    Args:
        signals: What it says of the text.
        surface: The surface, whose bounds and baselines every value keeps to.
        audience: Indexes of the words that tell who the users are.
    """
    found: list[Drafted] = []
    seen: set[frozenset[frozenset[tuple[str, str]]]] = set()
    for keys in _sets_of(signals):
        for values in _values_of(keys, signals, surface, audience):
            if any(not each for each in values.values()):
                continue
            for shape, arms in shapes_of(values).items():
                plain = plain_arms(_supplied(arms, signals, surface), surface)
                if plain and (which := _as_set(plain)) not in seen:
                    seen.add(which)
                    found.append(judged(plain, signals, surface, shape))
    return sorted(found, key=lambda each: -each.total)


def _supplied(arms: Sequence[Arm], signals: Signals, surface: Surface) -> list[Arm]:
    """Return arms with the likeliest value of what their parameters need, where several would do.

    "Five shelves first" needs a page that comes in parts, and does not say in which way.
    """
    found: list[Arm] = []
    for arm in arms:
        needs: dict[str, Scalar] = {}
        for key in arm:
            for need, options in (surface.parameters[key].requires or {}).items():
                if len(options) > 1 and arm.get(need, surface.parameters[need].baseline) not in options:
                    needs[need] = max(options, key=lambda value: signals.values.get((need, str(value)), 0.0))
        found.append({**arm, **needs})
    return found


def judged(arms: Sequence[Arm], signals: Signals, surface: Surface, shape: str | None = None) -> Drafted:
    """Return a reading with its probabilities; of one made elsewhere the shape is found.

    Args:
        arms: As `plain_arms` gives them.
        shape: How they are joined; found where None.
    """
    values: dict[str, list[Scalar]] = {}
    for arm in arms:
        for key, value in arm.items():
            if value not in values.setdefault(key, []):
                values[key].append(value)
    needed = {n for k in values for n in (surface.parameters[k].requires or {})}
    dials = sum(
        log(_floor(share if key in values else 1 - share))
        for key, share in signals.dials.items()
        if key in values or key not in needed
    )
    if shape is None:
        shape = next((name for name, made in shapes_of(values).items() if same_arms(made, arms)), "other")
    joined = 0.0 if len(values) < 2 else log(_floor(signals.shapes.get(shape.partition(":")[0], FAINT)))
    return Drafted(
        arms=tuple(arms),
        dials=dials,
        values=_log_values(values, signals, surface),
        shape=joined,
        count=log(_floor(signals.n_arms.get(min(len(arms), _MANY), FAINT))),
    )


def resolved(drafted: Drafted) -> Drafted:
    """Return a reading whose values and arms a construction gives: "every other", "trade places", "the same with ...".

    The network was not taught what such words stand for; it hears the parameters that they are said of.
    """
    least = log(_RESOLVED)
    return replace(
        drafted,
        values=max(drafted.values, least),
        shape=max(drafted.shape, least),
        count=max(drafted.count, least),
    )


def _sets_of(signals: Signals) -> Iterator[tuple[str, ...]]:
    """Yield the likely sets of parameters: the likeliest, with one more, with one less."""
    ranked = sorted(signals.dials, key=lambda k: -signals.dials[k])
    first = [k for k in ranked if signals.dials[k] > _LIKELY][:_MOST_DIALS] or ranked[:1]
    yield tuple(first)
    rest = [k for k in ranked if k not in first and signals.dials[k] > _POSSIBLE][:2]
    for key in rest:
        yield (*first, key)
    if len(first) > 1:
        yield from (tuple(k for k in first if k != key) for key in first)
    elif rest:
        yield (rest[0],)


def _values_of(
    keys: Sequence[str], signals: Signals, surface: Surface, audience: set[int]
) -> Iterator[dict[str, list[Scalar]]]:
    """Yield likely values of each parameter: what is likelier than not, and with the doubtful ones the other way."""
    offers = {key: _offers(key, keys, signals, surface.parameters[key], audience) for key in keys}
    chosen = {key: _taken(each) for key, each in offers.items()}
    yield chosen
    for key, each in offers.items():
        for value, share in each:
            inside = value in chosen[key]
            if 0.1 < share < 0.9 and not (inside and len(chosen[key]) == 1):
                other = [v for v, _ in each if (v in chosen[key]) != (v == value)]
                yield {**chosen, key: other}
        if len(chosen[key]) == 1 and len(each) > 1:
            yield from ({**chosen, key: [v]} for v, share in each[:3] if v not in chosen[key] and share > _POSSIBLE)


def _taken(offers: Sequence[tuple[Scalar, float]]) -> list[Scalar]:
    likely = [value for value, share in offers if share > _LIKELY]
    best = max(offers, key=lambda each: each[1], default=None)
    return likely or ([best[0]] if best is not None and best[1] > _POSSIBLE else [])


def _offers(
    key: str, keys: Sequence[str], signals: Signals, parameter: Parameter, audience: set[int]
) -> list[tuple[Scalar, float]]:
    """Return the values that the text may give to a parameter with their probabilities, in the order of the text."""
    if parameter.type not in (ParameterType.INT, ParameterType.FLOAT):
        named: list[Scalar] = [True, False] if parameter.type is ParameterType.BOOL else list(parameter.values)
        return [(v, signals.values.get((key, str(v)), 0.0)) for v in named if v != parameter.baseline]
    numeric = [k for k in keys if any(k in q.dial for q in signals.quantities[:1])]
    found: list[tuple[Scalar, float]] = []
    elided = _elided(signals)
    for each in signals.quantities:
        share = each.is_value * (_AUDIENCE if set(range(*each.quantity.span)) <= audience else 1.0)
        whose = sum(each.dial[k] for k in numeric) or 1.0
        ways = [
            (each.way[way], value)
            for way, plain in values_by_way(each.quantity, parameter, elided).items()
            if (value := settable(plain, parameter)) is not None
        ]
        if key in each.dial:
            sure = max((weight for weight, _ in ways), default=0.0)
            for weight, value in sorted(ways, key=lambda pair: -pair[0])[:2]:
                if weight == sure or weight > _POSSIBLE:
                    rival = 1.0 if weight == sure else min(0.45, weight)
                    _add(found, value, share * each.dial[key] / whose * rival)
    certain = any(share > _LIKELY for _, share in found)
    for name, bound in (("max", parameter.max), ("min", parameter.min)):
        if bound is not None and bound != parameter.baseline:
            # Where a number is said, a bound beside it is doubtful: tried, and not taken by itself.
            at_all = min(0.45, signals.anchors[name]) if certain else 0.8 * signals.anchors[name]
            value = int(bound) if parameter.type is ParameterType.INT else float(bound)
            _add(found, value, max(signals.values.get((key, name), 0.0), at_all))
    least = sorted((share for _, share in found), reverse=True)[:_MOST_OFFERS][-1:] or [0.0]
    return [each for each in found if each[1] >= least[0]][:_MOST_OFFERS]


def _elided(signals: Signals) -> float | None:
    return elided_unit(each.quantity for each in signals.quantities if each.is_value > _LIKELY)


def _add(found: list[tuple[Scalar, float]], value: float | int, share: float) -> None:
    for n, (held, before) in enumerate(found):
        if not isinstance(held, (bool, str)) and is_same(float(held), value):
            found[n] = (held, max(before, share))
            return
    found.append((value, share))


def shapes_of(values: Mapping[str, Sequence[Scalar]]) -> dict[str, list[Arm]]:
    """Return the arms that values make under each way of joining them.

    Args:
        values: Parameter -> its values, in the order in which they are said.

    Returns:
        Shape -> arms: `single` (one parameter), `each` (every value an arm), `joint` (all in one arm), `product`,
        `each_and_all`, `zip` (first with first), and `base:<parameter>` (it alone, then with the rest),
        `split:<parameter>` (it alone, then the rest).
    """
    keys = [key for key in values if values[key]]
    if len(keys) == 1:
        return {"single": [{keys[0]: value} for value in values[keys[0]]]}
    each: list[Arm] = [{key: value} for key in keys for value in values[key]]
    found: dict[str, list[Arm]] = {"each": each}
    if prod(len(values[key]) for key in keys) > _MOST_ARMS:
        return found
    every: list[Arm] = [dict(zip(keys, row, strict=True)) for row in product(*(values[key] for key in keys))]
    found["joint" if len(every) == 1 else "product"] = every
    if len(every) <= _MOST_JOINED:
        found["each_and_all"] = [*each, *every]
    counts = {len(values[key]) for key in keys}
    if len(counts) == 1 and counts != {1}:
        found["zip"] = [{key: values[key][n] for key in keys} for n in range(counts.pop())]
    elif counts == {1}:
        for key in keys:
            rest = {k: values[k][0] for k in keys if k != key}
            found[f"base:{key}"] = [{key: values[key][0]}, {key: values[key][0], **rest}]
            if len(keys) > 2:
                found[f"split:{key}"] = [{key: values[key][0]}, rest]
    return found


def _log_values(values: Mapping[str, Sequence[Scalar]], signals: Signals, surface: Surface) -> float:
    """Return the logarithm of the probability that arms have these values, and that no other quantity is one."""
    total, used, elided = 0.0, set[int](), _elided(signals)
    for key, mine in values.items():
        parameter = surface.parameters[key]
        for value in mine:
            if isinstance(value, (bool, str)):
                total += log(_floor(signals.values.get((key, str(value)), FAINT)))
                continue
            best = 0.0
            for n, each in enumerate(signals.quantities):
                for way, plain in values_by_way(each.quantity, parameter, elided).items():
                    if is_same(plain, float(value)):
                        share = each.is_value * each.way[way]
                        best = max(best, share)
                        if share > _AUDIENCE:
                            used.add(n)
            for name, bound in (("max", parameter.max), ("min", parameter.min)):
                if value == bound:
                    best = max(best, signals.values.get((key, name), 0.0), 0.9 * signals.anchors[name])
            total += log(_floor(best))
        if parameter.type not in (ParameterType.INT, ParameterType.FLOAT):
            total += sum(
                log(_floor(1 - share))
                for (k, name), share in signals.values.items()
                if k == key and not any(str(v) == name for v in mine)
            )
    numeric = [surface.parameters[k] for k in values if surface.parameters[k].type is not ParameterType.BOOL]
    numeric = [p for p in numeric if p.type in (ParameterType.INT, ParameterType.FLOAT)]
    for n, each in enumerate(signals.quantities):
        could = any(settable(v, p) is not None for p in numeric for v in values_by_way(each.quantity, p).values())
        if n not in used and could:
            total += log(_floor(1 - each.is_value))
    return total


def _floor(share: float) -> float:
    return max(share, FAINT)
