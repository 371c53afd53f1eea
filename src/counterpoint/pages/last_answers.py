"""The last good answers of remote sources: what a shelf shows when its source fails."""

from collections import OrderedDict

from counterpoint.pages.inputs import RemoteResult

MAX_AGE_S = 3600.0


class LastAnswers:
    """A bounded memory of answers by unit and question, least recently written first to go; one per process.

    A question names the values that it was asked under, so the copy of one arm is never shown to another.

    Args:
        capacity: How many answers it remembers, at least 1.
    """

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._answers: OrderedDict[tuple[str, str], tuple[float, RemoteResult]] = OrderedDict()

    def keep(self, unit: str, question: str, answer: RemoteResult, now_s: float) -> None:
        """Remember `answer`, given at `now_s`."""
        self._answers[unit, question] = (now_s, answer)
        self._answers.move_to_end((unit, question))
        if len(self._answers) > self._capacity:
            self._answers.popitem(last=False)

    def recall(self, unit: str, question: str, now_s: float) -> RemoteResult | None:
        """Return the last answer if it is at most an hour old at `now_s` and has not expired, else None."""
        found = self._answers.get((unit, question))
        if found is None:
            return None
        at_s, answer = found
        is_expired = answer.expires_at_s is not None and answer.expires_at_s <= now_s
        return None if is_expired or now_s - at_s > MAX_AGE_S else answer
