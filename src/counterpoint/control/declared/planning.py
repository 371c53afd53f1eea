"""Compare declared baselines, holdouts and domains with what is live: what to change, and what somebody must decide."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from counterpoint.control.changes import WAITING, Proposal
from counterpoint.control.changes import Edit as Wish
from counterpoint.control.configuring import Configuring
from counterpoint.control.declared.parts import (
    BaselinePart,
    DeclaredPart,
    DomainPart,
    HoldoutPart,
    Part,
    kind_of,
    reason_for,
)
from counterpoint.control.declared.standing import Standing
from counterpoint.errors import Conflict, CounterpointError
from counterpoint.experiments import n_buckets_of
from counterpoint.orchestration import Edit
from counterpoint.orchestration.declarative import DROPPED, REPLACED, Act, Item
from counterpoint.releases import SurfaceState, with_rollout_finished
from counterpoint.vocabulary import Finding, Severity

_FIXED = "its units were drawn and its baseline was kept by it"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One part with what it is compared with."""

    standing: Standing
    declared: DeclaredPart
    state: SurfaceState
    actor: str

    @property
    def part(self) -> Part:
        return self.declared.part

    @property
    def reason(self) -> str:
        return reason_for(self.part, self.standing.source)


def plan_parts(
    configuring: Configuring,
    parts: Sequence[DeclaredPart],
    *,
    source: str,
    actor: str,
    surfaces: Iterable[str],
    prune: bool,
) -> tuple[Item, ...]:
    """Return what has to be done for every part to be as declared, and what is there that is not; changes nothing.

    Args:
        source: Name of the folder; of what is there and not declared, only what it began is ever released.
        actor: Who would change it.
        surfaces: Where undeclared holdouts and domains are looked for.
        prune: Release what this folder began and no longer names.

    Raises:
        NotFound: Code `unknown_surface`.
    """
    standing = Standing(configuring=configuring, source=source)
    states = {surface: configuring.desk.live(surface).state for surface in surfaces}
    items = [
        _item(_Asked(standing=standing, declared=each, state=states[each.part.surface], actor=actor)) for each in parts
    ]
    named = {each.place for each in parts}
    for surface, state in states.items():
        for kind, present in (("holdout", state.holdouts), ("domain", state.domains)):
            gone = [key for key in sorted(present) if (kind, surface, key) not in named]
            items += [_unnamed(standing, surface, kind, key, prune=prune) for key in gone]
    return tuple(items)


def wish(part: Part, source: str, actor: str, *, dry_run: bool = False) -> Wish:
    """Return who wants a part so, and why."""
    acknowledges = part.acknowledges if isinstance(part, BaselinePart) else ()
    return Wish(actor=actor, reason=reason_for(part, source), acknowledges=acknowledges, dry_run=dry_run)


def perform(configuring: Configuring, part: Part, act: Act, edit: Wish) -> dict[str, Any]:
    """Return the change that makes a part as declared: staged, approved and validated like anybody's."""
    aside = configuring.aside
    match part:
        case BaselinePart():
            rules = None if part.rules is None else [msgspec.to_builtins(rule) for rule in part.rules]
            return configuring.change_both(part.surface, part.values, rules, edit)
        case HoldoutPart() if act is Act.CHANGE:
            return aside.renew_holdout(part.surface, part.key, ends_at=part.ends_at, edit=edit)
        case HoldoutPart():
            return aside.start_holdout(
                part.surface,
                part.key,
                share=part.share,
                ends_at=part.ends_at,
                owner=part.owner,
                layers=part.layers,
                owners=part.owners,
                unit=part.unit,
                edit=edit,
            )
        case DomainPart():
            return aside.reserve_domain(part.surface, part.key, share=part.share, owner=part.owner, edit=edit)


def _item(asked: _Asked) -> Item:
    match asked.part:
        case BaselinePart() as part:
            return _baseline(asked, part)
        case HoldoutPart() as part:
            return _held(asked, part)
        case DomainPart() as part:
            return _domain(asked, part)


