"""Several entities, several editors, several processes: all of a Change or none of it, and nobody's write is lost."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from counterpoint.bootstrap import Edit, Platform, SimulatedClock
from counterpoint.errors import Conflict, CounterpointError
from counterpoint.experiments import Event
from counterpoint.releases import MoveExperiment, SetBaseline, holdout_operation
from live_platform import live_platform, spec

ADA = Edit(actor="ada", reason="all together")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[tuple[Platform, SimulatedClock]]:
    with live_platform(tmp_path) as opened:
        yield opened


def live(platform: Platform):
    release = platform.control.release_store.latest("home")
    assert release is not None
    return release


def operations(platform, clock, shelves):
    state = live(platform).state
    end = clock() + timedelta(days=90)
    return (
        MoveExperiment(experiment="podcasts-second", event=Event.KILL),
        holdout_operation(state, "q4", owner="data", share=0.02, starts_at=clock(), ends_at=end),
        SetBaseline(values={"layout.max_shelves": shelves}),
    )


def test_a_change_of_three_entities_happens_as_one_and_is_audited_with_all_of_them(home):
    platform, clock = home
    platform.control.submit(surface="home", author="eve", spec=spec())
    wanted = operations(platform, clock, 8)
    platform.configuring.desk.propose("home", lambda state, change_id: wanted, ADA)
    state = live(platform).state
    assert (str(state.experiments["podcasts-second"].state), "q4" in state.holdouts) == ("stopped", True)
    entry = platform.control.audit("home")[0]
    assert set(entry["after"]) == {"baseline/layout.max_shelves", "experiments/podcasts-second", "holdouts/q4"}
    assert entry["before"]["baseline/layout.max_shelves"] == 12


def test_one_entity_that_cannot_change_keeps_the_others_as_they_were(home):
    platform, clock = home
    platform.control.submit(surface="home", author="eve", spec=spec())
    before, n_audited = live(platform), len(platform.control.audit("home"))
    wanted = operations(platform, clock, 99)
    with pytest.raises(CounterpointError) as caught:
        platform.configuring.desk.propose("home", lambda state, change_id: wanted, ADA)
    assert caught.value.code == "out_of_bounds"
    assert live(platform).digest == before.digest
    assert len(platform.control.audit("home")) == n_audited


def test_a_killed_experiment_is_restarted_with_every_unit_in_its_variant(home):
    platform, _ = home
    platform.control.submit(surface="home", author="eve", spec=spec())
    key, units = "podcasts.shelf_position", [f"u{n}" for n in range(300)]

    def seen():
        asked = [platform.delivery.resolve("home", unit, {}, parameters=[key]) for unit in units]
        return [(each["values"][key]["value"], each["values"][key]["variant"]) for each in asked]

    def move(event):
        wanted = (MoveExperiment(experiment="podcasts-second", event=event),)
        platform.configuring.desk.propose("home", lambda state, change_id: wanted, ADA)

    before = seen()
    assert any(variant == "treatment" for _, variant in before)
    move(Event.KILL)
    assert {value for value, _ in seen()} == {6}
    move(Event.RESTART)
    assert seen() == before


def test_of_editors_at_the_same_moment_one_wins_and_the_others_are_told(home):
    platform, _ = home
    number = live(platform).number

    def edit(n: int) -> str:
        said = Edit(actor=f"editor-{n}", reason="at once", expected_release=number)
        try:
            platform.configuring.set_values("home", {"layout.max_shelves": 4 + n}, said, at_once=True)
        except Conflict as error:
            return error.code
        return f"editor-{n}"

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(edit, range(6)))
    winners = [answer for answer in answers if answer.startswith("editor-")]
    assert len(winners) == 1
    assert set(answers) - set(winners) == {"stale_base"}
    assert live(platform).note.author == winners[0]
    assert live(platform).number == number + 1


def test_a_stage_is_taken_once_however_many_tick_at_the_same_moment(home):
    platform, clock = home
    made = platform.configuring.set_values(
        "home", {"layout.max_shelves": 8}, ADA, stages=[{"share": 0.1, "hours": 1}, {"share": 0.5, "hours": 1}]
    )
    number = live(platform).number
    clock.move_to(clock() + timedelta(hours=1))
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: platform.configuring.tick(), range(6)))
    assert live(platform).number == number + 1
    assert live(platform).state.rollouts[made["id"]].stage == 1
