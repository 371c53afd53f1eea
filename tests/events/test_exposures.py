"""Exposures follow from reads: one per experiment and request, never for a forced variant."""

from datetime import UTC, datetime

from counterpoint.config import Read
from counterpoint.events import Exposure, exposures_of
from counterpoint.vocabulary import Reason

AT = datetime(2026, 3, 1, tzinfo=UTC)


def read(parameter: str, experiment: str | None = "x", **changes: object) -> Read:
    fields = {"variant": "treatment", "is_exposure": True} | changes
    return Read(parameter=parameter, value=1, reason=Reason.SPLIT, experiment=experiment, **fields)  # type: ignore[arg-type]


def exposed(*reads: Read, request_id: str = "r") -> tuple[Exposure, ...]:
    return exposures_of(reads, surface="home", unit="u", at=AT, snapshot="s", release=1, request_id=request_id)


def test_the_first_read_of_an_experiment_is_its_only_exposure() -> None:
    found = exposed(read("a.one"), read("a.two"), read("b.one", "y"))
    assert [(e.experiment, e.parameter) for e in found] == [("x", "a.one"), ("y", "b.one")]


def test_reads_that_expose_nobody_leave_no_record() -> None:
    assert not exposed(read("a.one", is_exposure=False), read("a.two", None), read("a.three", forced=True))


def test_the_same_request_written_twice_has_the_same_ids_and_another_request_has_others() -> None:
    assert exposed(read("a.one")) == exposed(read("a.one"))
    assert exposed(read("a.one"))[0].id != exposed(read("a.one"), request_id="q")[0].id
