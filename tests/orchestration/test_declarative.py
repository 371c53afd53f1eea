"""A folder of specs is planned and applied: what is launched, replaced, stopped, left, and why."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from counterpoint.errors import Conflict, InvalidInput
from counterpoint.experiments import WHY_NOT, ExperimentSpec, parse_spec
from counterpoint.orchestration import LaunchDesk, LaunchState, Verb, approve, move, open_desk, reject, submit, tick
from counterpoint.orchestration.declarative import (
    Act,
    Declared,
    Head,
    StatePlan,
    Unreadable,
    adopt,
    apply_plan,
    declared_in,
    differences,
    exported,
    plan_document,
    plan_state,
    require_unmoved,
    spec_text,
)
from counterpoint.vocabulary import Finding, Severity
from launch_fakes import FakeWorld, KillableExecutor, Killed, spec_document

SOURCE = "home-specs"


def declared(key: str = "podcasts-second", **changes: Any) -> Declared:
    return Declared(spec=ExperimentSpec.model_validate(spec_document(key=key, **changes)), file=f"{key}.yaml")


class Desk:
    """A desk over fakes, which another process can take over."""

    def __init__(self, executor: KillableExecutor | None = None) -> None:
        self.world = FakeWorld()
        self.ids = itertools.count()
        self.releases = 1
        self.executor = executor or KillableExecutor()
        self.desk = self.reopened()

    def reopened(self) -> LaunchDesk:
        self.desk = open_desk(self.world.build(), self.executor, lambda: str(next(self.ids)))
        return self.desk

    def head(self, surface: str) -> Head:
        return Head(number=self.releases, digest=f"{surface}-{self.releases}")

    def plan(self, *specs: Declared, unreadable: tuple[Unreadable, ...] = (), prune: bool = False) -> StatePlan:
        return plan_state(
            self.desk,
            specs,
            source=SOURCE,
            author="ada",
            head_of=self.head,
            unreadable=unreadable,
            surfaces=("home",),
            prune=prune,
        )

    def sync(self, *specs: Declared, prune: bool = False) -> StatePlan:
        plan = self.plan(*specs, prune=prune)
        apply_plan(self.desk, plan, actor="ada", wait_s=1.0)
        return plan

    def states(self) -> dict[str, str]:
        return {launch.experiment: str(launch.state) for launch in reversed(self.world.launches.list())}

    def only(self, plan: StatePlan) -> Any:
        (item,) = plan.items
        return item


@pytest.fixture
def folder() -> Desk:
    return Desk()


def test_a_new_spec_is_launched_with_every_backends_diff_and_a_second_sync_does_nothing(folder: Desk) -> None:
    item = folder.only(folder.sync(declared()))
    assert item.act is Act.LAUNCH
    assert {diff.backend for diff in item.diffs} == {"metrics", "surface"}
    assert folder.states() == {"podcasts-second": "running"}
    n_launches = len(folder.world.launches.rows)
    again = folder.sync(declared())
    assert folder.only(again).act is Act.KEEP
    assert again.n_changes == again.n_faults == 0
    assert len(folder.world.launches.rows) == n_launches


def test_a_plan_changes_nothing(folder: Desk) -> None:
    folder.plan(declared(), declared("other"))
    assert not folder.world.launches.rows
    assert all(backend.n_effects == 0 for backend in folder.world.backends)


def test_what_the_validator_refuses_is_planned_as_invalid_and_never_launched(folder: Desk) -> None:
    folder.world.findings = (Finding(code="bad", severity=Severity.ERROR, path="variants", message="It is bad"),)
    plan = folder.sync(declared())
    assert folder.only(plan).act is Act.INVALID
    assert plan.n_faults == 1
    assert not folder.world.launches.rows


def test_a_changed_spec_that_has_not_begun_is_launched_anew_and_its_approvals_are_void(folder: Desk) -> None:
    folder.world.n_approvals = 2
    folder.sync(declared())
    (launch,) = folder.world.launches.list()
    approve(folder.desk, launch.id, by="bob")
    item = folder.only(folder.sync(declared(allocation=0.2)))
    assert item.act is Act.REPLACE
    (edit,) = item.changes
    assert (edit.path, edit.before, edit.after) == ("allocation", 0.1, 0.2)
    new = next(each for each in folder.world.launches.list() if each.state is LaunchState.VALIDATED)
    assert new.spec["allocation"] == 0.2
    assert new.approvals == ()
    assert folder.world.launches.get(launch.id).state is LaunchState.REFUSED
    waits = folder.only(folder.sync(declared(allocation=0.2)))
    assert (waits.act, waits.reasons) == (Act.KEEP, ("launched, and waits for its approval",))


@pytest.mark.parametrize("change", [{"allocation": 0.2}, {"hypothesis": "Another."}, {"isolated": True}])
def test_what_a_running_launch_was_drawn_by_is_not_changed_and_the_plan_says_why(
    folder: Desk, change: dict[str, Any]
) -> None:
    folder.sync(declared())
    plan = folder.sync(declared(**change))
    item = folder.only(plan)
    assert item.act is Act.BLOCKED
    assert "under a new key" in item.reasons[0]
    (field,) = change
    assert any(reason.startswith(f"{field}: ") for reason in item.reasons[1:])
    assert plan.n_faults == 1
    assert folder.states() == {"podcasts-second": "running"}


def test_a_slower_ramp_is_amended_while_it_runs_and_a_second_sync_finds_nothing_to_do(folder: Desk) -> None:
    folder.sync(declared())
    slower = declared(schedule={"days": 14, "ramp": [{"share": 0.01, "hours": 48}, {"share": 0.05, "hours": 24}]})
    planned = folder.plan(slower)
    item = folder.only(planned)
    assert (item.act, planned.n_changes, planned.n_faults) == (Act.AMEND, 1, 0)
    assert [(edit.path, edit.before, edit.after) for edit in item.changes] == [("schedule.ramp.1.hours", 4.0, 48.0)]
    folder.sync(slower)
    (launch,) = folder.world.launches.list()
    assert (launch.state, launch.spec["schedule"]["ramp"][0]["hours"]) == (LaunchState.RUNNING, 48.0)
    assert launch.timeline[-1].reason == f"amended by ada: {SOURCE} declares another text now"
    assert folder.only(folder.sync(slower)).act is Act.KEEP


def test_a_folder_does_not_expose_more_than_people_have_approved(folder: Desk) -> None:
    folder.world.n_approvals = 1
    folder.sync(declared())
    (launch,) = folder.world.launches.list()
    approve(folder.desk, launch.id, by="bob")
    item = folder.only(folder.sync(declared(schedule={"days": 14, "ramp": [{"share": 0.01, "hours": 1}]})))
    assert item.act is Act.BLOCKED
    assert "0 of 1 approvals given" in item.reasons[0]
    assert folder.world.launches.get(launch.id).spec == launch.spec


def test_every_field_of_a_spec_says_why_it_cannot_change_in_place() -> None:
    fields = set(ExperimentSpec.model_fields) - {"kind", "key", "surface"}
    assert fields == set(WHY_NOT)


def test_only_what_this_folder_launched_is_pruned_and_only_when_asked(folder: Desk) -> None:
    folder.sync(declared("ours"), declared("ours-too"))
    submit(folder.desk, declared("theirs").spec, author="eve")
    kept = folder.sync(declared("ours"))
    assert {item.experiment: item.act for item in kept.items} == {
        "ours": Act.KEEP,
        "ours-too": Act.UNNAMED,
        "theirs": Act.UNNAMED,
    }
    assert folder.states()["ours-too"] == "running"
    pruned = folder.sync(declared("ours"), prune=True)
    assert {item.experiment for item in pruned.items if item.act is Act.STOP} == {"ours-too"}
    assert folder.states() == {"ours": "running", "ours-too": "shipped", "theirs": "running"}
    assert folder.sync(declared("ours"), prune=True).n_changes == 0


def test_nothing_is_pruned_while_a_file_cannot_be_read(folder: Desk) -> None:
    folder.sync(declared("ours"))
    broken = Unreadable(file="ours.yaml", code="malformed_yaml", message="not valid YAML")
    plan = folder.plan(unreadable=(broken,), prune=True)
    assert folder.only(plan).act is Act.UNNAMED
    assert plan.n_faults == 1


def test_a_pruned_launch_that_has_not_begun_is_refused_not_stopped(folder: Desk) -> None:
    folder.world.n_approvals = 1
    folder.sync(declared())
    assert folder.only(folder.sync(prune=True)).act is Act.STOP
    assert folder.states() == {"podcasts-second": "refused"}


def test_what_a_person_refused_is_not_launched_again_until_its_text_changes(folder: Desk) -> None:
    folder.world.n_approvals = 1
    folder.sync(declared())
    (launch,) = folder.world.launches.list()
    reject(folder.desk, launch.id, by="bob", reason="not now")
    plan = folder.sync(declared())
    assert folder.only(plan).act is Act.BLOCKED
    assert "bob: not now" in folder.only(plan).reasons[0]
    assert len(folder.world.launches.rows) == 1
    assert folder.only(folder.sync(declared(allocation=0.05))).act is Act.LAUNCH


def test_a_launch_that_failed_is_tried_again(folder: Desk) -> None:
    folder.world.backends[1].fail_on = "start"
    folder.sync(declared())
    assert folder.states() == {"podcasts-second": "failed"}
    folder.world.backends[1].fail_on = None
    assert folder.only(folder.sync(declared())).act is Act.LAUNCH
    assert folder.only(folder.plan(declared())).state == "running"


def test_a_pause_and_a_stop_by_hand_are_reported_and_left(folder: Desk) -> None:
    folder.sync(declared())
    (launch,) = folder.world.launches.list()
    move(folder.desk, launch.id, Verb.PAUSE, actor="bob", reason="odd numbers")
    item = folder.only(folder.sync(declared()))
    assert item.act is Act.KEEP
    assert "bob: odd numbers" in item.drift[0]
    assert folder.states() == {"podcasts-second": "paused"}
    move(folder.desk, launch.id, Verb.STOP, actor="bob", reason="enough")
    item = folder.only(folder.sync(declared()))
    assert item.act is Act.KEEP
    assert "bob: enough" in item.drift[0]
    assert folder.states() == {"podcasts-second": "shipped"}


def test_a_backend_that_was_changed_by_hand_is_drift(folder: Desk) -> None:
    folder.sync(declared())
    folder.world.backends[1].state["podcasts-second"] = "something else"
    (drift,) = [each for each in folder.only(folder.plan(declared())).drift if each.startswith("surface")]
    assert "something else" in drift


def test_a_backend_that_is_down_is_named_and_the_plan_is_made_without_it(folder: Desk) -> None:
    from counterpoint.errors import DependencyFailure

    def down(_: Any) -> Any:
        raise DependencyFailure("backend_down", "it does not answer")

    folder.world.backends[0].plan = down
    item = folder.only(folder.plan(declared()))
    assert list(item.unasked) == ["metrics"]
    assert [diff.backend for diff in item.diffs] == ["surface"]


@pytest.mark.parametrize("kill_at", range(1, 16))
@pytest.mark.parametrize("before_record", [False, True])
def test_a_sync_that_is_killed_anywhere_and_run_again_ends_the_same(kill_at: int, before_record: bool) -> None:
    specs = (declared("one"), declared("two", allocation=0.05))
    folder = Desk(KillableExecutor(kill_at, before_record=before_record))
    try:
        folder.sync(*specs)
    except Killed:
        folder.executor.kill_at = None
        folder.reopened()
    folder.sync(*specs)
    folder.world.clock.pass_time(minutes=5)
    tick(folder.desk)
    assert folder.states() == {"one": "running", "two": "running"}
    assert len(folder.world.launches.rows) == 2
    assert all(backend.n_effects == 2 for backend in folder.world.backends)
    assert folder.sync(*specs).n_changes == 0


def test_a_replacement_that_is_killed_between_refusal_and_launch_is_completed_by_the_next_sync(folder: Desk) -> None:
    folder.world.n_approvals = 1
    folder.sync(declared())
    (launch,) = folder.world.launches.list()
    reject(folder.desk, launch.id, by="ada", reason=f"{SOURCE} declares another text now")
    assert folder.only(folder.sync(declared(allocation=0.2))).act is Act.LAUNCH
    (waiting,) = [each for each in folder.world.launches.list() if each.state is LaunchState.VALIDATED]
    assert waiting.spec["allocation"] == 0.2
    assert folder.sync(declared(allocation=0.2)).n_changes == 0


def test_what_a_folder_took_back_itself_is_launched_again_when_it_is_declared_again(folder: Desk) -> None:
    folder.world.n_approvals = 1
    folder.sync(declared())
    folder.sync(prune=True)
    assert folder.states() == {"podcasts-second": "refused"}
    assert folder.only(folder.sync(declared())).act is Act.LAUNCH
    assert folder.only(folder.plan(declared())).state == "validated"


def states_of_a_launch() -> dict[str, Callable[[Desk], None]]:
    def begun(desk: Desk) -> None:
        submit(desk.desk, declared().spec, author="eve")

    def moved(*verbs: Verb) -> Callable[[Desk], None]:
        def go(desk: Desk) -> None:
            begun(desk)
            (launch,) = desk.world.launches.list()
            for verb in verbs:
                move(desk.desk, launch.id, verb, actor="eve", reason="because")

        return go

    def waiting(desk: Desk) -> None:
        desk.world.n_approvals = 1
        begun(desk)

    def scheduled(desk: Desk) -> None:
        start = (desk.world.clock() + timedelta(days=1)).isoformat()
        spec = declared(schedule={"days": 14, "start": start}).spec
        submit(desk.desk, spec, author="eve")

    def rolled_back(desk: Desk) -> None:
        desk.world.verdict = type(desk.world.verdict)(ship=None, reasons=("worse",), scorecard={})
        moved(Verb.STOP)(desk)

    def refused(desk: Desk) -> None:
        waiting(desk)
        (launch,) = desk.world.launches.list()
        reject(desk.desk, launch.id, by="bob", reason="no")

    def failed(desk: Desk) -> None:
        desk.world.backends[1].fail_on = "start"
        begun(desk)

    return {
        "validated": waiting,
        "approved": scheduled,
        "running": begun,
        "paused": moved(Verb.PAUSE),
        "stopped": moved(Verb.HOLD),
        "archived": moved(Verb.HOLD, Verb.ARCHIVE),
        "shipped": moved(Verb.STOP),
        "rolled_back": rolled_back,
        "refused": refused,
        "failed": failed,
    }


@pytest.mark.parametrize("state", states_of_a_launch())
def test_what_is_exported_plans_nothing_in_every_state(folder: Desk, state: str) -> None:
    states_of_a_launch()[state](folder)
    assert folder.states() == {"podcasts-second": state}
    texts = exported(folder.world.launches.list())
    assert bool(texts) is (state not in ("refused", "failed"))
    specs = [Declared(spec=parse_spec(text, source=path), file=path) for path, text in texts.items()]
    plan = folder.plan(*specs, prune=True)
    assert plan.n_changes == plan.n_faults == 0
    assert all(item.changes == () for item in plan.items)


def test_a_spec_comes_back_from_its_yaml_as_it_was() -> None:
    odd = declared(
        hypothesis="Off: no, 'yes' \u00e9 # not a comment\n- and a second line",
        audience='country == "NO" && plan == "on"',
        schedule={"days": 14, "start": "2026-12-01T00:00:00+00:00", "ramp": [{"share": 0.00001, "hours": 4}]},
    ).spec
    assert differences(odd, parse_spec(spec_text(odd), source="text")) == ()


def test_an_adopted_launch_may_be_pruned(folder: Desk) -> None:
    submit(folder.desk, declared().spec, author="eve")
    (launch,) = folder.world.launches.list()
    adopt(folder.desk.world, launch.id, SOURCE)
    assert folder.only(folder.plan(prune=True)).act is Act.STOP


def history(surface: str, number: int) -> list[dict[str, Any]]:
    return [{"number": number + 1, "author": "eve", "reason": "in between"}]


def test_a_saved_plan_is_refused_once_the_world_has_moved_and_says_what_moved(folder: Desk) -> None:
    saved = plan_document(folder.plan(declared()))
    require_unmoved(saved, folder.plan(*declared_in(saved)), history)
    folder.releases += 1
    with pytest.raises(Conflict, match=r"release 2, not 1 \(2 by eve, in between") as refused:
        require_unmoved(saved, folder.plan(*declared_in(saved)), history)
    assert refused.value.code == "plan_stale"
    folder.releases -= 1
    submit(folder.desk, declared().spec, author="eve")
    with pytest.raises(Conflict, match="podcasts-second is running"):
        require_unmoved(saved, folder.plan(*declared_in(saved)), history)


@pytest.mark.parametrize("document", [{}, {"kind": "state_plan"}, {"kind": "state_plan", "version": 1, "specs": [1]}])
def test_what_is_no_plan_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=r"plan") as refused:
        declared_in(document)
    assert refused.value.code == "not_a_plan"


def test_somebody_who_launches_first_is_told_as_a_problem_and_nothing_is_lost(folder: Desk) -> None:
    plan = folder.plan(declared(), declared("other"))
    submit(folder.desk, declared().spec, author="eve")
    done = {each.item.experiment: each for each in apply_plan(folder.desk, plan, actor="ada", wait_s=1.0)}
    assert done["podcasts-second"].problem is not None
    assert done["podcasts-second"].problem["code"] == "launch_exists"
    assert done["other"].launch is not None
    assert done["other"].launch.state is LaunchState.RUNNING
