"""Home Config: the baseline of a surface, shown, changed step by step, compared, blamed and taken back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from counterpoint.config import BaselineRule
from counterpoint.control.acting import people_only
from counterpoint.control.aside import SettingAside
from counterpoint.control.boarding import Onboarding
from counterpoint.control.changes import ChangeDesk, Document, Edit, RollingOut, diff_document, proposal_document
from counterpoint.control.documents import release_line
from counterpoint.errors import Conflict, CounterpointError, InvalidInput, NotFound
from counterpoint.releases import (
    DEFAULT_STAGES,
    Operation,
    Recall,
    RolloutStage,
    SetBaseline,
    SetRules,
    SurfaceState,
    blame,
    restore_operations,
    revert_operations,
    stage_ends_at,
    stage_operation,
)
from counterpoint.telemetry import logger
from counterpoint.vocabulary import ParameterType, Scalar

Stages = Sequence[Mapping[str, float]] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuring:
    """What people and programs do with the configuration of a surface; everything it returns is JSON-compatible.

    Attributes:
        aside: Holdouts, domains, free space.
        boarding: Surfaces that are new, or whose file has changed.
        remind: Says what is due of holdouts, and returns it.
    """

    desk: ChangeDesk
    rolling: RollingOut
    aside: SettingAside
    boarding: Onboarding
    remind: Callable[[], tuple[str, ...]] = tuple

    def show(self, surface: str) -> Document:
        """Return every value of the baseline with who set it last, the rules in order, and what is under way."""
        release = self.desk.live(surface)
        state = release.state
        declared = state.surface.parameters
        return {
            "surface": surface,
            "release": release.number,
            "values": {
                key: {"value": state.baseline[key], "declared": declared[key].baseline, "layer": declared[key].layer}
                for key in declared
            },
            "rules": [msgspec.to_builtins(rule) for rule in state.rules],
            "rollouts": [rollout_document(state, key) for key in sorted(state.rollouts)],
            "waiting": [
                {"id": each.id, "state": each.state, "author": each.author, "reason": each.reason}
                for each in self.desk.proposals.list(surface)
                if each.state in ("awaiting_approval", "scheduled")
            ],
        }

    def set_values(
        self,
        surface: str,
        values: Mapping[str, Scalar],
        edit: Edit,
        *,
        stages: Stages = None,
        at_once: bool = False,
    ) -> Document:
        """Change baseline values, by stages unless `at_once`, which the audit log says.

        Args:
            values: New value of each parameter, of its type.
            stages: `share` in (0, 1) and `hours` of each, growing; the default ones when None.
            at_once: Everybody has it immediately; for incidents.

        Raises:
            NotFound: `unknown_parameter`.
            InvalidInput: `wrong_type`, `out_of_bounds`, `bad_stages`.
        """
        if not values:
            raise Conflict("nothing_changes", "no value is given", where="baseline", fix="give PARAM=VALUE")
        return self._change(surface, values, None, edit, stages, at_once)

    def read_values(self, surface: str, texts: Mapping[str, str]) -> dict[str, Scalar]:
        """Return values written as text, each read as its parameter's type.

        Raises:
            NotFound: `unknown_parameter`.
            InvalidInput: `wrong_type`.
        """
        return _typed(self.desk.live(surface).state, texts)

    def set_rules(
        self,
        surface: str,
        rules: Sequence[Mapping[str, Any]],
        edit: Edit,
        *,
        stages: Stages = None,
        at_once: bool = False,
    ) -> Document:
        """Replace the ordered targeted rules, by stages unless `at_once`."""
        return self.change_both(surface, {}, rules, edit, stages=stages, at_once=at_once)

    def change_both(
        self,
        surface: str,
        values: Mapping[str, Scalar],
        rules: Sequence[Mapping[str, Any]] | None,
        edit: Edit,
        *,
        stages: Stages = None,
        at_once: bool = False,
    ) -> Document:
        """Change values and rules together, by stages unless `at_once`; rules stay when None."""
        return self._change(surface, values, None if rules is None else _rules(rules), edit, stages, at_once)

    def edit(self, **said: Any) -> Edit:
        """Return an `Edit` of what was said, for edges that do not know the class."""
        return Edit(**said)

    def revert(self, surface: str, number: int, edit: Edit, *, force: bool = False) -> Document:
        """Undo one release alone, at once and without waiting for approval.

        Raises:
            Conflict: `touched_since`, when a later release changed the same parts.
        """
        return self._taken_back(
            surface, edit, lambda: revert_operations(self.desk.releases, surface, number, force=force)
        )

    def restore(self, surface: str, number: int, edit: Edit) -> Document:
        """Bring a whole release back, at once and without waiting for approval."""
        return self._taken_back(surface, edit, lambda: restore_operations(self.desk.releases, surface, number))

    def kill(self, surface: str, parameters: Sequence[str], edit: Edit) -> Document:
        """Give everybody the declared baseline of some parameters at once, holdouts and experiments too; audited.

        Raises:
            NotFound: `unknown_parameter`.
        """
        document = self._taken_back(surface, edit, lambda: (Recall(parameters=tuple(parameters)),))
        # Once it is done: whoever is woken by this line must not be woken by a misspelled name.
        if not edit.dry_run:
            said = {"surface": surface, "parameters": list(parameters), "actor": edit.actor, "reason": edit.reason}
            logger("config").warning("KILL SWITCH", extra=said)
        return document

    def abort(self, surface: str, rollout: str, *, actor: str, reason: str) -> Document:
        """Take a rollout back at once: its units have the baseline again.

        Raises:
            NotFound: `unknown_rollout`.
            InvalidInput: `blank`.
        """
        people_only(actor)
        state = self.desk.live(surface).state
        if rollout not in state.rollouts:
            raise NotFound(
                "unknown_rollout",
                f"no rollout '{rollout}' is under way",
                where="rollout",
                fix=f"one of: {', '.join(sorted(state.rollouts)) or 'none'}",
            )
        release = self.rolling.take_back(surface, state.rollouts[rollout], actor=actor, reason=reason)
        return {"release": release_line(release.note)}

    def history(self, surface: str, *, parameter: str | None = None, limit: int = 100) -> list[Document]:
        """Return the releases of a surface, the newest first; of one parameter only, when it is named.

        Raises:
            NotFound: `unknown_parameter`.
        """
        declared = self.desk.live(surface).state.surface.parameters
        if parameter is not None and parameter not in declared:
            raise NotFound("unknown_parameter", f"'{surface}' has no parameter '{parameter}'", where="parameter")
        path = None if parameter is None else f"baseline/{parameter}"
        return [release_line(note) for note in self.desk.releases.history(surface, path=path, limit=limit)]

    def blame(self, surface: str, parameter: str) -> Document:
        """Return who set a parameter's baseline last, when and why, with its value before and after.

        Raises:
            NotFound: `unknown_parameter`.
        """
        state = self.desk.live(surface).state
        if parameter not in state.surface.parameters:
            raise NotFound("unknown_parameter", f"'{surface}' has no parameter '{parameter}'", where="parameter")
        path = f"baseline/{parameter}"
        note = blame(self.desk.releases, surface, path)
        before = self.desk.releases.part(surface, path, note.number - 1) if note.number > 1 else None
        return {
            "parameter": parameter,
            "value": state.baseline[parameter],
            "before": None if before is None else msgspec.json.decode(before),
            "rules": [rule.key for rule in state.rules if parameter in rule.set],
            "rollouts": [key for key, rollout in sorted(state.rollouts.items()) if parameter in rollout.parameters],
            **release_line(note),
        }

    def diff(self, surface: str, before: int, after: int | None = None) -> Document:
        """Return what differs between two releases, field by field; the second is what is live when None.

        Raises:
            NotFound: `unknown_release`.
        """
        old = self.desk.releases.get(surface, before)
        new = self.desk.live(surface) if after is None else self.desk.releases.get(surface, after)
        parts = diff_document(old.state, new.state)
        return {"surface": surface, "before": old.number, "after": new.number, "parts": parts}

    def compare(self, surface: str) -> Document:
        """Return where what is live differs from what the surface's file declares, with who made it so."""
        state = self.desk.live(surface).state
        differing = [
            key for key, declared in state.surface.parameters.items() if state.baseline[key] != declared.baseline
        ]
        rows = [{**self.blame(surface, key), "declared": state.surface.parameters[key].baseline} for key in differing]
        return {"surface": surface, "parameters": rows, "rules": [msgspec.to_builtins(rule) for rule in state.rules]}

    def changes(self, surface: str, *, limit: int = 100) -> list[Document]:
        """Return the changes that were proposed, the last touched first."""
        self.desk.live(surface)
        return [proposal_document(each, self.desk.approvals) for each in self.desk.proposals.list(surface, limit=limit)]

    def change(self, name: str) -> Document:
        """Return one proposed change.

        Raises:
            NotFound: `unknown_change`.
        """
        return proposal_document(self.desk.proposals.get(name), self.desk.approvals)

    def approve(self, name: str, *, by: str, note: str = "") -> Document:
        """Record one person's yes to a change, and publish it if that was the last one missing."""
        return self.desk.approve(name, by=by, note=note)

    def withdraw(self, name: str, *, by: str, reason: str) -> Document:
        """Take back a change that waits."""
        return self.desk.withdraw(name, by=by, reason=reason)

    def tick(self) -> tuple[str, ...]:
        """Publish what is due and go on with rollouts; return what moved."""
        moved: list[str] = []
        for part in (self.desk.fire_due, self.rolling.go_on, self.remind):
            try:
                moved += part()
            except CounterpointError as error:
                # What fails here must not keep launches from being started; it is tried again at the next tick.
                logger("config").warning("a change could not go on", extra={"problem": error.as_document()})
        return tuple(moved)

    def _change(
        self,
        surface: str,
        values: Mapping[str, Scalar],
        rules: tuple[BaselineRule, ...] | None,
        edit: Edit,
        stages: Stages,
        at_once: bool,
    ) -> Document:
        if at_once and stages is not None:
            raise InvalidInput("bad_stages", "stages are given, and at_once too", where="stages", fix="give one")
        wanted = DEFAULT_STAGES if stages is None else _stages(stages)

        def build(state: SurfaceState, change_id: str) -> tuple[Operation, ...]:
            staged = stage_operation(
                state,
                change_id,
                values=values,
                rules=rules,
                stages=wanted,
                author=edit.actor,
                reason=edit.reason,
                acknowledges=edit.acknowledges,
            )
            if not at_once:
                return (staged,)
            now: tuple[Operation, ...] = (SetBaseline(values=staged.values),) if staged.values else ()
            return now if staged.rules is None else (*now, SetRules(rules=staged.rules))

        return self.desk.propose(surface, build, edit)

    def _taken_back(self, surface: str, edit: Edit, operations: Any) -> Document:
        base = self.desk.live(surface)
        document = self.desk.propose(surface, lambda state, change_id: operations(), edit)  # noqa: ARG005 - a Build
        if not edit.dry_run:
            gone = set(base.state.rollouts) - set(self.desk.live(surface).state.rollouts)
            for key in gone:
                self.rolling.note_reverted(key, edit.actor, edit.reason)
        return document


