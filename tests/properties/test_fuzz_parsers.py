"""Whatever is given to the parsers of audiences, specs, surfaces and snapshots: an answer or an error of ours, soon."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from counterpoint.assignment import check_audience, compile_audience
from counterpoint.config import decode_snapshot, encode_snapshot, load_surface
from counterpoint.experiments import parse_spec
from feed_world import HALVES, snapshot
from fuzzing import MEMORY_LIMIT, fuzz, peak_bytes, trouble

SEED = 20261122
N_FAST, N_SLOW = 250, 20_000
SURFACE = (Path(__file__).parents[2] / "examples" / "search" / "surface.yaml").read_text(encoding="utf-8")
DECLARED = load_surface(SURFACE, source="surface.yaml").attributes
STRING, NUMBER = (next(key for key, each in DECLARED.items() if str(each.type) == kind) for kind in ("string", "int"))
CONTEXTS = ({}, {STRING: "SE", NUMBER: 3}, {STRING: 3, NUMBER: "x"}, {STRING: None, NUMBER: float("nan")})
AUDIENCES = (
    "true",
    f'{STRING} == "SE"',
    f'{STRING} in ["SE", "NO"] && {NUMBER} >= 30',
    f'!({STRING} == "SE") || {NUMBER} < -3',
    f'{STRING}.startsWith("S") ? {NUMBER} > 3 : {NUMBER} + 1 < 7 * 2',
    f'{STRING}.matches("^S[A-Z]+$") && size({STRING}) > 1',
    f'{STRING}.contains("é") && {STRING} != "😀\\n"',
)
SPEC = {
    "key": "more-suggestions",
    "surface": "search",
    "owner": "search",
    "hypothesis": "More suggestions get more listeners to play one.",
    "audience": f'{STRING} == "SE"',
    "allocation": 0.1,
    "variants": [{"key": "control"}, {"key": "treatment", "weight": 2, "set": {"suggestions.max_items": 8}}],
    "metrics": {"primary": {"metric": "search_success_7d", "direction": "increase", "mde": 0.5}, "guardrails": []},
    "schedule": {"days": 14, "ramp": [{"share": 0.01, "hours": 4}]},
}
SPECS = (json.dumps(SPEC), yaml.safe_dump(SPEC), yaml.safe_dump(SPEC, default_flow_style=True))
SNAPSHOTS = (encode_snapshot(snapshot(3, experiments=(HALVES,))).decode(),)


def audience(text):
    if check_audience(text, DECLARED):
        return
    compiled = compile_audience(text, DECLARED)
    for context in CONTEXTS:
        assert compiled.matches(context) in (True, False)


def spec(text):
    parse_spec(text, source="spec.yaml")


def surface(text):
    load_surface(text, source="surface.yaml")


def snapshot_bytes(text):
    decode_snapshot(text.encode("utf-8", "surrogatepass"), now=datetime(2026, 11, 22, 12, tzinfo=UTC))


TARGETS = {
    "audience": (audience, AUDIENCES),
    "spec": (spec, SPECS),
    "surface": (surface, (SURFACE[:3_000], SURFACE)),
    "snapshot": (snapshot_bytes, SNAPSHOTS),
}


@pytest.mark.parametrize("name", TARGETS)
def test_no_mutation_of_a_known_input_breaks_a_parser(name):
    target, seeds = TARGETS[name]
    n = N_FAST if name != "surface" else N_FAST // 5
    assert fuzz(name, target, seeds, n=n, seed=SEED) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_no_mutation_of_many_breaks_a_parser(name):
    target, seeds = TARGETS[name]
    n = int(os.environ.get("FUZZ_DRAWS", N_SLOW if name != "surface" else N_SLOW // 10))
    assert fuzz(name, target, seeds, n=n, seed=SEED + 1) == []


MONSTERS = {
    "10 MB of one word": "a" * 10_000_000,
    "10 MB of brackets": "[" * 10_000_000,
    "10 MB of parentheses": "(" * 10_000_000,
    "deep nesting": "a: " + "{a: " * 5_000 + "1" + "}" * 5_000,
    "deep JSON": '{"a":' * 20_000 + "1" + "}" * 20_000,
    "many negations": "!" * 100_000 + "true",
    "many conjuncts": " && ".join(["true"] * 50_000),
    "aliases that explode": "a: &a [x, x]\n"
    + "\n".join(f"{c}: &{c} [*{p}, *{p}]" for p, c in zip("abcdefghi", "bcdefghij", strict=True)),
    "null bytes": "\x00" * 1_000,
    "a long number": "9" * 100_000,
    "many keys": "\n".join(f"k{n}: 1" for n in range(100_000)),
}


@pytest.mark.slow
@pytest.mark.parametrize("monster", MONSTERS)
@pytest.mark.parametrize("name", TARGETS)
def test_monsters_are_answered_soon_and_in_bounded_memory(name, monster):
    target, _ = TARGETS[name]
    peak, why = peak_bytes(target, MONSTERS[monster])
    assert why is None
    assert peak < MEMORY_LIMIT


@pytest.mark.parametrize("monster", ["deep nesting", "deep JSON", "many negations", "null bytes", "a long number"])
@pytest.mark.parametrize("name", TARGETS)
def test_small_monsters_break_nothing(name, monster):
    assert trouble(TARGETS[name][0], MONSTERS[monster]) is None


def test_the_fuzzer_finds_what_it_is_for():
    def crashing(text):
        if "\x00" in text:
            raise KeyError("unhandled")

    assert fuzz("crashing", crashing, ["seed text"], n=400, seed=SEED)[0].why.startswith("KeyError")
