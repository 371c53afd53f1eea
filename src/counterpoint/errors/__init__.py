"""Every error that Counterpoint raises, each with a stable code, whom to blame, and what to do."""

from counterpoint.errors.tree import (
    Blame,
    CannotCompute,
    Conflict,
    CounterpointError,
    DependencyFailure,
    Forbidden,
    InvalidInput,
    NotFound,
    PlatformFault,
)

__all__ = [
    "Blame",
    "CannotCompute",
    "Conflict",
    "CounterpointError",
    "DependencyFailure",
    "Forbidden",
    "InvalidInput",
    "NotFound",
    "PlatformFault",
]
