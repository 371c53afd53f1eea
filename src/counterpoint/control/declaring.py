"""Declarative use put together: texts of a folder to a plan, a plan to what is live, and what exists back to texts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from counterpoint.control.configuring import Configuring
from counterpoint.control.declared import (
    KINDS,
    DeclaredPart,
    adopt_parts,
    apply_parts,
    exported_parts,
    parse_part,
    plan_parts,
)
from counterpoint.control.documents import release_line
from counterpoint.control.hypotheses import Planning
from counterpoint.errors import InvalidInput, NotFound
from counterpoint.experiments import parse_spec, read_plain_yaml
from counterpoint.orchestration import LaunchDesk
from counterpoint.orchestration.declarative import (
    EXPERIMENT,
    Declared,
    Head,
    StatePlan,
    Unreadable,
    adopt,
    apply_plan,
    declared_in,
    exported,
    plan_document,
    plan_state,
    require_unmoved,
)
from counterpoint.releases import ReleaseStore

Document = dict[str, Any]
Text = str | Mapping[str, Any]
WAIT_S = 10.0
_N_HISTORY = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaring:
    """Plans, applies and exports desired states; everything it returns is JSON-compatible.

    Attributes:
        planning: Validates all specs of a folder on one look at what is live and recorded.
        configuring: Over which baselines, holdouts and domains are changed.
        published: To be called when something may have been published, so that this process serves it at once.
    """

    desk: LaunchDesk
    configuring: Configuring
    planning: Planning
    releases: ReleaseStore
    published: Callable[[], object]

    def plan(
        self,
        texts: Sequence[tuple[Text, str]],
        *,
        source: str,
        author: str,
        surfaces: Sequence[str] = (),
        prune: bool = False,
    ) -> Document:
        """Return what would have to be done for the platform to be as the texts say; nothing is changed.

        Args:
            texts: Each document, as YAML, JSON or data, with where it came from.
            source: Name of the folder; what it launched and no longer names is stopped by `prune`.
            author: Who would launch.
            surfaces: Further surfaces on which undeclared experiments are looked for.

        Raises:
            InvalidInput: Code `duplicate_experiment` or `source_missing`.
            NotFound: Code `unknown_surface`.
        """
        read = _read(texts)
        return _document(self._state(read, source=source, author=author, surfaces=surfaces, prune=prune), read)

    def sync(
        self,
        texts: Sequence[tuple[Text, str]],
        *,
        source: str,
        actor: str,
        surfaces: Sequence[str] = (),
        prune: bool = False,
        wait_s: float = WAIT_S,
    ) -> Document:
        """Make the platform as the texts say as far as that can be done, and return the plan with what became of it."""
        self.desk.admit(actor)
        read = _read(texts)
        plan = self._state(read, source=source, author=actor, surfaces=surfaces, prune=prune)
        begun = self._parts(plan, read, actor)
        if begun and read.specs:
            # What was reserved or changed just now may be what an experiment of the same folder waits for.
            again = self._state(read, source=source, author=actor, surfaces=surfaces, prune=prune)
            later = tuple(item for item in again.items if item.kind == EXPERIMENT)
            plan = replace(plan, items=(*(item for item in plan.items if item.kind != EXPERIMENT), *later))
        return self._applied(plan, read, begun, actor, wait_s)

    def apply(self, saved: Mapping[str, Any], *, actor: str, wait_s: float = WAIT_S) -> Document:
        """Carry out a saved plan, if the world is as it was when it was made.

        Raises:
            InvalidInput: Code `not_a_plan`.
            Conflict: Code `plan_stale`, with what moved.
        """
        self.desk.admit(actor)
        parts = tuple(parse_part(each["document"], source=str(each["file"])) for each in saved.get("parts") or ())
        read = _Read(specs=declared_in(saved), parts=parts)
        if saved.get("unreadable"):
            raise InvalidInput(
                "unreadable_specs", "some of its files could not be read", where="plan", fix="mend them and plan again"
            )
        plan = self._state(
            read,
            source=str(saved.get("source")),
            author=actor,
            surfaces=tuple(saved.get("heads") or ()),
            prune=bool(saved.get("prune")),
        )
        require_unmoved(saved, plan, self._since)
        return self._applied(plan, read, self._parts(plan, read, actor), actor, wait_s)

    def export(self, surface: str | None = None, *, source: str | None = None) -> Document:
        """Return path -> YAML of what exists: experiments, ended ones too, the baseline, holdouts and domains.

        Args:
            surface: Only of this surface.
            source: Make this folder the one that declares them; whose they were before when None.

        Raises:
            NotFound: Code `unknown_surface`.
        """
        if surface is not None:
            self._head(surface)
        launches = self.desk.world.launches.list(surface)
        files = exported(launches, surface=surface)
        if source is not None:
            for launch in launches:
                if f"{launch.surface}/{launch.experiment}.yaml" in files:
                    adopt(self.desk.world, launch.id, source)
        for one in self.releases.surfaces() if surface is None else (surface,):
            files |= exported_parts(self.configuring, one)
            if source is not None:
                adopt_parts(self.configuring, one, source)
        return {"files": files, "source": source}

    def _state(
        self,
        read: "_Read",
        *,
        source: str,
        author: str,
        surfaces: Sequence[str],
        prune: bool,
    ) -> StatePlan:
        if not source.strip():
            raise InvalidInput("source_missing", "the folder has no name", where="source", fix="give one")
        plan = plan_state(
            self.desk,
            read.specs,
            source=source,
            author=author,
            head_of=self._head,
            unreadable=read.unreadable,
            surfaces=(*surfaces, *(each.part.surface for each in read.parts)),
            prune=prune,
            validate=self.planning.validator(self.desk.world.clock()),
        )
        items = plan_parts(
            self.configuring,
            read.parts,
            source=source,
            actor=author,
            surfaces=plan.heads,
            prune=prune and not read.unreadable,
        )
        order = list(plan.heads)
        return replace(plan, items=tuple(sorted((*items, *plan.items), key=lambda item: order.index(item.surface))))

    def _parts(self, plan: StatePlan, read: "_Read", actor: str, *, releases: bool = False) -> tuple[Document, ...]:
        return apply_parts(self.configuring, plan.items, read.parts, source=plan.source, actor=actor, releases=releases)

    def _applied(
        self, plan: StatePlan, read: "_Read", begun: tuple[Document, ...], actor: str, wait_s: float
    ) -> Document:
        done = apply_plan(self.desk, plan, actor=actor, wait_s=wait_s)
        if done:
            self.published()
        parts = (*begun, *self._parts(plan, read, actor, releases=True))
        n_failed = sum(each.ended_badly for each in done) + sum(each["problem"] is not None for each in parts)
        return {
            "plan": _document(plan, read),
            "done": [*parts, *(each.as_document() for each in done)],
            "n_done": len(done) + len(parts) - n_failed,
            "n_failed": n_failed,
            "in_sync": plan.n_faults == 0 and n_failed == 0,
        }

    def _head(self, surface: str) -> Head:
        note = self.releases.head(surface)
        if note is None:
            known = ", ".join(self.releases.surfaces()) or "none yet"
            raise NotFound(
                "unknown_surface", f"there is no surface {surface!r}", where="surface", fix=f"one of: {known}"
            )
        return Head(number=note.number, digest=note.digest)

    def _since(self, surface: str, number: int) -> list[Document]:
        notes = self.releases.history(surface, limit=_N_HISTORY)
        return [release_line(note) for note in notes if note.number > number]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What a folder says."""

    specs: tuple[Declared, ...]
    parts: tuple[DeclaredPart, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()


def _document(plan: StatePlan, read: _Read) -> Document:
    parts = [{"file": each.file, "document": msgspec.to_builtins(each.part)} for each in read.parts]
    return {**plan_document(plan), "parts": parts}


def _read(texts: Sequence[tuple[Text, str]]) -> _Read:
    """Return what the texts declare, and those that declare nothing: one bad file must not hide what the others do."""
    declared: dict[tuple[str, ...], Declared | DeclaredPart] = {}
    unreadable = []
    for text, file in texts:
        try:
            each = _declared(text, file)
        except InvalidInput as error:
            findings = tuple(error.facts.get("findings", ()))
            unreadable.append(Unreadable(file=file, code=error.code, message=error.sentence, findings=findings))
            continue
        place = each.place if isinstance(each, DeclaredPart) else (EXPERIMENT, each.spec.surface, each.spec.key)
        if place in declared:
            kind, surface, key = place
            raise InvalidInput(
                "duplicate_experiment" if kind == EXPERIMENT else "declared_twice",
                f"{kind} '{key}' on {surface} is declared in {declared[place].file} too",
                where=file,
                fix="keep one of them, or give one another key",
            )
        declared[place] = each
    return _Read(
        specs=tuple(each for each in declared.values() if isinstance(each, Declared)),
        parts=tuple(each for each in declared.values() if isinstance(each, DeclaredPart)),
        unreadable=tuple(unreadable),
    )


def _declared(text: Text, file: str) -> Declared | DeclaredPart:
    data = read_plain_yaml(text, source=file) if isinstance(text, str) else text
    kind = data.get("kind", EXPERIMENT) if isinstance(data, Mapping) else EXPERIMENT
    if kind in KINDS:
        return parse_part(data, source=file)
    if kind != EXPERIMENT:
        raise InvalidInput(
            "unknown_value",
            f"kind {kind!r} is not known",
            where=f"{file}: kind",
            fix=f"one of: {', '.join((EXPERIMENT, *KINDS))}",
        )
    return Declared(spec=parse_spec(data, source=file), file=file)
