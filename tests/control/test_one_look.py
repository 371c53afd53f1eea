"""Many specs are validated on one look at the records, with the findings that each would get alone."""

from collections import Counter
from pathlib import Path

import pytest

from counterpoint.control.hypotheses.one_look import OneLook
from counterpoint.experiments import Unknown, parse_spec
from live_platform import live_platform, spec


class Asked:
    """A past that says nothing and counts who asks."""

    def __init__(self) -> None:
        self.n = Counter[str]()

    def units_per_day(self, surface: str, *, audience: str, unit: str | None = None) -> Unknown:
        return self._said(f"units {surface} {audience} {unit}")

    def metric_history(self, surface: str, metric: str, *, audience: str) -> Unknown:
        return self._said(f"metric {surface} {metric} {audience}")

    def spent(self, surface: str) -> Unknown:
        return self._said(f"spent {surface}")

    def _said(self, question: str) -> Unknown:
        self.n[question] += 1
        return Unknown(code="none", reason=question)


def test_each_question_is_asked_once_and_others_are_not_answered_by_it() -> None:
    asked = Asked()
    look = OneLook(asked, asked)
    for _ in range(3):
        assert look.units_per_day("home", audience="true").reason == "units home true None"
        assert look.units_per_day("home", audience="x == 1", unit="device").reason == "units home x == 1 device"
        assert look.metric_history("home", "m", audience="true").reason == "metric home m true"
        assert look.spent("home").reason == "spent home"
    assert set(asked.n.values()) == {1}
    assert len(asked.n) == 4


def test_the_findings_of_one_look_are_those_of_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with live_platform(tmp_path) as (platform, clock):
        planning = platform.declaring.planning
        specs = [parse_spec(spec(key=f"e{n}", allocation=share)) for n, share in enumerate((0.1, 0.2, 0.9))]
        alone = [planning.validate(each, clock()) for each in specs]
        n_read, read = Counter[str](), planning._release
        monkeypatch.setattr(planning, "_release", lambda surface: (n_read.update([surface]), read(surface))[1])
        validate = planning.validator(clock())
        assert [validate(each, clock()) for each in specs] == alone
        assert n_read == {"home": 1}
        assert any(alone)
