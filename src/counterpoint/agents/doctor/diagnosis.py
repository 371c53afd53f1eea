"""A diagnosis: what contradicts what, and the one change that would end it; a person decides whether it is made."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from counterpoint.vocabulary import Finding, digest


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchMove:
    """Move a launch: `pause` gives everybody the baseline until it is resumed, `hold` stops it and decides nothing."""

    experiment: str
    verb: Literal["pause", "hold"]

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"kind": "launch_move", "experiment": self.experiment, "verb": self.verb}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRemoval:
    """Take one targeted rule out of the baseline."""

    rule: str

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"kind": "rule_removal", "rule": self.rule}


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What a person has to do outside the platform's configuration; no Change would end it."""

    words: str

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"kind": "advice", "words": self.words}


Remedy: TypeAlias = LaunchMove | RuleRemoval | Advice


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One contradiction.

    Attributes:
        subject: What it is about: `experiments/KEY`, `rules/KEY` or `attributes/KEY`.
        finding: What contradicts what, with its figures.
    """

    surface: str
    subject: str
    finding: Finding
    remedy: Remedy

    @property
    def id(self) -> str:
        """The same contradiction, found again, has the same id."""
        return digest([self.surface, self.subject, self.finding.code])[:12]
