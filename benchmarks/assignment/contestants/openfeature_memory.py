"""openfeature-sdk with its in-memory provider: what the envelope of the standard costs around the cheapest decision."""

from typing import Any

from openfeature.evaluation_context import EvaluationContext
from openfeature.flag_evaluation import FlagResolutionDetails, Reason
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider

from benchmarks.assignment.contestants.asking import CONTROL, TREATMENT, Ask, parts
from counterpoint.assignment import split
from counterpoint.config import LiveExperiment, Snapshot
from openfeature import api


def build(made: Snapshot) -> tuple[Ask, Ask]:
    flags = {experiment.key: _flag(experiment) for experiment in made.experiments}
    api.set_provider(InMemoryProvider(flags), "bench")
    ask = api.get_client("bench").get_integer_value
    keys = list(flags)

    def one(item: Any) -> int:
        return int(ask(keys[5], CONTROL, EvaluationContext(item[0], item[1])) == TREATMENT)

    def every(item: Any) -> int:
        context = EvaluationContext(item[0], item[1])
        return sum([ask(key, CONTROL, context) == TREATMENT for key in keys])

    return one, every


def _flag(experiment: LiveExperiment) -> InMemoryFlag[int]:
    countries, plan, days = parts(experiment.audience)
    wanted, salt = frozenset(countries), experiment.salt
    control = FlagResolutionDetails(value=CONTROL, reason=Reason.DEFAULT, variant="control")
    treatment = FlagResolutionDetails(value=TREATMENT, reason=Reason.SPLIT, variant="treatment")

    def decide(_: Any, context: EvaluationContext) -> FlagResolutionDetails[int]:
        at = context.attributes
        if at["country"] in wanted and at["plan"] != plan and at["tenure_days"] >= days:  # type: ignore[operator]
            return treatment if split(context.targeting_key or "", salt, (1, 1)) else control
        return control

    return InMemoryFlag("control", {"control": CONTROL, "treatment": TREATMENT}, context_evaluator=decide)
