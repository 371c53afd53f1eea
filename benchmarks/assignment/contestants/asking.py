"""What every contestant gives: how one experiment and how all are asked for a unit; and the parts of an audience."""

import json
import re
from collections.abc import Callable
from typing import Any, TypeAlias

_AUDIENCE = re.compile(r'country in \[(?P<countries>.*)\] && plan != "(?P<plan>.*)" && tenure_days >= (?P<days>[0-9]+)')

Ask: TypeAlias = Callable[[Any], int]
"""One unit with its context, in; how many treatments it got, out."""
CONTROL, TREATMENT = 3, 7


def parts(audience: str) -> tuple[list[str], str, int]:
    """Return the countries, the excluded plan and the least tenure that an audience of the workload names."""
    found = _AUDIENCE.fullmatch(audience)
    assert found is not None
    return json.loads(f"[{found['countries']}]"), found["plan"], int(found["days"])
