"""Reads YAML that strangers wrote into plain values, refusing what could hurt or mislead."""

from typing import Any

import yaml

from counterpoint.vocabulary import Finding, Severity

MAX_CHARS = 10_000_000
MAX_DEPTH = 24
MAX_SHOWN = 200

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(text: str) -> tuple[Any, list[Finding]]:
    """Return the plain value of one YAML document, and what is wrong with its text.

    Aliases are refused (a few lines of them expand to gigabytes), as are duplicate keys (YAML keeps the last in
    silence), null bytes, more than 10 million characters and nesting beyond 24 levels. The value is None when it
    cannot be read.
    """
    if len(text) > MAX_CHARS:
        return None, [
            _finding("too_large", "", f"the document has {len(text)} characters; at most {MAX_CHARS} are read")
        ]
    if "\x00" in text:
        n_before = text.count("\n", 0, text.index("\x00"))
        return None, [_finding("null_byte", "", f"line {n_before + 1} holds a null byte; remove it")]
    try:
        refusal = _scan(text)
        if refusal is not None:
            return None, [refusal]
        node = yaml.compose(text, Loader=_Loader)
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or "it is not text that YAML allows"
        return None, [_finding("malformed_yaml", "", f"{line}{problem}")]
    findings: list[Finding] = []
    return (None if node is None else _value(node, "", findings)), findings


def _scan(text: str) -> Finding | None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            return _finding("alias_refused", "", f"line {_line(event)}: write the value again in place of an alias")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                return _finding("too_deep", "", f"line {_line(event)} nests deeper than {MAX_DEPTH} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return None


def _value(node: yaml.Node, path: str, findings: list[Finding]) -> Any:
    if isinstance(node, yaml.MappingNode):
        table: dict[str, Any] = {}
        last: str | None = None
        for key_node, value_node in node.value:
            # A key is taken as written: `no:` and `on:` are names here, not truth values.
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            line = _line(key_node)
            if key is None:
                findings.append(_finding("malformed_yaml", path, f"line {line}: a key must be a plain word"))
                continue
            if last is not None and _is_bare(node, value_node):
                # `{description: one, two}` is a comma that was not quoted: to YAML, a second key without a value.
                table[last] += f", {key}"
                continue
            below = f"{path}.{key}" if path else key
            if key in table:
                findings.append(
                    _finding("duplicate_key", below, f"line {line} gives {key!r} again; keep one of the two")
                )
                continue
            table[key] = _value(value_node, below, findings)
            last = key if isinstance(table[key], str) and _is_plain(value_node) else None
        return table
    if isinstance(node, yaml.SequenceNode):
        return [_value(child, f"{path}[{place}]", findings) for place, child in enumerate(node.value)]
    return _scalar(node, path, findings)


def _scalar(node: yaml.Node, path: str, findings: list[Finding]) -> Any:
    kind = node.tag.rsplit(":", 1)[-1]
    constructor = yaml.constructor.SafeConstructor()
    readers: dict[str, Any] = {
        "null": constructor.construct_yaml_null,
        "bool": constructor.construct_yaml_bool,
        "int": constructor.construct_yaml_int,
        "float": constructor.construct_yaml_float,
        "str": constructor.construct_yaml_str,
    }
    line = _line(node)
    if not node.tag.startswith("tag:yaml.org,2002:") or kind not in readers:
        findings.append(
            _finding("wrong_type", path, f"line {line}: {kind} is not a type that is read here; put it in quotes")
        )
        return None
    try:
        return readers[kind](node)
    except (ValueError, OverflowError):
        findings.append(_finding("malformed_yaml", path, f"line {line}: {str(node.value)[:MAX_SHOWN]!r} is no {kind}"))
        return None


def _is_bare(mapping: yaml.MappingNode, value: yaml.Node) -> bool:
    return bool(mapping.flow_style) and _is_plain(value) and not value.value


def _is_plain(node: yaml.Node) -> bool:
    # The C loader says "" where the Python loader says None.
    return isinstance(node, yaml.ScalarNode) and node.style in (None, "")


def _line(place: yaml.Event | yaml.Node) -> int:
    mark = place.start_mark
    return mark.line + 1 if mark is not None else 0


def _finding(code: str, path: str, message: str) -> Finding:
    return Finding(code=code, severity=Severity.ERROR, path=path, message=message)
