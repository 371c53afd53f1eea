"""Answers reference cases with this room's methods, so that the engine can be checked against published values."""

from counterpoint.stats.conformance.runner import answer_cases, run_cases, supported_methods, unanswered_cases

__all__ = ["answer_cases", "run_cases", "supported_methods", "unanswered_cases"]
