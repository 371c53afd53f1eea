"""Drafts: specs that an agent works on, kept here so that it names them instead of sending them again."""

import copy
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from counterpoint.control.hypotheses import mend
from counterpoint.control.plane import Control, Document
from counterpoint.errors import Conflict, Forbidden, InvalidInput, NotFound
from counterpoint.experiments import ExperimentSpec, parse_spec, spec_document
from counterpoint.storage.sql import SqlDocuments

KIND = "draft"
_MAX_CHANGES = 100


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """One draft.

    Attributes:
        spec: As it now is.
        plan: What it was generated from; None when it was given as a spec.
        version: Grows with each revision.
    """

    id: str
    actor: str
    spec: dict[str, Any]
    plan: dict[str, Any] | None
    created_at: datetime
    version: int = 1


class Drafts:
    """Drafts on documents.

    Args:
        control: Plans, validates, and applies fixes.
    """

    def __init__(self, documents: SqlDocuments, control: Control, new_id: Callable[[], str]) -> None:
        self._documents = documents
        self._control = control
        self._new_id = new_id

    def propose(self, hypothesis: str, *, surface: str, owner: str, actor: str) -> Document:
        """Return the plan of a hypothesis and, when it can be tested as it stands, the draft made of it.

        Raises:
            NotFound: code `unknown_surface`.
        """
        proposal = self._control.plan(hypothesis, surface=surface, owner=owner)
        # What another model was told and answered is kept for people; an agent is not to read it as its own.
        proposal.pop("calls", None)
        if proposal["spec"] is None:
            return {**proposal, "draft": None}
        draft = self._kept(proposal["spec"], proposal["plan"], actor)
        return {**proposal, "draft": draft.id}

    def revise(
        self,
        name: str,
        *,
        actor: str,
        changes: Mapping[str, Any],
        remove: Sequence[str] = (),
        apply_fixes: bool = False,
    ) -> Document:
        """Return a draft with the named fields changed; what is not named stays as it was.

        Args:
            changes: Dotted path -> new value. `variants.1.set.podcasts.shelf_position` sets one parameter of a variant.
            remove: Dotted paths to take away; the only way in which anything is lost.
            apply_fixes: Also apply the fixes that the validator's findings carry.

        Raises:
            NotFound: code `unknown_draft`.
            Forbidden: code `not_your_draft`.
            InvalidInput: code `unknown_path`, or what is wrong with the spec that it would become; nothing is stored.
        """
        if len(changes) + len(remove) > _MAX_CHANGES:
            raise InvalidInput("too_large", f"more than {_MAX_CHANGES} changes at once", where="changes")
        before = self.get(name, actor)
        document = copy.deepcopy(before.spec)
        for path, value in changes.items():
            _put(document, path, value)
        for path in remove:
            _take(document, path)
        source, now = "revised draft", self._control.clock()
        if apply_fixes:
            parsed = mend(
                document, validate=lambda each: self._control.planning.validate(each, now), source=source
            ).spec
        else:
            parsed = parse_spec(document, source=source)
        after = msgspec.structs.replace(before, spec=_written(parsed), version=before.version + 1)
        self._put(after, expected_version=before.version)
        return {"draft": after.id, **self._control.validate(after.spec)}

    def get(self, name: str, actor: str) -> Draft:
        """Return a draft of an actor.

        Raises:
            NotFound: code `unknown_draft`.
            Forbidden: code `not_your_draft`.
        """
        try:
            draft = msgspec.convert(self._documents.get(KIND, name).body, Draft)
        except NotFound as error:
            raise NotFound(
                "unknown_draft", f"no draft {name!r}", where="draft", fix="make one from a hypothesis"
            ) from error
        if draft.actor != actor:
            raise Forbidden("not_your_draft", f"{draft.actor} made it", where=name, fix="make a draft of your own")
        return draft

    def spec_of(
        self, draft: str | None, spec: str | Mapping[str, Any] | None, actor: str
    ) -> tuple[ExperimentSpec, Document | None]:
        """Return the spec that is meant, and the plan behind it: of a draft, or as given.

        Raises:
            InvalidInput: code `draft_or_spec`, unless exactly one is given; or what is wrong with the spec.
        """
        if (draft is None) == (spec is None):
            raise InvalidInput("draft_or_spec", "give a draft or a spec", where="draft", fix="exactly one of them")
        if draft is not None:
            found = self.get(draft, actor)
            return parse_spec(found.spec, source="draft"), found.plan
        return parse_spec(spec or {}, source="spec"), None

    def _kept(self, spec: Document, plan: Document | None, actor: str) -> Draft:
        now = self._control.clock()
        draft = Draft(id=f"draft-{self._new_id()}", actor=actor, spec=spec, plan=plan, created_at=now)
        self._put(draft, expected_version=0)
        return draft

    def _put(self, draft: Draft, *, expected_version: int) -> None:
        try:
            self._documents.put(
                KIND, draft.id, msgspec.to_builtins(draft), expected_version=expected_version, at=self._control.clock()
            )
        except Conflict as error:
            raise Conflict(
                "stale_write", "the draft was revised meanwhile", where=draft.id, fix="read it again"
            ) from error


def _written(spec: ExperimentSpec) -> Document:
    return dict(spec_document(spec))


def _parts(path: str) -> list[str]:
    parts = path.split(".")
    if "set" in parts[:-1]:
        # Keys of parameters have dots themselves: what follows `set` is one key.
        at = parts.index("set") + 1
        parts = [*parts[:at], ".".join(parts[at:])]
    return parts


def _put(document: Document, path: str, value: Any) -> None:
    *way, last = _parts(path)
    node: Any = document
    for part in way:
        node = _below(node, part, path, make=True)
    if isinstance(node, dict):
        node[last] = value
    elif isinstance(node, list) and last.isdecimal() and int(last) <= len(node):
        node[int(last) : int(last) + 1] = [value]
    else:
        raise _unknown(path)


def _take(document: Document, path: str) -> None:
    *way, last = _parts(path)
    node: Any = document
    for part in way:
        node = _below(node, part, path, make=False)
    if isinstance(node, dict) and last in node:
        del node[last]
    elif isinstance(node, list) and last.isdecimal() and int(last) < len(node):
        del node[int(last)]
    else:
        raise _unknown(path)


def _below(node: Any, part: str, path: str, *, make: bool) -> Any:
    if isinstance(node, dict) and (make or part in node):
        return node.setdefault(part, {})
    if isinstance(node, list) and part.isdecimal() and int(part) < len(node):
        return node[int(part)]
    raise _unknown(path)


def _unknown(path: str) -> InvalidInput:
    return InvalidInput(
        "unknown_path",
        "the draft has no such place",
        where=path,
        fix="write it like metrics.primary.mde or variants.1.set",
    )
