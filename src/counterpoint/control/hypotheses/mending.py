"""Applies the fixes that findings carry until nothing more can be mended, to documents that are no spec yet as well."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from counterpoint.agents import apply_fixes, fixed_document
from counterpoint.errors import InvalidInput
from counterpoint.experiments import ExperimentSpec, parse_spec, read_plain_yaml
from counterpoint.vocabulary import Finding, Severity

_N_ROUNDS = 4
"""One fix can bring out the next, as a longer schedule does; two that undo each other must come to an end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """What mending came to.

    Attributes:
        applied: Paths that fixes touched.
        findings: What still stands.
    """

    spec: ExperimentSpec
    applied: tuple[str, ...]
    findings: tuple[Finding, ...]


def mend(
    document: str | Mapping[str, Any],
    *,
    validate: Callable[[ExperimentSpec], tuple[Finding, ...]],
    source: str = "spec",
) -> Mended:
    """Return a document with the fixes of all findings applied, of those that keep it from being a spec first.

    Raises:
        InvalidInput: It is no spec, and no fix makes it one; its findings are those of the document as given.
    """
    spec, touched = _read(document, source)
    findings = validate(spec)
    for _ in range(_N_ROUNDS):
        fixed = apply_fixes(spec, findings)
        if fixed == spec:
            break
        touched |= _paths(findings)
        spec, findings = fixed, validate(fixed)
    return Mended(spec=spec, applied=tuple(sorted(touched)), findings=findings)


def _read(document: str | Mapping[str, Any], source: str) -> tuple[ExperimentSpec, set[str]]:
    touched: set[str] = set()
    first: InvalidInput | None = None
    given: Any = document
    for _ in range(_N_ROUNDS):
        try:
            return parse_spec(given, source=source), touched
        except InvalidInput as error:
            first = first or error
            faults = tuple(_finding(each) for each in error.facts.get("findings", ()) if each["fix"])
            if not faults:
                raise first from None
            data = read_plain_yaml(given, source=source) if isinstance(given, str) else given
            given = fixed_document(data, faults)
            touched |= _paths(faults)
    raise first or InvalidInput("fix_not_applicable", "its fixes undo each other", where=source)


def _finding(document: Mapping[str, Any]) -> Finding:
    return Finding(**{**document, "severity": Severity(document["severity"])})


def _paths(findings: tuple[Finding, ...]) -> set[str]:
    return {path for each in findings if each.severity is not Severity.INFO for path in each.fix}
