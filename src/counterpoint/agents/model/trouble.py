"""Trouble with a model: the reason for which the planner falls back to its rules."""


class ModelTrouble(Exception):
    """A model gave no draft that could be used; the planner catches it and falls back, and nobody else sees it.

    Args:
        code: Stable reason in snake_case: `budget_spent`, `model_timed_out`, `model_rate_limited`, `model_refused`,
            `model_failed`, `model_unreachable`, `model_declined` or `model_invalid_output`.
        what: What happened, one clause, no full stop.
    """

    def __init__(self, code: str, what: str) -> None:
        self.code = code
        self.what = what
        super().__init__(f"{what} [{code}]")
