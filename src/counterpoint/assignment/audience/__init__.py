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
from counterpoint.assignment.audience.columns import Column, column, members
from counterpoint.assignment.audience.formula import Both, Choice, Const, Context, Either, Formula, Inverse, Leaf, Test
from counterpoint.assignment.audience.index import AudienceIndex, build_index
from counterpoint.assignment.audience.semver import version_key
from counterpoint.assignment.audience.solving import Satisfiability, disjoint, satisfiable

__all__ = [
    "Audience",
    "AudienceIndex",
    "Both",
    "Choice",
    "Column",
    "Const",
    "Context",
    "Declared",
    "Either",
    "Formula",
    "Inverse",
    "Leaf",
    "Membership",
    "Satisfiability",
    "Test",
    "Verdict",
    "build_index",
    "check_audience",
    "column",
    "compile_audience",
    "compile_audiences",
    "disjoint",
    "members",
    "satisfiable",
    "version_key",
]
