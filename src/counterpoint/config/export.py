"""Writes what other code needs to read a surface's parameters safely: a JSON Schema, and typed accessors."""

import json
import keyword
import re
from collections.abc import Callable, Iterable
from typing import Any

from counterpoint.config.surface import Parameter, Surface
from counterpoint.vocabulary import Finding, ParameterType, Severity

_PYTHON = {"bool": "bool", "int": "int", "float": "float", "string": "str"}
_TYPESCRIPT = {"bool": "boolean", "int": "number", "float": "number", "string": "string"}
# What a JavaScript or Python class cannot have as the name of a member.
_TAKEN = frozenset({"config", "constructor", "self", "value", "prototype"})


def values_schema(surface: Surface) -> dict[str, Any]:
    """Return the JSON Schema of one value per parameter of `surface`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Values of the parameters of surface {surface.key}",
        "type": "object",
        "properties": {key: _value_schema(parameter) for key, parameter in surface.parameters.items()},
        "additionalProperties": False,
    }


def python_accessors(surface: Surface) -> str:
    """Return a Python module with one class: a typed, documented property per parameter, read when it is asked for."""
    lines = [
        f'"""Typed reads of the parameters of surface {surface.key}; generated, do not edit."""',
        "",
        "from typing import Any, Literal, Protocol",
        "",
        "",
        "class Reads(Protocol):",
        '    """What gives values: the Config of a request."""',
        "",
        "    def value(self, key: str) -> Any:",
        '        """Return the value of a parameter, recording the read."""',
        "",
        "",
        f"class {_class_name(surface.key)}Config:",
        f'    """The parameters of surface {surface.key}; each property is one read."""',
        "",
        '    __slots__ = ("_config",)',
        "",
        "    def __init__(self, config: Reads) -> None:",
        "        self._config = config",
    ]
    for name, parameter in _members(surface, _snake, _is_python_name):
        kind = _type_of(parameter, _PYTHON, lambda values: f"Literal[{', '.join(values)}]")
        lines += [
            "",
            "    @property",
            f"    def {name}(self) -> {kind}:",
            f"        {_docstring(parameter)}",
            f"        read: {kind} = self._config.value({json.dumps(parameter.key)})",
            "        return read",
        ]
    return "\n".join(lines) + "\n"


def typescript_accessors(surface: Surface) -> str:
    """Return a TypeScript module with one class: a typed, documented getter per parameter."""
    lines = [
        f"// Typed reads of the parameters of surface {surface.key}; generated, do not edit.",
        "",
        "export interface Reads {",
        "  value(key: string): boolean | number | string;",
        "}",
        "",
        f"export class {_class_name(surface.key)}Config {{",
        "  constructor(private readonly config: Reads) {}",
    ]
    for name, parameter in _members(surface, _camel, lambda _: True):
        kind = _type_of(parameter, _TYPESCRIPT, " | ".join)
        about = _about(parameter).replace("*/", "* /")
        lines += [
            "",
            f"  /** {about} */",
            f"  get {name}(): {kind} {{",
            f"    return this.config.value({json.dumps(parameter.key)}) as {kind};",
            "  }",
        ]
    return "\n".join([*lines, "}"]) + "\n"


def check_agreement(surface: Surface, read_keys: Iterable[str]) -> tuple[Finding, ...]:
    """Return where code and surface disagree.

    Args:
        surface: What declares the parameters.
        read_keys: Every key that the code can read.

    Returns:
        `unknown_parameter`, an error, for what the code reads and nobody declared; `unread_parameter`, a warning, for
        what is declared and changes nothing because nobody reads it.
    """
    asked = set(read_keys)
    unknown = [
        Finding(
            code="unknown_parameter",
            severity=Severity.ERROR,
            path=key,
            message=f"the code reads {key!r}, which surface {surface.key} does not declare",
        )
        for key in sorted(asked - surface.parameters.keys())
    ]
    unread = [
        Finding(
            code="unread_parameter",
            severity=Severity.WARNING,
            path=key,
            message=f"no code reads {key!r}: an experiment on it would change nothing",
        )
        for key in surface.parameters
        if key not in asked
    ]
    return (*unknown, *unread)


def _value_schema(parameter: Parameter) -> dict[str, Any]:
    kinds = {"bool": "boolean", "int": "integer", "float": "number", "string": "string", "enum": "string"}
    schema: dict[str, Any] = {"type": kinds[parameter.type], "default": parameter.baseline}
    if parameter.type is ParameterType.ENUM:
        schema["enum"] = list(parameter.values)
    for name, bound in (("minimum", parameter.min), ("maximum", parameter.max)):
        if bound is not None:
            schema[name] = int(bound) if parameter.type is ParameterType.INT and bound.is_integer() else bound
    if parameter.description:
        schema["description"] = parameter.description
    return schema


def _members(
    surface: Surface, spell: Callable[[str], str], is_allowed: Callable[[str], bool]
) -> list[tuple[str, Parameter]]:
    # `a.b` and `a_b` would be one name: the second gets a number, so that both stay readable.
    taken: set[str] = set()
    members = []
    for parameter in surface.parameters.values():
        stem = spell(parameter.key)
        stem = stem if is_allowed(stem) and stem not in _TAKEN else f"{stem}_"
        name = next(
            name
            for n in range(len(surface.parameters) + 1)
            if (name := stem if n == 0 else f"{stem}{n + 1}") not in taken
        )
        taken.add(name)
        members.append((name, parameter))
    return members


def _type_of(parameter: Parameter, names: dict[str, str], union: Callable[[list[str]], str]) -> str:
    if parameter.type is ParameterType.ENUM:
        return union([json.dumps(value) for value in parameter.values])
    return names[parameter.type]


def _about(parameter: Parameter) -> str:
    words = " ".join(parameter.description.split()) or parameter.key
    unit = f", in {parameter.unit}" if parameter.unit else ""
    bounds = (
        f", from {parameter.min:g} to {parameter.max:g}"
        if parameter.min is not None and parameter.max is not None
        else ""
    )
    return f"{words[:1].upper()}{words[1:]}{unit}{bounds}; baseline {json.dumps(parameter.baseline)}."


def _docstring(parameter: Parameter) -> str:
    about = _about(parameter).replace("\\", "\\\\").replace('"""', "'''")
    return f'"""{about}"""'


def _is_python_name(name: str) -> bool:
    return not keyword.iskeyword(name)


def _snake(key: str) -> str:
    return re.sub(r"[.-]", "_", key)


def _camel(key: str) -> str:
    first, *rest = re.split(r"[._-]+", key)
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def _class_name(key: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[._-]+", key))
