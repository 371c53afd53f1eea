import math

import pytest

from counterpoint.config import Parameter, check_value
from counterpoint.vocabulary import ParameterType


def parameter(kind, **fields):
    return Parameter(key="p", layer="l", type=kind, baseline=0, **fields)


INT = parameter(ParameterType.INT, min=1, max=12)
FLOAT = parameter(ParameterType.FLOAT, min=0.0, max=0.3)
ENUM = parameter(ParameterType.ENUM, values=("a", "b"))
BOOL = parameter(ParameterType.BOOL)
TEXT = parameter(ParameterType.STRING)


@pytest.mark.parametrize(
    ("of", "value"), [(INT, 1), (INT, 12), (FLOAT, 0), (FLOAT, 0.3), (ENUM, "a"), (BOOL, False), (TEXT, "")]
)
def test_values_inside_the_bounds_may_stand(of, value):
    assert check_value(of, value) is None


@pytest.mark.parametrize(
    ("of", "value", "code"),
    [
        (INT, 0, "out_of_bounds"),
        (INT, 13, "out_of_bounds"),
        (INT, 10**400, "out_of_bounds"),
        (INT, True, "wrong_type"),
        (INT, 2.0, "wrong_type"),
        (INT, "2", "wrong_type"),
        (INT, None, "wrong_type"),
        (FLOAT, 0.31, "out_of_bounds"),
        (FLOAT, math.nan, "out_of_bounds"),
        (FLOAT, -math.inf, "out_of_bounds"),
        (FLOAT, False, "wrong_type"),
        (ENUM, "c", "out_of_bounds"),
        (ENUM, 1, "wrong_type"),
        (BOOL, 1, "wrong_type"),
        (TEXT, ["x"], "wrong_type"),
    ],
)
def test_values_outside_say_what_would_do(of, value, code):
    finding = check_value(of, value)
    assert finding is not None
    assert finding.code == code
    assert finding.facts["parameter"] == "p"


def test_a_float_without_bounds_must_still_be_finite():
    assert check_value(parameter(ParameterType.FLOAT), math.inf) is not None
    assert check_value(parameter(ParameterType.FLOAT), -1e12) is None
