"""The validator: every check on every spec, whoever wrote it; the only way to a launch."""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from counterpoint.agents.checks import CHECKS, Check
from counterpoint.agents.ports import World
from counterpoint.config import Surface
from counterpoint.errors import InvalidInput
from counterpoint.experiments import ExperimentSpec, parse_spec, spec_document
from counterpoint.vocabulary import Finding, Severity

VALIDATOR = "counterpoint-validator/1"
"""Name and version that an attestation carries; raise it when a check changes what it refuses."""


def validate(
    spec: ExperimentSpec, surface: Surface, world: World, *, checks: tuple[Check, ...] = CHECKS
) -> tuple[Finding, ...]:
    """Return everything there is to say about `spec`, in the order of the checks; no ERROR among them means go.

    Equal inputs give equal findings: the clock is `world.now`, and ports are asked once.
    """
    fresh = replace(world, memo={})
    return tuple(finding for check in checks for finding in check(spec, surface, fresh))


def may_launch(findings: Iterable[Finding]) -> bool:
    """Return whether nothing refuses."""
    return all(f.severity is not Severity.ERROR for f in findings)


def apply_fixes(
    spec: ExperimentSpec, findings: Iterable[Finding], *, least: Severity = Severity.WARNING
) -> ExperimentSpec:
    """Return `spec` with the machine-applicable fixes of `findings` applied; validate the result again.

    Fixes that touch the same part are left for the next time: each was made for the document as it was.

    Args:
        least: Apply fixes of refusals alone (ERROR), or of warnings too (WARNING).

    Raises:
        InvalidInput: `fix_not_applicable` when a path is not in the document, or a fixed document is no spec.
    """
    return parse_spec(fixed_document(spec_document(spec), findings, least=least), source="fixed spec")


def fixed_document(
    document: Mapping[str, Any], findings: Iterable[Finding], *, least: Severity = Severity.WARNING
) -> dict[str, Any]:
    """Return `document`, which need not be a spec yet, with the fixes of `findings` applied.

    Raises:
        InvalidInput: `fix_not_applicable`.
    """
    wanted = {Severity.ERROR} if least is Severity.ERROR else {Severity.ERROR, Severity.WARNING}
    mended = copy.deepcopy(dict(document))
    done: set[str] = set()
    for finding in findings:
        if finding.severity not in wanted or any(_overlap(path, other) for path in finding.fix for other in done):
            continue  # The first finding on a path wins: a later one was made for the document as it was.
        for path, value in finding.fix.items():
            done.add(path)
            _put(mended, path, value)
    return mended


def _overlap(path: str, other: str) -> bool:
    """Return whether one path leads to what the other lies in."""
    return f"{path}.".startswith(f"{other}.") or f"{other}.".startswith(f"{path}.")


def _put(document: dict[str, Any], path: str, value: Any) -> None:
    parts = path.split(".")
    if "set" in parts[:-1]:
        # Keys of parameters have dots themselves: what follows `set` is one key.
        at = parts.index("set") + 1
        parts = [*parts[:at], ".".join(parts[at:])]
    node: Any = document
    for part in parts[:-1]:
        if isinstance(node, list) and part.isdigit() and int(part) < len(node):
            node = node[int(part)]
        elif isinstance(node, Mapping):
            node = node.setdefault(part, {}) if isinstance(node, dict) else node[part]
        else:
            raise InvalidInput("fix_not_applicable", f"the document has no '{path}'", where=path)
    if isinstance(node, dict):
        node[parts[-1]] = value
    elif isinstance(node, list) and parts[-1].isdigit() and int(parts[-1]) < len(node):
        node[int(parts[-1])] = value
    else:
        raise InvalidInput("fix_not_applicable", f"the document has no '{path}'", where=path)
