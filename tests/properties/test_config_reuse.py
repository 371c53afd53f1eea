"""What is compiled after an earlier snapshot is what is compiled afresh, whatever changed in between."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from counterpoint.assignment import BucketSet
from counterpoint.config import AttributeSchema, compile_snapshot, load_snapshot, resolve_batch
from counterpoint.config.snapshot import encode_snapshot, snapshot_id
from properties.test_config_resolve import NOW, REQUESTS, VALUES, experiments, holdouts, rules, snapshots


@st.composite
def next_states(draw, before):
    """One publish: most of them small, as they are in life."""
    kinds = ["release", "kill", "ramp", "start", "stop", "order", "weights", "value", "baseline", "rules", "salt"]
    kind = draw(st.sampled_from([*kinds, "holdouts", "bounds", "attributes", "all"]))
    live, place = before.experiments, draw(st.integers(0, max(0, len(before.experiments) - 1)))
    one = live[place] if live else None
    change = {}
    if kind == "start":
        change["experiments"] = (*live, replace(draw(experiments(len(live))), key=f"n{before.release}"))
    elif kind == "order":
        change["experiments"] = tuple(reversed(live))
    elif kind == "baseline":
        key = draw(st.sampled_from(sorted(VALUES)))
        change["parameters"] = tuple(
            replace(each, baseline=draw(VALUES[key])) if each.key == key else each for each in before.parameters
        )
    elif kind == "value":  # equal to Python, and not the same value
        change["parameters"] = tuple(
            replace(each, baseline=draw(st.sampled_from([1, 1.0, 0.0, -0.0]))) if each.type == "float" else each
            for each in before.parameters
        )
    elif kind == "rules":
        change["rules"] = draw(rules("r"))
    elif kind == "salt":
        change["bucket_salt"] = draw(st.sampled_from(["home", "other"]))
    elif kind == "holdouts":
        change["holdouts"] = (draw(holdouts(0)),)
    elif kind == "bounds":
        change["parameters"] = tuple(
            replace(each, max=draw(st.sampled_from([5.0, 9.0]))) if each.key == "rows" else each
            for each in before.parameters
        )
    elif kind == "attributes":
        change["attributes"] = (*before.attributes, AttributeSchema(key=f"a{before.release}", type="int"))
    elif kind == "all":
        return replace(draw(snapshots()), release=before.release + 1)
    elif one is not None and kind in ("kill", "ramp", "stop", "weights"):
        others = {
            "kill": (replace(one, enabled=not one.enabled),),
            "ramp": (replace(one, buckets=BucketSet.of(range(0, 10_000, draw(st.integers(1, 4)))).to_text()),),
            "weights": (replace(one, variants=tuple(reversed(one.variants))),),
            "stop": (),
        }[kind]
        change["experiments"] = (*live[:place], *others, *live[place + 1 :])
    return replace(before, release=before.release + 1, **change)


def shape(compiled):
    """Return all that two compilations can differ in and that can be compared, written out: 1 is not 1.0."""
    planner, index = compiled.planner, compiled.planner.indexed()
    candidates = [
        (c.spec, c.unit, c.bucket_seed, c.bits, c.audience and c.audience.text, c.seed, c.bounds, c.parameters)
        for c in compiled.candidates
    ]
    programs = [
        (
            key,
            (p.key, p.place, p.fixed, p.default, p.table),
            [(rule.spec, rule.place, read) for rule, read in p.rules],
            [(line.candidate.spec.key, line.reads, list(line.at), line.bits, line.total) for line in p.lines],
            [(line.candidate.spec.key, line.reads) for line in p.special],
            [[line.candidate.spec.key for line in group] for group in p.groups],
        )
        for key, p in compiled.programs.items()
    ]
    planned = (
        (planner.is_general, planner.held, planner.n_candidates, planner.live, planner.rules),
        [(seed, total, list(at)) for seed, total, at in planner.splits.items],
        [(seed, total, list(at)) for seed, total, at in planner.draws.items],
        (index.everyone, index.residue, sorted(index.residual)),
        [(c.key, c.free, [bit for bit, _ in c.tests], c.steps) for c in index.columns],
        planner.rows().tobytes(),
    )
    return repr((compiled.id, compiled.bucket_seed, compiled.faults, candidates, programs, planned))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(snapshots(), st.data())
def test_any_sequence_of_publishes_compiled_one_after_the_other_is_each_compiled_afresh(first, data):
    requests = data.draw(st.lists(REQUESTS, min_size=1, max_size=3))
    state, before = first, compile_snapshot(first)
    for _ in range(data.draw(st.integers(1, 5))):
        state = data.draw(next_states(state))
        written, address = encode_snapshot(state), snapshot_id(state)
        after = load_snapshot(written, expected_id=address, confirmed_at=NOW, before=before)
        afresh = load_snapshot(written, expected_id=address, confirmed_at=NOW)
        assert shape(after) == shape(afresh)
        for unit, context, units in requests:
            one, other = (each.resolve(unit, context, NOW, units=units) for each in (after, afresh))
            assert repr(one.read_all()) == repr(other.read_all())
            assert (one.reads, one.enrolled, one.exposures) == (other.reads, other.enrolled, other.exposures)
            assert all(one.explain(key) == other.explain(key) for key in after.programs)
            one, other = (resolve_batch(each, [unit], {}) for each in (after, afresh))
            assert all(repr(one.values(key).tolist()) == repr(other.values(key).tolist()) for key in after.programs)
        before = after
