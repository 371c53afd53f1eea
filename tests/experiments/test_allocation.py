from dataclasses import replace
from datetime import timedelta

import pytest

from counterpoint.assignment import BucketSet
from counterpoint.errors import Conflict, InvalidInput, NotFound
from counterpoint.experiments import (
    Event,
    Holdout,
    allocate,
    draw_domain,
    draw_holdout_sets,
    exclusivity_findings,
    free_space,
    pools_of,
    transition,
)
from counterpoint.releases import SurfaceState, territory_of
from experiment_examples import NOW, a_spec, a_state, a_surface, drawn


def with_experiment(state: SurfaceState, key: str, **fields) -> SurfaceState:
    experiment = drawn(a_spec(key, **fields), state)
    return replace(state, experiments={**state.experiments, key: experiment})


def with_holdout(state: SurfaceState, key: str, share: float, **fields) -> SurfaceState:
    unit = fields.get("unit", "user_id")
    sets = draw_holdout_sets(key, share=share, unit=unit, territory=territory_of(state))
    holdout = Holdout(
        key=key,
        owner="data",
        unit=unit,
        share=share,
        status_quo=sets[0],
        shipped_only=sets[1],
        baseline=state.baseline,
        starts_at=NOW,
        ends_at=NOW + timedelta(days=90),
        **{name: value for name, value in fields.items() if name != "unit"},
    )
    return replace(state, holdouts={**state.holdouts, key: holdout})


def space(state: SurfaceState, **fields):
    return free_space(a_spec("new", **fields), territory_of(state))


def test_an_experiment_gets_as_many_buckets_as_its_share():
    assert len(drawn(a_spec(allocation=0.25), a_state()).reserved) == 2500
    assert len(drawn(a_spec(allocation=1.0), a_state()).reserved) == 10_000
    assert len(drawn(a_spec(allocation=0.00001), a_state()).reserved) == 1


def test_the_same_key_draws_the_same_buckets_and_another_key_others():
    first, again, other = (drawn(a_spec(key), a_state()) for key in ("e1", "e1", "e2"))
    assert first == again
    assert first.salt != other.salt
    # 1,000 of 10,000 each: about 100 in common (standard deviation 9), neither none nor all.
    assert 50 < len(first.reserved & other.reserved) < 150


def test_draws_spread_over_the_buckets_of_an_earlier_experiment():
    # Carry-over of one experiment reaches the next in proportion: 10 % of its buckets, not a block of them.
    earlier = drawn(a_spec("earlier", allocation=0.5), a_state()).reserved
    shares = [len(drawn(a_spec(f"later-{n}"), a_state()).reserved & earlier) / 1000 for n in range(20)]
    assert 0.45 < sum(shares) / len(shares) < 0.55


def test_experiments_on_different_layers_may_overlap():
    state = with_experiment(a_state(), "e1", allocation=0.9)
    assert space(state, set={"b.x": 2}, allocation=0.9).fits


def test_experiments_on_one_layer_share_no_bucket():
    state = with_experiment(a_state(), "e1", allocation=0.6)
    free = space(state, set={"a.y": 2}, allocation=0.4)
    assert (free.n_free, free.n_wanted, free.fits) == (4000, 4000, True)
    state = with_experiment(state, "e2", set={"a.y": 2}, allocation=0.4)
    assert state.experiments["e1"].reserved.is_disjoint(state.experiments["e2"].reserved)
    assert space(state).n_free == 0


def test_a_shared_tag_excludes_like_a_layer():
    state = with_experiment(a_state(), "e1", set={"a.x": 2}, layers=["checkout"], allocation=0.5)
    (rival,) = space(state, set={"b.x": 2}, layers=["checkout", "other"]).rivals
    assert (rival.key, rival.because, len(rival.buckets)) == ("e1", "both carry tag checkout", 5000)


def test_what_does_not_fit_is_a_conflict_that_names_the_rival_and_what_would_fit():
    state = with_experiment(a_state(), "e1", allocation=0.7)
    running = transition(state.experiments["e1"], Event.START, at=NOW)
    state = replace(state, experiments={"e1": running})
    with pytest.raises(Conflict) as caught:
        allocate(a_spec("e2", allocation=0.5), territory_of(state), at=NOW, by="x")
    error = caught.value
    assert error.code == "no_free_space"
    assert error.facts["rivals"] == [
        {"key": "e1", "because": "both set a.x", "n_buckets": 7000, "free_at": "2026-12-06T12:00:00+00:00"}
    ]
    assert (error.facts["n_free"], error.facts["share_free"]) == (3000, 0.3)
    assert error.fix == "ask for at most 0.3, or wait until 2026-12-06 12:00 UTC"


