"""The guide of the validator lists every code that a check can give."""

import re
from pathlib import Path

import counterpoint.agents.checks as checks

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "validator.md"
FROM_BELOW = {"requires_not_met", "invariant_broken", "not_exhausted", "holdout_expired", "requires_unmet"}


def _given() -> set[str]:
    files = sorted(Path(checks.__file__).parent.glob("*.py"))
    text = "".join(source.read_text("utf-8") for source in files)
    return set(re.findall(r'\b(?:error|warning|info)\(\s*"([a-z_]+)"', text)) | {"unknown"}


def test_every_code_of_a_check_is_in_the_guide() -> None:
    told = set(re.findall(r"`([a-z_]+)`", GUIDE.read_text("utf-8")))
    assert _given() | FROM_BELOW <= told
    assert len(_given()) > 30
