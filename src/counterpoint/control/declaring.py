"""Declarative use put together: texts of specs to a plan, a plan to launches, and what exists back to texts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from counterpoint.control.documents import release_line
from counterpoint.errors import InvalidInput, NotFound
from counterpoint.experiments import parse_spec
from counterpoint.orchestration import LaunchDesk
from counterpoint.orchestration.declarative import (
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
        published: To be called when something may have been published, so that this process serves it at once.
    """

    desk: LaunchDesk
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
            texts: Each spec, as YAML, JSON or data, with where it came from.
            source: Name of the folder; what it launched and no longer names is stopped by `prune`.
            author: Who would launch.
            surfaces: Further surfaces on which undeclared experiments are looked for.

        Raises:
            InvalidInput: Code `duplicate_experiment` or `source_missing`.
            NotFound: Code `unknown_surface`.
        """
        return plan_document(self._plan(texts, source, author, surfaces, prune))

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
        plan = self._plan(texts, source, actor, surfaces, prune)
        return self._applied(plan, actor, wait_s)

    def apply(self, saved: Mapping[str, Any], *, actor: str, wait_s: float = WAIT_S) -> Document:
        """Carry out a saved plan, if the world is as it was when it was made.

        Raises:
            InvalidInput: Code `not_a_plan`.
            Conflict: Code `plan_stale`, with what moved.
        """
        self.desk.admit(actor)
        declared = declared_in(saved)
        if saved.get("unreadable"):
            raise InvalidInput(
                "unreadable_specs", "some of its files could not be read", where="plan", fix="mend them and plan again"
            )
        plan = self._state(
            declared,
            (),
            source=str(saved.get("source")),
            author=actor,
            surfaces=tuple(saved.get("heads") or ()),
            prune=bool(saved.get("prune")),
        )
        require_unmoved(saved, plan, self._since)
        return self._applied(plan, actor, wait_s)

    def export(self, surface: str | None = None, *, source: str | None = None) -> Document:
        """Return path -> YAML of every experiment that exists, ended ones too.

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
        return {"files": files, "source": source}

    def _plan(
        self, texts: Sequence[tuple[Text, str]], source: str, author: str, surfaces: Sequence[str], prune: bool
    ) -> StatePlan:
        declared, unreadable = _read(texts)
        return self._state(declared, unreadable, source=source, author=author, surfaces=surfaces, prune=prune)

    def _state(
        self,
        declared: Sequence[Declared],
        unreadable: Sequence[Unreadable],
        *,
        source: str,
        author: str,
        surfaces: Sequence[str],
        prune: bool,
    ) -> StatePlan:
        if not source.strip():
            raise InvalidInput("source_missing", "the folder has no name", where="source", fix="give one")
        return plan_state(
            self.desk,
            declared,
            source=source,
            author=author,
            head_of=self._head,
            unreadable=unreadable,
            surfaces=surfaces,
            prune=prune,
        )

    def _applied(self, plan: StatePlan, actor: str, wait_s: float) -> Document:
        done = apply_plan(self.desk, plan, actor=actor, wait_s=wait_s)
        if done:
            self.published()
        return {
            "plan": plan_document(plan),
            "done": [each.as_document() for each in done],
            "n_done": sum(not each.ended_badly for each in done),
            "n_failed": sum(each.ended_badly for each in done),
            "in_sync": plan.n_faults == 0 and not any(each.ended_badly for each in done),
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


def _read(texts: Sequence[tuple[Text, str]]) -> tuple[tuple[Declared, ...], tuple[Unreadable, ...]]:
    """Return the specs, and the texts that are none: one bad file must not hide what the others would do."""
    declared: dict[tuple[str, str], Declared] = {}
    unreadable = []
    for text, file in texts:
        try:
            spec = parse_spec(text, source=file)
        except InvalidInput as error:
            findings = tuple(error.facts.get("findings", ()))
            unreadable.append(Unreadable(file=file, code=error.code, message=error.sentence, findings=findings))
            continue
        place = (spec.surface, spec.key)
        if place in declared:
            raise InvalidInput(
                "duplicate_experiment",
                f"'{spec.key}' on {spec.surface} is declared in {declared[place].file} too",
                where=file,
                fix="keep one of them, or give one another key",
            )
        declared[place] = Declared(spec=spec, file=file)
    return tuple(declared.values()), tuple(unreadable)
