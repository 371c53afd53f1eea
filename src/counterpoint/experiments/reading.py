"""From text or data to an `ExperimentSpec` and back, unchanged."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

import msgspec
from pydantic import ValidationError

from counterpoint.errors import InvalidInput
from counterpoint.experiments.plain_yaml import MAX_BYTES, MAX_DEPTH, read_plain_yaml
from counterpoint.experiments.soundness import spec_findings
from counterpoint.experiments.spec import ExperimentSpec
from counterpoint.vocabulary import Finding, Severity

_MAX_FINDINGS = 50  # a list of a thousand wrong entries is not answered by a book
# pydantic's own error types -> ours, which never change; whatever is missing here is a wrong value.
_CODES = {
    "missing": "missing_field",
    "extra_forbidden": "unknown_key",
    "greater_than": "out_of_bounds",
    "greater_than_equal": "out_of_bounds",
    "less_than": "out_of_bounds",
    "less_than_equal": "out_of_bounds",
    "finite_number": "out_of_bounds",
    "too_short": "too_few",
    "literal_error": "unknown_value",
    "enum": "unknown_value",
}


def parse_spec(document: str | Mapping[str, Any], *, source: str = "spec") -> ExperimentSpec:
    """Return the spec that `document` says.

    Args:
        document: YAML or JSON text, or the data it would give.
        source: File or field it came from; named in every error.

    Raises:
        InvalidInput: What is wrong. `facts["findings"]` lists every fault with its code and dotted path; the error's
            own code is the first one's. Codes of the text: `too_large`, `null_byte`, `too_deep`, `alias`,
            `duplicate_key`, `bad_key`, `malformed_yaml`; of the document: `not_a_mapping`, `unknown_key`,
            `missing_field`, `out_of_bounds`, `unknown_value`, `wrong_type`, `too_few` and those of `spec_findings`.
    """
    data = read_plain_yaml(document, source=source) if isinstance(document, str) else document
    if not isinstance(data, Mapping):
        raise InvalidInput(
            "not_a_mapping", "not a mapping of keys to values", where=source, fix="start with 'kind: experiment'"
        )
    _refuse_unplain(data, source)
    try:
        # Through JSON and strictly, so that lists are tuples but "14" is not 14 and true is not 1.
        spec = ExperimentSpec.model_validate_json(msgspec.json.encode(data), strict=True)
    except ValidationError as error:
        raise _refusal(_findings_of(error), source) from error
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(
            "wrong_type", f"not plain data: {error}", where=source, fix="use text, numbers, booleans"
        ) from error
    faults = tuple(f for f in spec_findings(spec) if f.severity is Severity.ERROR)
    if faults:
        raise _refusal(faults, source)
    return spec


def spec_document(spec: ExperimentSpec) -> dict[str, Any]:
    """Return the document that was written: only the fields that were given, JSON builtins."""
    return spec.model_dump(mode="json", exclude_unset=True)


def _refuse_unplain(data: Any, path: str, depth: int = 0) -> None:
    if depth > MAX_DEPTH:
        raise InvalidInput(
            "too_deep", f"more than {MAX_DEPTH} levels deep", where=path[:200], fix="flatten the document"
        )
    match data:
        case Mapping():
            for key, value in data.items():
                if not isinstance(key, str):
                    raise InvalidInput("bad_key", f"key {key!r} is not text", where=path, fix="use text as keys")
                _refuse_unplain(key, path, depth)
                _refuse_unplain(value, f"{path}.{key}", depth + 1)
        case list() | tuple():
            for index, value in enumerate(data):
                _refuse_unplain(value, f"{path}.{index}", depth + 1)
        case str():
            if "\0" in data:
                raise InvalidInput(
                    "null_byte", "text contains a null byte", where=path.replace("\0", "?"), fix="remove it"
                )
            if any("\ud800" <= letter <= "\udfff" for letter in data):
                shown = path.encode(errors="replace").decode()
                raise InvalidInput("unstorable_text", "text contains half a character", where=shown, fix="remove it")
            if len(data) > MAX_BYTES:
                raise InvalidInput("too_large", f"more than {MAX_BYTES:,} characters", where=path, fix="shorten it")
        case float() if not isfinite(data):
            raise InvalidInput("out_of_bounds", "not a finite number", where=path, fix="give a finite number")
        case _:
            pass


def _findings_of(error: ValidationError) -> tuple[Finding, ...]:
    findings: dict[tuple[str, str], Finding] = {}
    for detail in error.errors(include_url=False, include_context=False, include_input=False):
        # A union reports each branch; the branch's name is no part of the reader's path.
        path = ".".join(str(part) for part in detail["loc"] if part not in ("bool", "int", "float", "str"))
        code = _CODES.get(detail["type"], "wrong_type")
        findings.setdefault((path, code), Finding(code=code, severity=Severity.ERROR, path=path, message=detail["msg"]))
    # A list with a faulty item counts as too short, which is no fault of its own.
    return tuple(
        finding
        for (path, code), finding in findings.items()
        if code != "too_few" or not any(other.startswith(f"{path}.") for other, _ in findings)
    )


def _refusal(findings: tuple[Finding, ...], source: str) -> InvalidInput:
    first = findings[0]
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return InvalidInput(
        first.code,
        f"{first.message.rstrip('.')}{more}",
        where=f"{source}: {first.path}" if first.path else source,
        fix="mend the fields that the findings name",
        facts={"findings": [finding.as_document() for finding in findings[:_MAX_FINDINGS]]},
    )
