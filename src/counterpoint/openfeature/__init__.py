"""OpenFeature: a surface's parameters as flags of a real OpenFeature client, evaluated in its own process."""

from counterpoint.openfeature.provider import CounterpointProvider

__all__ = ["CounterpointProvider"]