def rollout_document(state: SurfaceState, key: str) -> Document:
    """Return what the edges show of a rollout."""
    rollout = state.rollouts[key]
    return {
        "key": key,
        "author": rollout.author,
        "reason": rollout.reason,
        "parameters": list(rollout.parameters),
        "values": dict(rollout.values),
        "before": dict(rollout.before),
        "stage": rollout.stage + 1,
        "n_stages": len(rollout.stages),
        "share": len(rollout.buckets) / 10_000,
        "stages": [msgspec.to_builtins(stage) for stage in rollout.stages],
        "started_at": rollout.started_at.isoformat(),
        "stage_ends_at": stage_ends_at(rollout).isoformat(),
    }


def moment_of(text: str) -> datetime:
    """Return the time that `text` says, in UTC.

    Raises:
        InvalidInput: `bad_time`, when it is no ISO 8601 time with a zone.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise InvalidInput(
            "bad_time", f"{text[:60]!r} is no time with a zone", where="time", fix="write 2026-12-24T08:00+01:00"
        )
    return at.astimezone(UTC)


def _stages(stages: Sequence[Mapping[str, float]]) -> tuple[RolloutStage, ...]:
    try:
        return tuple(msgspec.convert(dict(stage), RolloutStage, strict=True) for stage in stages)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        raise InvalidInput("bad_stages", str(error), where="stages", fix="give share and hours of each") from error


def _rules(rules: Sequence[Mapping[str, Any]]) -> tuple[BaselineRule, ...]:
    try:
        return tuple(msgspec.convert(list(rules), list[BaselineRule]))
    except (msgspec.ValidationError, TypeError) as error:
        raise InvalidInput(
            "malformed_rules", str(error), where="rules", fix="give a list of {key, audience, set}"
        ) from error


def _typed(state: SurfaceState, texts: Mapping[str, str]) -> dict[str, Scalar]:
    typed: dict[str, Scalar] = {}
    for key, text in texts.items():
        parameter = state.surface.parameters.get(key)
        if parameter is None:
            raise NotFound(
                "unknown_parameter", f"'{state.surface.key}' has no parameter '{key}'", where=f"baseline.{key}"
            )
        typed[key] = _read(key, text, parameter.type)
    return typed


def _read(key: str, text: str, kind: ParameterType) -> Scalar:
    try:
        match kind:
            case ParameterType.BOOL:
                return {"true": True, "false": False}[text.lower()]
            case ParameterType.INT:
                return int(text)
            case ParameterType.FLOAT:
                return float(text)
            case _:
                return text
    except (ValueError, KeyError) as error:
        raise InvalidInput("wrong_type", f"{text[:60]!r} is no {kind}", where=f"baseline.{key}") from error
