"""The grammar's reading of a hypothesis as the network's judgement sees it: plain facts, nothing of how it was read."""

from dataclasses import dataclass

from counterpoint.agents.offline.reader.arms import Arm


@dataclass(frozen=True, slots=True, kw_only=True)
class GrammarReading:
    """What the grammar read, as far as it is compared.

    Attributes:
        arms: As `plain_arms` gives them; empty where it read none.
        audience: CEL.
        attributes: Attributes that the audience is told by.
        primary: The metric that decides; None where it found none.
        increases: Whether that metric goes up; None where there is none.
        plans: Whether the grammar would plan this.
        refuses: Whether it would refuse it.
        asks: What it would ask for: `surface`, `change`, `value`, `metric`, `audience`.
        troubled: Whether some words that tell who the users are could not be read.
        n_words: Length of the text.
        explained: Whether it explains every word, and objects to none.
        resolved: Whether a construction gives its arms whose values no word names, or that are told one by one.
        numbers: Indexes of the words of numbers that it gives to the arms, all within bounds.
        running: Spans of numbers that it reads as how long the experiment runs, and with how many.
        measured: Indexes of the words that it reads as the metric that decides.
        named: Whether these are a name that the surface gives the metric, and no other metric is spoken of.
    """

    arms: tuple[Arm, ...]
    audience: str
    attributes: frozenset[str]
    primary: str | None
    increases: bool | None
    plans: bool
    refuses: bool
    asks: frozenset[str]
    troubled: bool
    n_words: int
    explained: bool
    resolved: bool
    numbers: frozenset[int]
    running: frozenset[tuple[int, int]]
    measured: frozenset[int]
    named: bool