def _baseline(asked: _Asked, part: BaselinePart) -> Item:
    edits = _baseline_edits(part, asked.state)
    paths = {
        "rules" if edit.path == "rules" else f"baseline/{edit.path.removeprefix('values.')}": edit.path
        for edit in edits
    }
    if not edits:
        away = tuple(
            f"rollout {key} by {rollout.author} is taking it elsewhere: {rollout.reason}"
            for key, rollout in asked.state.rollouts.items()
            if _baseline_edits(part, with_rollout_finished(asked.state, key))
        )
        return _said(asked, Act.KEEP, drift=away)
    finished = asked.state
    for key in asked.state.rollouts:
        finished = with_rollout_finished(finished, key)
    if not _baseline_edits(part, finished):
        under_way = ", ".join(
            f"{key}, stage {rollout.stage + 1} of {len(rollout.stages)}"
            for key, rollout in asked.state.rollouts.items()
        )
        return _said(asked, Act.KEEP, f"it is being rolled out ({under_way})")
    return _decided(asked, Act.CHANGE, edits, asked.standing.changed_by_hand(part.surface, paths, part.as_of))


def _baseline_edits(part: BaselinePart, state: SurfaceState) -> tuple[Edit, ...]:
    edits = [
        Edit(path=f"values.{name}", before=state.baseline.get(name), after=value)
        for name, value in part.values.items()
        if name not in state.baseline or not _same(state.baseline[name], value)
    ]
    if part.rules is not None and part.rules != state.rules:
        edits.append(Edit(path="rules", before=_plain(state.rules), after=_plain(part.rules)))
    return tuple(edits)


def _held(asked: _Asked, part: HoldoutPart) -> Item:
    path = f"holdouts/{part.key}"
    live = asked.state.holdouts.get(part.key)
    if live is None:
        return _absent(asked, path)
    fixed = _edits(
        owner=(live.owner, part.owner),
        share=(live.share, part.share),
        unit=(live.unit, part.unit or asked.state.surface.unit),
        layers=(list(live.layers), list(part.layers)),
        owners=(list(live.owners), list(part.owners)),
    )
    if fixed:
        return _fixed(asked, fixed)
    if live.ends_at == part.ends_at:
        return _said(asked, Act.KEEP, *(("it was read",) if live.read_at is not None else ()))
    edits = _edits(ends_at=(live.ends_at.isoformat(), part.ends_at.isoformat()))
    return _decided(
        asked, Act.CHANGE, edits, asked.standing.changed_by_hand(part.surface, {path: "its end"}, part.as_of)
    )


def _domain(asked: _Asked, part: DomainPart) -> Item:
    live = asked.state.domains.get(part.key)
    if live is None:
        return _absent(asked, f"domains/{part.key}")
    wanted = n_buckets_of(part.share)
    edits = _edits(owner=(live.owner, part.owner), n_buckets=(len(live.buckets), wanted))
    return _fixed(asked, edits) if edits else _said(asked, Act.KEEP)


def _absent(asked: _Asked, path: str) -> Item:
    """Return the item of what is not there: begun, unless a person ended it."""
    part = asked.part
    last = asked.standing.last(part.surface, path)
    if last is not None and last.number > part.as_of and not last.reason.endswith(DROPPED):
        return _said(
            asked,
            Act.KEEP,
            f"it has ended: released in release {last.number} by {last.author}; declare another key to begin again",
        )
    written = {name: value for name, value in _plain(part).items() if value not in (None, []) and name != "as_of"}
    edits = tuple(Edit(path=name, before=None, after=value) for name, value in written.items() if name != "kind")
    return _decided(asked, Act.LAUNCH, edits, ())


def _fixed(asked: _Asked, edits: tuple[Edit, ...]) -> Item:
    fields = ", ".join(edit.path for edit in edits)
    return _said(
        asked,
        Act.BLOCKED,
        f"{fields} cannot be changed in place ({_FIXED}): release it, and declare the new text under a new key",
        changes=edits,
    )