def test_a_stopped_experiment_holds_its_buckets_until_it_is_archived():
    state = with_experiment(a_state(), "e1", allocation=0.6)
    experiment = state.experiments["e1"]
    for event, n_free in ((Event.START, 4000), (Event.STOP, 4000), (Event.ARCHIVE, 10_000)):
        experiment = transition(experiment, event, at=NOW)
        assert space(replace(state, experiments={"e1": experiment})).n_free == n_free


def test_another_kind_of_unit_on_the_same_parameter_finds_no_bucket():
    # Buckets of devices say nothing about buckets of users: a user's devices may meet both.
    state = with_experiment(a_state(), "e1")
    free = space(state, unit="device_id")
    assert free.n_free == 0
    assert "randomises user_id, not device_id" in free.rivals[0].because


def test_another_kind_of_unit_on_another_layer_is_free():
    state = with_experiment(a_state(), "e1")
    assert space(state, unit="device_id", set={"b.x": 2}).n_free == 10_000


def test_pools_are_set_aside_from_ordinary_experiments():
    state = a_state(a_surface(holdout_pool=0.1, isolated_pool=0.2))
    pools = pools_of(state.surface)
    assert (len(pools.holdout), len(pools.isolated)) == (1000, 2000)
    free = space(state)
    assert free.n_free == 7000
    assert free.free.is_disjoint(pools.holdout | pools.isolated)
    assert free.set_aside == {"pools.holdout": 1000, "pools.isolated": 2000}


def test_growing_one_pool_moves_neither():
    small, large = (
        pools_of(a_surface(holdout_pool=0.1, isolated_pool=0.1)),
        pools_of(a_surface(holdout_pool=0.2, isolated_pool=0.1)),
    )
    assert small.holdout.is_subset(large.holdout)
    assert small.isolated == large.isolated
    assert large.holdout.is_disjoint(large.isolated)


def test_an_isolated_experiment_finds_its_pool_when_all_else_is_taken():
    state = with_experiment(a_state(a_surface(isolated_pool=0.1)), "e1", allocation=0.9)
    free = space(state, set={"b.x": 2}, isolated=True)
    assert free.free == pools_of(state.surface).isolated
    state = with_experiment(state, "alone", set={"b.x": 2}, isolated=True)
    assert space(state, set={"c.x": 2}).free.is_disjoint(state.experiments["alone"].reserved)
    assert {rival.because for rival in space(state, set={"c.x": 2}, isolated=True).rivals} == {
        "'new' is isolated",
    }


def test_an_experiment_of_a_domain_draws_from_it_only_and_others_never():
    state = a_state()
    domain = draw_domain("programme", share=0.2, owner="x", territory=territory_of(state))
    state = replace(state, domains={"programme": domain})
    inside = drawn(a_spec("in", domain="programme"), state)
    outside = drawn(a_spec("out", allocation=0.8), state)
    assert inside.reserved.is_subset(domain.buckets)
    assert outside.reserved.is_disjoint(domain.buckets)
    with pytest.raises(NotFound) as caught:
        space(state, domain="nowhere")
    assert caught.value.code == "unknown_domain"


def test_two_domains_share_no_bucket_and_a_third_may_not_fit():
    state = a_state()
    for key in ("one", "two"):
        domain = draw_domain(key, share=0.5, owner="x", territory=territory_of(state))
        state = replace(state, domains={**state.domains, key: domain})
    assert state.domains["one"].buckets.is_disjoint(state.domains["two"].buckets)
    with pytest.raises(Conflict):
        draw_domain("three", share=0.1, owner="x", territory=territory_of(state))


def test_a_holdout_draws_two_equal_sets_from_its_pool():
    state = with_holdout(a_state(a_surface(holdout_pool=0.1)), "global", 0.05)
    holdout = state.holdouts["global"]
    assert len(holdout.status_quo) == len(holdout.shipped_only) == 500
    assert holdout.status_quo.is_disjoint(holdout.shipped_only)
    assert (holdout.status_quo | holdout.shipped_only) == pools_of(state.surface).holdout


