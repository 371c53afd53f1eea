"""Whether two plans say the same: arms without restated baselines, audiences by whom they select, numbers by value."""

import itertools
import random
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from counterpoint.agents.plan import PlannedGuardrail
from counterpoint.assignment import compile_audience
from counterpoint.config import Surface
from counterpoint.errors import InvalidInput
from counterpoint.vocabulary import AttributeType, Scalar

MOST_CONTEXTS = 5_000


def same_number(left: float | None, right: float | None) -> bool:
    """Return whether two numbers agree to a thousandth, or are both missing."""
    if left is None or right is None:
        return left is right
    return abs(left - right) <= 1e-6 + 1e-3 * abs(right)


def same_arms(surface: Surface, left: Sequence[Mapping[str, Scalar]], right: Sequence[Mapping[str, Scalar]]) -> bool:
    """Return whether two lists of arms are the same set, restated baselines apart."""
    return _arm_set(surface, left) == _arm_set(surface, right)


def _arm_set(surface: Surface, arms: Iterable[Mapping[str, Scalar]]) -> set[frozenset[tuple[str, str]]]:
    def shown(value: Scalar) -> str:
        return str(float(value)) if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)

    baseline = {key: p.baseline for key, p in surface.parameters.items()}
    return {frozenset((k, shown(v)) for k, v in arm.items() if baseline.get(k) != v) for arm in arms}


def same_guardrails(
    left: Sequence[PlannedGuardrail], right: Sequence[Mapping[str, Any]], required: frozenset[str]
) -> bool:
    """Return whether `left` asks for the guardrails of `right`; those that policy requires anyway may be left out."""
    mine = {g.metric: g for g in left}
    wanted = {g["metric"]: g for g in right}
    if set(mine) - required != set(wanted) - required or any(m not in mine and m not in required for m in wanted):
        return False
    for metric, guardrail in wanted.items():
        margin, margin_abs = guardrail.get("margin"), guardrail.get("margin_abs")
        if metric not in mine or (margin is None and margin_abs is None):
            continue
        held = mine[metric]
        if not (same_number(held.margin, margin) and same_number(held.margin_abs, margin_abs)):
            return False
    return True


def same_audience(surface: Surface, left: str, right: str) -> bool:
    """Return whether two CEL expressions select the same of the contexts that could tell them apart.

    An expression that does not compile against the surface's attributes equals none but itself.
    """
    if left == right:
        return True
    try:
        a, b = (compile_audience(text, surface.attributes) for text in (left, right))
    except InvalidInput:
        return False
    contexts = telling_contexts(surface, left, right)
    return all(a.matches(c) == b.matches(c) for c in contexts)


def telling_contexts(surface: Surface, *expressions: str) -> list[dict[str, Scalar]]:
    """Return contexts that tell audiences apart: every literal in them, its neighbours, and values that none names."""
    joined = " ".join(expressions)
    numbers = sorted(
        {int(n) + d for n in re.findall(r"(?<![\w.])\d+(?![\w.])", joined) for d in (-1, 0, 1)} | {0, 5, 20, 400}
    )
    strings = sorted({s for pair in re.findall(r"\"([^\"]*)\"|'([^']*)'", joined) for s in pair if s})
    pools: dict[str, list[Scalar]] = {}
    for key, attribute in surface.attributes.items():
        if not re.search(rf"\b{re.escape(key)}\b", joined):
            continue
        if attribute.type is AttributeType.BOOL:
            pools[key] = [True, False]
        elif attribute.type is AttributeType.ENUM:
            pools[key] = list(attribute.values)
        elif attribute.type is AttributeType.SEMVER:
            pools[key] = [*(s for s in strings if re.fullmatch(r"\d+(\.\d+)*", s)), "0.0.1", "9.0.0", "9999.0.0"]
        elif attribute.type in (AttributeType.INT, AttributeType.FLOAT):
            pools[key] = list(numbers)
        else:
            pools[key] = [*strings, *(f"{s}-XX" for s in strings), "zz-ZZ"]
    rows = [
        dict(zip(pools, values, strict=True))
        for values in itertools.islice(itertools.product(*pools.values()), MOST_CONTEXTS)
    ]
    if len(rows) == MOST_CONTEXTS:
        chance = random.Random(20)  # noqa: S311 - picks test contexts, not secrets; seeded so that a verdict can be repeated
        rows = [{key: chance.choice(pool) for key, pool in pools.items()} for _ in range(MOST_CONTEXTS)]
    return rows