def _decided(asked: _Asked, act: Act, edits: tuple[Edit, ...], by_hand: tuple[str, ...]) -> Item:
    """Return the item of what differs: to be changed, waiting already, or left because a person decided otherwise."""
    if by_hand:
        number = asked.standing.configuring.desk.live(asked.part.surface).number
        return _said(
            asked,
            Act.BLOCKED,
            f"import it again, or write `as_of: {number}` to say that this file shall win over what was done by hand",
            changes=edits,
            drift=by_hand,
        )
    proposals = asked.standing.proposed(asked.part.surface)
    same = next((each for each in proposals if each.reason == asked.reason), None)
    if same is not None and same.state in WAITING:
        return _said(asked, Act.KEEP, f"proposed, and {_waiting(same)}", needed=same.needed)
    if same is not None and _refused_by_person(same):
        last = same.steps[-1]
        return _said(
            asked,
            Act.BLOCKED,
            f"{last.state.replace('_', ' ')} by {last.actor}, {last.reason}: a folder does not overrule a person; "
            "change the file, or write the release that you have seen now as its `as_of`",
            changes=edits,
        )
    if any(_is_older(each, asked.part) for each in proposals):
        act = Act.REPLACE
    return _tried(asked, act, edits)


def _tried(asked: _Asked, act: Act, edits: tuple[Edit, ...]) -> Item:
    try:
        found = perform(
            asked.standing.configuring,
            asked.part,
            Act.CHANGE if _exists(asked) else act,
            wish(asked.part, asked.standing.source, asked.actor, dry_run=True),
        )
    except CounterpointError as error:
        verdict = Act.BLOCKED if isinstance(error, Conflict) else Act.INVALID
        return _said(asked, verdict, f"{error.sentence} [{error.code}]", changes=edits)
    findings = tuple(
        Finding(
            code=each["code"],
            severity=Severity(each["severity"]),
            path=each["path"],
            message=each["message"],
            facts=each.get("facts", {}),
        )
        for each in found["findings"]
    )
    if any(finding.severity is Severity.ERROR for finding in findings):
        return _said(asked, Act.INVALID, "the validator refuses it", changes=edits, findings=findings)
    reasons = [found["power"]["sentence"]] if "power" in found else []
    if act is Act.REPLACE:
        reasons.append("its older text waits for approval: that is taken back, and the new text proposed")
    return _said(asked, act, *reasons, changes=edits, findings=findings, needed=found["needed"])


def _exists(asked: _Asked) -> bool:
    return isinstance(asked.part, HoldoutPart) and asked.part.key in asked.state.holdouts


def older_waiting(standing: Standing, part: Part) -> tuple[Proposal, ...]:
    """Return what this folder proposed for a part with an older text and what still waits."""
    return tuple(each for each in standing.proposed(part.surface) if _is_older(each, part))


def _is_older(proposal: Proposal, part: Part) -> bool:
    # Of one folder only texts of the same part begin so; the same text is never asked for here.
    return proposal.state in WAITING and f" declares {kind_of(part)} {part.key} so (" in proposal.reason


def _refused_by_person(proposal: Proposal) -> bool:
    last = proposal.steps[-1]
    return proposal.state in ("withdrawn", "reverted") and not last.reason.endswith(REPLACED)


def _waiting(proposal: Proposal) -> str:
    return f"{proposal.steps[-1].reason} (change {proposal.id})"


def _unnamed(standing: Standing, surface: str, kind: str, key: str, *, prune: bool) -> Item:
    ours = standing.began(surface, f"{kind}s/{key}")
    if not ours:
        reason = "not declared here: left alone"
    elif prune:
        reason = f"{standing.source} {DROPPED}"
    else:
        reason = f"{standing.source} {DROPPED}: `--prune` releases it, once every file can be read"
    act = Act.STOP if ours and prune else Act.UNNAMED
    return Item(surface=surface, experiment=key, kind=kind, act=act, reasons=(reason,), state="live")


def _said(
    asked: _Asked,
    act: Act,
    *reasons: str,
    changes: tuple[Edit, ...] = (),
    drift: tuple[str, ...] = (),
    findings: tuple[Finding, ...] = (),
    needed: int = 0,
) -> Item:
    part = asked.part
    return Item(
        surface=part.surface,
        experiment=part.key,
        kind=asked.declared.kind,
        act=act,
        file=asked.declared.file,
        reasons=reasons,
        drift=drift,
        changes=changes,
        findings=findings,
        approvals_needed=needed,
    )


def _edits(**fields: tuple[Any, Any]) -> tuple[Edit, ...]:
    return tuple(
        Edit(path=name, before=before, after=after)
        for name, (before, after) in fields.items()
        if not _same(before, after)
    )


def _same(before: Any, after: Any) -> bool:
    # True is 1 in Python, and is another value here.
    return bool(before == after) and isinstance(before, bool) == isinstance(after, bool)


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value)
