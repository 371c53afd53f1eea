"""Surfaces on their way in: checked, registered, replaced by an edited file."""

from counterpoint.control.boarding.onboarding import Onboarding
from counterpoint.control.boarding.replacing import replaced

__all__ = [
    "Onboarding",
    "replaced",
]
