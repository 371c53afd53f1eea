"""Audiences: CEL over a surface's declared attributes, checked, compiled and reasoned about."""

from counterpoint.assignment.audience.audience import (
    Audience,
    Membership,
    Verdict,
    check_audience,
    compile_audience,
    compile_audiences,
)
from counterpoint.assignment.audience.binding import Declared
from counterpoint.assignment.audience.formula import Context, Test
from counterpoint.assignment.audience.index import AudienceIndex, build_index
from counterpoint.assignment.audience.semver import version_key

__all__ = [
    "Audience",
    "AudienceIndex",
    "Context",
    "Declared",
    "Membership",
    "Test",
    "Verdict",
    "build_index",
    "check_audience",
    "compile_audience",
    "compile_audiences",
    "version_key",
]