def test_several_holdouts_are_disjoint_and_an_experiment_avoids_all_that_cover_it():
    state = with_holdout(a_state(), "global", 0.05)
    state = with_holdout(state, "team", 0.02, owners=("team",))
    state = with_holdout(state, "others", 0.02, owners=("somebody",))
    sets = [holdout.status_quo | holdout.shipped_only for holdout in state.holdouts.values()]
    assert sum(len(one) for one in sets) == len(sets[0] | sets[1] | sets[2]) == 1800
    free = space(state)
    assert free.free.is_disjoint(sets[0] | sets[1])
    assert sets[2].is_subset(free.free)
    assert free.set_aside["holdouts.team"] == 400


def test_a_holdout_of_a_layer_covers_experiments_of_that_layer_only():
    state = with_holdout(a_state(), "layer-b", 0.1, layers=("b",))
    assert space(state, set={"a.x": 2}).n_free == 10_000
    assert space(state, set={"b.x": 2}).n_free == 8_000


def test_a_holdout_never_takes_buckets_of_an_experiment():
    state = with_experiment(a_state(), "e1", allocation=0.8)
    state = with_holdout(state, "global", 0.1)
    assert exclusivity_findings(state.experiments["e1"], territory_of(state)) == ()
    with pytest.raises(Conflict):
        with_holdout(state, "more", 0.01)


@pytest.mark.parametrize("share", [0, -0.1, 0.6])
def test_a_holdout_of_an_impossible_share_is_refused(share):
    with pytest.raises(InvalidInput):
        draw_holdout_sets("h", share=share, unit="user_id", territory=territory_of(a_state()))


def test_buckets_that_a_rival_took_in_the_meantime_are_found():
    state = with_experiment(a_state(), "e1", allocation=0.5)
    late = drawn(a_spec("e2"), a_state())
    findings = exclusivity_findings(late, territory_of(state))
    assert [(finding.code, finding.path) for finding in findings] == [("buckets_taken", "experiments.e1")]
    assert findings[0].facts["n_buckets"] == len(late.reserved & state.experiments["e1"].reserved) > 0


def test_a_key_that_exists_is_refused():
    state = with_experiment(a_state(), "e1")
    with pytest.raises(Conflict) as caught:
        allocate(a_spec("e1", set={"b.x": 2}), territory_of(state), at=NOW, by="x")
    assert caught.value.code == "key_taken"


def test_a_draw_leaves_out_what_is_taken_and_keeps_the_rest_of_its_order():
    alone = drawn(a_spec("late", allocation=0.2), a_state()).reserved
    state = with_experiment(a_state(), "e1", allocation=0.3)
    beside = drawn(a_spec("late", allocation=0.2), state).reserved
    assert (alone - state.experiments["e1"].reserved).is_subset(beside)
    assert beside.is_disjoint(state.experiments["e1"].reserved)
    assert isinstance(beside, BucketSet)


def test_audiences_that_a_fixed_attribute_keeps_apart_may_share_buckets():
    state = with_experiment(a_state(), "se", audience='country == "SE" && plan == "free"', allocation=0.9)
    assert space(state, audience='country == "NO"', allocation=0.9).fits
    assert space(state, audience='country in ["DK", "NO"]').rivals == ()
    assert space(state, audience='country in ["DK", "SE"]').n_free == 1000


def test_an_attribute_that_can_change_proves_nothing():
    # A unit that subscribes would meet both.
    state = with_experiment(a_state(), "free", audience='plan == "free"', allocation=0.9)
    assert space(state, audience='plan == "premium"').n_free == 1000


def test_an_isolated_experiment_is_alone_whatever_the_audiences():
    state = with_experiment(a_state(), "se", audience='country == "SE"', allocation=0.9)
    assert space(state, audience='country == "NO"', isolated=True, set={"b.x": 2}).n_free == 1000


def test_an_audience_that_cannot_be_read_proves_nothing():
    state = with_experiment(a_state(), "broken", audience="country == ", allocation=0.9)
    assert space(state, audience='country == "NO"').n_free == 1000
