"""openfeature-provider-flagd, evaluating in this process from a file, asked through an OpenFeature client."""

import json
import tempfile
from pathlib import Path
from typing import Any

from openfeature.contrib.provider.flagd import FlagdProvider
from openfeature.contrib.provider.flagd.config import ResolverType
from openfeature.evaluation_context import EvaluationContext

from benchmarks.assignment.contestants.asking import CONTROL, TREATMENT, Ask, parts
from counterpoint.config import LiveExperiment, Snapshot
from openfeature import api


def build(made: Snapshot) -> tuple[Ask, Ask]:
    flags = {experiment.key: _flag(experiment) for experiment in made.experiments}
    # The provider goes on watching its file, so the file stays until the benchmark ends.
    file = Path(tempfile.mkdtemp(prefix="flagd-bench-")) / "flags.json"
    file.write_text(json.dumps({"flags": flags}), encoding="utf-8")
    provider = FlagdProvider(resolver_type=ResolverType.FILE, offline_flag_source_path=str(file))
    api.set_provider_and_wait(provider, "flagd")
    ask, keys = api.get_client("flagd").get_integer_value, list(flags)

    def one(item: Any) -> int:
        return int(ask(keys[5], CONTROL, EvaluationContext(item[0], item[1])) == TREATMENT)

    def every(item: Any) -> int:
        context = EvaluationContext(item[0], item[1])
        return sum([ask(key, CONTROL, context) == TREATMENT for key in keys])

    return one, every


def _flag(experiment: LiveExperiment) -> dict[str, Any]:
    countries, plan, days = parts(experiment.audience)
    audience = {
        "and": [
            {"in": [{"var": "country"}, countries]},
            {"!=": [{"var": "plan"}, plan]},
            {">=": [{"var": "tenure_days"}, days]},
        ]
    }
    share = {"fractional": [{"cat": [experiment.salt, {"var": "targetingKey"}]}, ["control", 50], ["treatment", 50]]}
    return {
        "state": "ENABLED",
        "variants": {"control": CONTROL, "treatment": TREATMENT},
        "defaultVariant": "control",
        "targeting": {"if": [audience, share, "control"]},
    }
