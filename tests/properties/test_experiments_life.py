"""Whatever happens to a surface: units keep their variants, and experiments that exclude each other share nobody."""

from datetime import timedelta
from itertools import combinations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, rule

from counterpoint.assignment import BucketSet, bucket_of, split
from counterpoint.config import snapshot_id
from counterpoint.errors import Conflict
from counterpoint.experiments import (
    Event,
    Holdout,
    allocate,
    allowed_events,
    covers,
    draw_holdout_sets,
    free_space,
    pools_of,
    shared_ground,
    stage_shares,
)
from counterpoint.releases import (
    AddExperiment,
    AddHoldout,
    MoveExperiment,
    apply_change,
    fresh_state,
    make_snapshot,
    parts_of,
    state_from,
    territory_of,
)
from experiment_examples import NOW, a_spec, a_surface, change_of

UNITS = [f"user-{n}" for n in range(60)]
MOVES = frozenset(Event) - {Event.SHIP, Event.DECIDE, Event.UNSCHEDULE, Event.ARCHIVE}


class Life(RuleBasedStateMachine):
    keys = Bundle("keys")

    @initialize(holdout_pool=st.sampled_from([0, 0.1]), isolated_pool=st.sampled_from([0, 0.1]))
    def begin(self, holdout_pool: float, isolated_pool: float) -> None:
        self.state = fresh_state(a_surface(holdout_pool=holdout_pool, isolated_pool=isolated_pool))
        self.seen: dict[tuple[str, str], str] = {}
        self.stages: dict[tuple[str, int], BucketSet] = {}
        self.now = NOW
        self.n = 0

    def apply(self, *operations) -> None:
        self.now += timedelta(hours=1)
        self.state = apply_change(self.state, change_of(None, *operations), now=self.now)
        self.no_unit_ever_changes_its_variant()
        self.a_stage_is_the_same_buckets_whenever_it_is_reached_and_holds_the_ones_below()
        self.experiments_that_exclude_each_other_share_no_bucket()
        self.nobody_draws_from_holdouts_that_cover_it_or_from_pools()
        self.a_snapshot_has_one_id_however_the_state_came_about()

    @rule(
        target=keys,
        layers=st.sets(st.sampled_from("abc"), min_size=1, max_size=2),
        tags=st.sets(st.sampled_from(["tag-1", "tag-2"]), max_size=2),
        allocation=st.sampled_from([0.02, 0.1, 0.35, 0.6]),
        isolated=st.sampled_from([False, False, False, True]),
        weights=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    )
    def add(self, layers, tags, allocation, isolated, weights) -> str:
        self.n += 1
        spec = a_spec(
            f"e{self.n}",
            variants=[
                {"key": "control", "weight": weights[0]},
                {"key": "treatment", "weight": weights[1], "set": {f"{layer}.x": 2 for layer in sorted(layers)}},
            ],
            layers=sorted(tags),
            allocation=allocation,
            isolated=isolated,
            schedule={
                "days": 7,
                "ramp": [{"share": allocation / 4, "hours": 1}, {"share": allocation / 2, "hours": 1}],
            },
        )
        space = free_space(spec, territory_of(self.state))
        try:
            experiment = allocate(spec, territory_of(self.state), at=self.now, by="x")
        except Conflict:
            assert space.n_free < space.n_wanted
            return spec.key
        assert space.fits
        assert experiment.reserved.is_subset(space.free)
        self.apply(AddExperiment(experiment=experiment))
        return spec.key

    @rule(key=keys, steps=st.lists(st.tuples(st.integers(0, 20), st.sampled_from([None, 0, 1, 2])), max_size=10))
    def move(self, key, steps) -> None:
        for place, stage in steps:
            experiment = self.state.experiments.get(key)
            if experiment is None:
                return
            # Starting and ramping are one choice in three: they are what this is about.
            events = [event for event in allowed_events(experiment.state) if event in MOVES]
            wanted = [event for event in events if event in (Event.START, Event.RAMP, Event.RESTART, Event.RESUME)]
            event = wanted[0] if wanted and place % 3 == 0 else events[place % len(events)]
            if event is Event.RAMP and stage is None and experiment.stage == 2:
                continue
            self.apply(
                MoveExperiment(experiment=key, event=event, stage=stage if event in (Event.RAMP, Event.START) else None)
            )

    @rule(key=consumes(keys))
    def archive(self, key) -> None:
        if key in self.state.experiments and Event.ARCHIVE in allowed_events(self.state.experiments[key].state):
            self.apply(MoveExperiment(experiment=key, event=Event.ARCHIVE))

    @rule(share=st.sampled_from([0.01, 0.04]), layers=st.sampled_from([(), ("a",), ("tag-1",)]))
    def hold_out(self, share, layers) -> None:
        self.n += 1
        key = f"h{self.n}"
        try:
            sets = draw_holdout_sets(key, share=share, unit="user_id", territory=territory_of(self.state))
        except Conflict:
            return
        holdout = Holdout(
            key=key,
            owner="x",
            unit="user_id",
            share=share,
            status_quo=sets[0],
            shipped_only=sets[1],
            layers=layers,
            baseline=self.state.baseline,
            starts_at=self.now,
            ends_at=self.now + timedelta(days=365),
        )
        self.apply(AddHoldout(holdout=holdout))

    def no_unit_ever_changes_its_variant(self) -> None:
        made = make_snapshot(self.state, release=1, created_at=NOW)
        for live in made.experiments:
            buckets = BucketSet.from_text(live.buckets)
            weights = [variant.weight for variant in live.variants]
            for unit in UNITS:
                if bucket_of(unit, made.bucket_salt) in buckets:
                    variant = live.variants[split(unit, live.salt, weights)].key
                    assert self.seen.setdefault((live.key, unit), variant) == variant

    def a_stage_is_the_same_buckets_whenever_it_is_reached_and_holds_the_ones_below(self) -> None:
        for key, experiment in self.state.experiments.items():
            assert experiment.owned.is_subset(experiment.reserved)
            if experiment.stage is None:
                assert not experiment.owned
                continue
            assert self.stages.setdefault((key, experiment.stage), experiment.owned) == experiment.owned
            assert len(experiment.owned) == round(stage_shares(experiment.spec)[experiment.stage] * 10_000)
            for stage in range(experiment.stage):
                assert self.stages.get((key, stage), BucketSet()).is_subset(experiment.owned)

    def experiments_that_exclude_each_other_share_no_bucket(self) -> None:
        surface = self.state.surface
        for one, other in combinations(self.state.experiments.values(), 2):
            if shared_ground(one.spec, other.spec, surface) is not None:
                assert one.reserved.is_disjoint(other.reserved)

    def nobody_draws_from_holdouts_that_cover_it_or_from_pools(self) -> None:
        pools = pools_of(self.state.surface)
        for experiment in self.state.experiments.values():
            assert experiment.reserved.is_disjoint(pools.holdout)
            assert experiment.spec.isolated or experiment.reserved.is_disjoint(pools.isolated)
            for holdout in self.state.holdouts.values():
                if covers(holdout, experiment.spec, self.state.surface):
                    assert experiment.reserved.is_disjoint(holdout.status_quo | holdout.shipped_only)

    def a_snapshot_has_one_id_however_the_state_came_about(self) -> None:
        stored = state_from(parts_of(self.state))
        assert stored == self.state
        ids = {snapshot_id(make_snapshot(state, release=1, created_at=NOW)) for state in (stored, self.state)}
        assert len(ids) == 1


Life.TestCase.settings = settings(
    max_examples=30, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestLife = Life.TestCase
