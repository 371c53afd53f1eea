import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from counterpoint.config import (
    check_agreement,
    load_surface,
    parse_surface,
    python_accessors,
    typescript_accessors,
    values_schema,
)

SURFACE, _ = parse_surface(
    {
        "surface": "my-home",
        "unit": "user_id",
        "layers": {"l": {}},
        "parameters": {
            "rows.max": {"layer": "l", "type": "int", "min": 1, "max": 9, "baseline": 3, "unit": "rows"},
            "rows_max": {"layer": "l", "type": "float", "baseline": 0.5, "description": 'a "quoted" */ text\\'},
            "class": {"layer": "l", "type": "bool", "baseline": True},
            "style": {"layer": "l", "type": "enum", "values": ["none", "two words"], "baseline": "none"},
            "title": {"layer": "l", "type": "string", "baseline": "Hej"},
        },
    }
)


class Values:
    def __init__(self):
        self.asked = []

    def value(self, key):
        self.asked.append(key)
        return SURFACE.parameters[key].baseline


def test_python_accessors_run_and_each_property_is_one_read():
    scope = {}
    exec(compile(python_accessors(SURFACE), "accessors", "exec"), scope)
    values = Values()
    config = scope["MyHomeConfig"](values)
    assert (config.rows_max, config.rows_max2, config.class_, config.style, config.title) == (
        3,
        0.5,
        True,
        "none",
        "Hej",
    )
    assert values.asked == ["rows.max", "rows_max", "class", "style", "title"]


def test_python_accessors_pass_the_strict_type_checker(tmp_path):
    written = tmp_path / "accessors.py"
    text = python_accessors(SURFACE)
    written.write_text(
        text + '\n\ndef use(config: MyHomeConfig) -> Literal["none", "two words"]:\n    return config.style\n'
    )
    ast.parse(text)
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--config-file=", str(written)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout


def test_typescript_accessors_give_each_parameter_its_type():
    text = typescript_accessors(SURFACE)
    assert "export class MyHomeConfig {" in text
    assert "get rowsMax(): number {" in text
    assert "get rowsMax2(): number {" in text
    assert 'get style(): "none" | "two words" {' in text
    assert 'return this.config.value("rows.max") as number;' in text
    assert text.count("*/") == len(SURFACE.parameters)
    assert text.count("{") == text.count("}")


def test_typescript_accessors_compile(tmp_path):
    compiler = shutil.which("tsc")
    if compiler is None:
        pytest.skip("no TypeScript compiler on this machine")
    written = tmp_path / "accessors.ts"
    written.write_text(typescript_accessors(SURFACE))
    command = [compiler, "--strict", "--noEmit", "--target", "es2020", str(written)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_schema_of_values_carries_types_bounds_and_baselines():
    properties = values_schema(SURFACE)["properties"]
    assert properties["rows.max"] == {"type": "integer", "default": 3, "minimum": 1, "maximum": 9}
    assert properties["style"]["enum"] == ["none", "two words"]


def test_code_and_surface_that_disagree_are_told_apart():
    findings = check_agreement(SURFACE, ["rows.max", "rows_max", "class", "style", "lost"])
    assert [(finding.code, finding.path, str(finding.severity)) for finding in findings] == [
        ("unknown_parameter", "lost", "error"),
        ("unread_parameter", "title", "warning"),
    ]
    assert check_agreement(SURFACE, SURFACE.parameters) == ()


def test_the_accessors_of_home_are_valid_python():
    home = Path(__file__).parents[2] / "../shared/home/surface.yaml"
    if not home.exists():
        pytest.skip("the reference surface is not beside this checkout")
    tree = ast.parse(python_accessors(load_surface(home.read_text(), source="surface.yaml")))
    (config,) = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "HomeConfig"]
    assert len([node for node in config.body if isinstance(node, ast.FunctionDef)]) == 38
