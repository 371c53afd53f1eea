"""planout: one experiment class each, asked for its parameter; exposures go nowhere."""

import collections
from collections.abc import MutableMapping
from typing import Any

# The last release is older than Python 3.10, which moved this name; nothing else of it is touched.
collections.MutableMapping = MutableMapping  # type: ignore[attr-defined]

from planout.experiment import SimpleExperiment  # noqa: E402 - after the line above
from planout.ops.random import UniformChoice  # noqa: E402

from benchmarks.assignment.contestants.asking import CONTROL, TREATMENT, Ask, parts  # noqa: E402
from counterpoint.config import LiveExperiment, Snapshot  # noqa: E402


def build(made: Snapshot) -> tuple[Ask, Ask]:
    classes = [_class(experiment) for experiment in made.experiments]

    def one(item: Any) -> int:
        return int(classes[5](unit=item[0], at=item[1]).get("dial", CONTROL) == TREATMENT)

    def every(item: Any) -> int:
        unit, context = item
        return sum([kind(unit=unit, at=context).get("dial", CONTROL) == TREATMENT for kind in classes])

    return one, every


def _class(experiment: LiveExperiment) -> Any:
    countries, plan, days = parts(experiment.audience)
    wanted, salt = frozenset(countries), experiment.salt

    class Asked(SimpleExperiment):  # type: ignore[misc]  # planout has no types
        def setup(self) -> None:
            self.salt = salt
            self.set_auto_exposure_logging(False)

        def configure_logger(self) -> None:
            """Nothing is logged: only evaluation is measured."""

        def checksum(self) -> None:
            """It would read its own source file for each unit, for the log that is off."""

        def assign(self, params: Any, unit: str, at: Any) -> None:
            if at["country"] in wanted and at["plan"] != plan and at["tenure_days"] >= days:
                params.dial = UniformChoice(choices=[CONTROL, TREATMENT], unit=unit)

    return Asked
