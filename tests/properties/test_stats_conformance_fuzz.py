"""Reference cases with anything in them are answered or left out with a reason, and never stop the others."""

import copy
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counterpoint.stats.conformance import run_cases, supported_methods, unanswered_cases

SUMS = {"n": 50, "sum": 120.0, "sum_sq": 400.0}
CASES: list[tuple[str, dict[str, Any]]] = [
    ("welch_t", {"control": [1.0, 2.0, 4.0], "treatment": [2.0, 3.0, 7.0], "alpha": 0.05}),
    ("relative_lift_delta_method_welch_df", {"control": SUMS, "treatment": {**SUMS, "sum": 130.0}}),
    ("newcombe_hybrid_score_ci", {"control": {"x": 3, "n": 40}, "treatment": {"x": 9, "n": 31}}),
    ("proportion_ni_score_FM", {"control": {"x": 3, "n": 40}, "treatment": {"x": 9, "n": 31}, "margin": 0.05}),
    ("p_adjust_all", {"p_values": [0.01, 0.02, 0.5]}),
    ("chi_square", {"counts": [480, 520], "weights": [1, 1]}),
    ("sequential_multinomial_dirichlet", {"cumulative_counts_per_look": [[5, 4], [9, 9]], "weights": [1, 1]}),
    ("bounds_asKD", {"information_fractions": [0.5, 1.0], "alpha": 0.05, "sides": 2, "rho": 2}),
    ("bounds_WT", {"information_fractions": [0.5, 1.0], "alpha": 0.05, "sides": 2, "delta": 0.25}),
    ("t_test_two_sample_n", {"effect_size_d": 0.5, "alpha": 0.05, "power": 0.8, "ratio": 1}),
    ("ols_ancova_HC2", {"y": [1.0, 2, 3, 5, 4, 7], "treatment": [0, 1, 0, 1, 0, 1], "x": [1.0, 2, 2, 4, 3, 5]}),
    ("asymptotic_confidence_sequence_two_sided", {"control": SUMS, "treatment": SUMS, "tuning_n_star": 500}),
    ("beta_binomial_prob_best_and_loss", {"control": {"x": 3, "n": 40}, "treatment": {"x": 9, "n": 31}}),
    ("replace_k_extremes", {"x": [1.0, 5.0, 2.0, 9.0], "k": 1}),
]
WRONG = st.sampled_from(
    [
        None,
        "",
        "nan",
        "inf",
        -1,
        0,
        1,
        -0.0,
        float("nan"),
        float("inf"),
        -float("inf"),
        1e308,
        [],
        {},
        [None],
        [[]],
        True,
    ]
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of everything inside a document."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return (
        [path, *(p for k, v in inside for p in places(v, (*path, k)))]
        if path
        else [p for k, v in inside for p in places(v, (k,))]
    )


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), number=st.integers(0, len(CASES) - 1), wrong=WRONG)
def test_one_wrong_value_anywhere_is_answered_or_left_out_with_a_reason(
    data: st.DataObject, number: int, wrong: Any
) -> None:
    method, inputs = CASES[number]
    broken = copy.deepcopy(inputs)
    path = data.draw(st.sampled_from(places(broken)))
    at: Any = broken
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = wrong
    fine = {"id": "fine", "method": "welch_t", "inputs": CASES[0][1]}
    document = {"cases": [{"id": "broken", "method": method, "inputs": broken}, fine]}
    answers = run_cases(document)
    assert "fine" in answers
    assert ("broken" in answers) != ("broken" in unanswered_cases(document))
    json.dumps(answers, allow_nan=False)


@settings(max_examples=100, deadline=None)
@given(
    method=st.sampled_from([m for m in supported_methods() if "*" not in m]),
    inputs=st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.floats(), st.text(max_size=4)),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    ),
)
def test_anything_at_all_as_inputs_raises_nothing(method: str, inputs: Any) -> None:
    document = {"cases": [{"id": "it", "method": method, "inputs": inputs}, inputs]}
    assert len(run_cases(document)) + len(unanswered_cases(document)) == 2
