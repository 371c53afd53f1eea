"""Says what of the snapshot before is the same in the next one, so that it need not be compiled again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from counterpoint.assignment import Audience
from counterpoint.config.parts import Candidate, Holdout, Program, Programs, Rule
from counterpoint.config.snapshot import LiveExperiment, Snapshot


@dataclass(slots=True)
class Reuse:
    """What can be taken over; made by `reusable`, for one compilation.

    Attributes:
        audiences: Text -> its compiled form.
        candidates: Experiment -> its candidate; taken out by `candidate`, so that none is taken twice.
        rules: All rules; None when some rule changed.
        holdouts: All holdouts; None when nothing is reused.
        parts: The parts before; None when nothing is reused.
    """

    audiences: dict[str, Audience] = field(default_factory=dict)
    candidates: dict[str, Candidate] = field(default_factory=dict)
    rules: tuple[Rule, ...] | None = None
    holdouts: tuple[Holdout, ...] | None = None
    parts: Programs | None = None

    def candidate(self, spec: LiveExperiment) -> Candidate | None:
        """Return the candidate of `spec`, when nothing of it changed."""
        found = self.candidates.pop(spec.key, None)
        if found is None or found.spec != spec or not _alike(found.spec.variants, spec.variants):
            return None
        return found

    def programs(
        self, snapshot: Snapshot, rules: tuple[Rule, ...], candidates: Sequence[Candidate]
    ) -> Mapping[str, Program]:
        """Return the programs of the parameters that nothing changed for; none when the rules or an order changed."""
        before = self.parts
        if before is None or rules is not before.rules:
            return {}
        now, then = {id(each) for each in candidates}, {id(each) for each in before.candidates}
        stayed = [each for each in before.candidates if id(each) in now]
        if not is_each(stayed, [each for each in candidates if id(each) in then]):
            return {}
        came_or_went = [
            *(each for each in candidates if id(each) not in then),
            *(each for each in before.candidates if id(each) not in now),
        ]
        touched = {key for each in came_or_went for key in each.parameters}
        touched.update(
            new.key
            for new, old in zip(snapshot.parameters, before.snapshot.parameters, strict=True)
            if not _alike(new.baseline, old.baseline)
        )
        return {key: program for key, program in before.by_parameter.items() if key not in touched}


def reusable(snapshot: Snapshot, before: Programs | None) -> Reuse:
    """Return what `snapshot` has in common with the parts of an earlier one of its surface.

    Whatever everything else rests on must be the same: how units are hashed, the attributes, the holdouts, the types
    and bounds of the parameters. Where one of them changed, or something was broken, nothing is reused.
    """
    if before is None or before.faults or not _rest_on_the_same(snapshot, before.snapshot):
        return Reuse()
    candidates, rules = before.candidates, before.rules
    audiences = [*(each.audience for each in candidates), *(each.audience for each in rules)]
    return Reuse(
        audiences={audience.text: audience for audience in audiences if audience is not None},
        candidates={candidate.spec.key: candidate for candidate in candidates},
        rules=rules if _alike(snapshot.rules, before.snapshot.rules) else None,
        holdouts=before.holdouts,
        parts=before,
    )


def _rest_on_the_same(one: Snapshot, other: Snapshot) -> bool:
    return (
        (one.unit, one.bucket_salt, one.attributes) == (other.unit, other.bucket_salt, other.attributes)
        and _alike(one.holdouts, other.holdouts)
        and len(one.parameters) == len(other.parameters)
        and all(
            new is old
            or (new.key, new.type, new.min, new.max, new.values) == (old.key, old.type, old.min, old.max, old.values)
            for new, old in zip(one.parameters, other.parameters, strict=True)
        )
    )


def _alike(one: object, other: object) -> bool:
    # 1, 1.0 and True are equal to Python; to who reads the value they are not.
    return msgspec.json.encode(one) == msgspec.json.encode(other)


def is_each(one: Sequence[object], other: Sequence[object]) -> bool:
    """Return whether both hold the same objects in the same order."""
    return len(one) == len(other) and all(new is old for new, old in zip(one, other, strict=True))
