"""An amended experiment, on a real platform: its release, its registered plan and its ramp follow the new text."""

from pathlib import Path

import pytest

from counterpoint.errors import Conflict
from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration import Desired, Goal
from counterpoint.releases import AmendExperiment, apply_change, prepare
from live_platform import live_platform, spec

RAMP = [{"share": 0.02, "hours": 24}]
WHO = {"actor": "grace", "reason": "a weekend lies between"}


def test_a_slower_ramp_is_live_registered_and_audited_and_what_is_unsafe_changes_nothing(tmp_path: Path) -> None:
    text = spec(schedule={"days": 14, "ramp": RAMP})
    slower = {**text, "schedule": {"days": 14, "ramp": [{"share": 0.02, "hours": 72}, {"share": 0.05, "hours": 24}]}}
    with live_platform(tmp_path) as (platform, clock):
        control, plans = platform.control, platform.control.judge._plans
        launch = control.submit(surface="home", author="ada", spec=text)
        assert launch["state"] == "running"
        assert plans is not None
        registered = plans.get("podcasts-second")
        owned = control.release_store.latest("home").state.experiments["podcasts-second"].owned  # type: ignore[union-attr]
        with pytest.raises(Conflict, match="stage 1 is live"):
            control.amend("podcasts-second", {**text, "schedule": {"days": 14}}, **WHO)
        amended = control.amend("podcasts-second", slower, **WHO)
        assert amended["timeline"][-1]["reason"] == "amended by grace: a weekend lies between"

        live = control.release_store.latest("home").state.experiments["podcasts-second"]  # type: ignore[union-attr]
        assert [stage.hours for stage in live.spec.schedule.ramp] == [72.0, 24.0]
        assert live.owned == owned
        now = plans.get("podcasts-second")
        assert registered is not None
        assert now is not None
        assert [stage["hours"] for stage in now["plan"]["schedule"]["ramp"]] == [72.0, 24.0]
        assert now["registered_at"] == registered["registered_at"]
        assert now["amended"][0]["before"]["digest"] == registered["digest"]
        assert any(entry["action"] == "amend" and entry["actor"] == "grace" for entry in control.audit("home"))
        assert platform.drift.check() == []

        faster = {**slower, "schedule": {"days": 14, "ramp": RAMP}}
        for backend in control.desk.world.backends:
            wanted = Desired(
                launch_id=launch["id"],
                spec=ExperimentSpec.model_validate(faster),
                goal=Goal.AMEND,
                stage=0,
                actor="grace",
                reason="taken back below",
                now=clock(),
            )
            receipt = backend.apply(wanted, backend.plan(wanted), f"try:{backend.name}")
            assert backend.verify(receipt) is None
            backend.revert(receipt, actor="grace", reason="a later backend failed", now=clock())
        assert plans.get("podcasts-second") == now
        assert control.release_store.latest("home").state.experiments["podcasts-second"].spec == live.spec  # type: ignore[union-attr]

        with pytest.raises(Conflict) as again:
            control.amend("podcasts-second", slower, **WHO)
        assert again.value.code == "nothing_amended"
        base = control.release_store.latest("home")
        assert base is not None
        wider = live.spec.model_copy(update={"allocation": 0.2})
        change = prepare(
            base,
            (AmendExperiment(experiment="podcasts-second", spec=wider),),
            change_id="by-hand",
            surface="home",
            author="eve",
            reason="more",
            at=clock(),
        )
        # Whoever brings it, by whatever door, the release refuses what the rule refuses.
        with pytest.raises(Exception, match="allocation"):
            apply_change(base.state, change, now=clock())
