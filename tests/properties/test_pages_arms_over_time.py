import asyncio
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoint.pages import HOME, LastAnswers, LastPages, MemoryHistory, page_document, serve_page
from pages.page_world import ADULT, NOW, Broken, FakeConfig, a_history, a_request, a_world

ESSENTIAL_DOWN = replace(HOME, shelves=(replace(HOME.shelves[2], source=Broken(), falls_back=False),))
CHANGES = {
    "podcasts.shelf_position": (6, 2),
    "genrec.enabled": (False, True),
    "genrec.prompt_style": ("mood", "activity"),
    "ranking.model": ("als", "popularity"),
    "filtering.repeat_window_hours": (24, 0),
    "layout.mood_shelf_position": (8, 1),
    "loading.first_fold_shelves": (3, 5),
    "podcasts.show_progress": (False, True),
}
visits = st.lists(
    st.tuples(
        st.sampled_from(["well", "generator_down", "history_down", "essential_down"]),
        st.booleans(),  # whether the request says the hour, and so whether there is a mood shelf
        st.integers(1, 40),  # minutes since the visit before
    ),
    min_size=1,
    max_size=5,
)


def lived(sequence, values, unit):
    """Return the documents and reads of one unit's visits in one arm; copies of earlier pages and answers live on."""
    memories = {"last_pages": LastPages(), "last_answers": LastAnswers()}
    history = MemoryHistory({unit: a_history(1)})
    now, made = NOW, []
    for state, says_hour, minutes in sequence:
        now += timedelta(minutes=minutes)
        world = a_world(history=history, **memories)
        if state == "generator_down":
            world = replace(world, generated=Broken())
        if state == "history_down":
            world = replace(world, history=Broken())
        context = ADULT if says_hour else {key: value for key, value in ADULT.items() if key != "hour_of_day"}
        config = FakeConfig(values)
        request = a_request(unit, now=now, request_id=f"r{len(made)}", context=context)
        page = asyncio.run(serve_page(request, config, world, ESSENTIAL_DOWN if state == "essential_down" else HOME))
        made.append((page_document(page), {read.parameter for read in config.reads}))
    return made


@settings(max_examples=25, deadline=None)
@given(
    sequence=visits,
    parameter=st.sampled_from(sorted(CHANGES)),
    is_generated=st.booleans(),
    unit=st.sampled_from(["u1", "u3"]),
)
def test_until_the_first_read_a_unit_sees_the_same_pages_in_both_arms_whatever_fails(
    sequence, parameter, is_generated, unit
):
    common = {"genrec.enabled": is_generated}
    control, treated = (lived(sequence, {**common, parameter: value}, unit) for value in CHANGES[parameter])
    for (page, reads), (other, other_reads) in zip(control, treated, strict=True):
        assert (parameter in reads) == (parameter in other_reads)
        if parameter in reads:
            break
        assert page == other
