import importlib.util
import json
from pathlib import Path

import pytest

from counterpoint.config import parse_surface, surface_schema
from counterpoint.config.surface_file import TOP_FIELDS

FOLDER = Path(__file__).parents[2] / "conformance"
_spec = importlib.util.spec_from_file_location("conformance_write", FOLDER / "write.py")
write = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(write)


@pytest.mark.parametrize("name", sorted(write.documents()))
def test_what_stands_in_the_folder_is_what_the_code_says(name):
    assert (FOLDER / name).read_text(encoding="utf-8") == write.text_of(write.documents()[name])


def test_the_surface_schema_and_the_reader_know_the_same_fields():
    schema = surface_schema()
    assert tuple(schema["properties"]) == TOP_FIELDS
    for section, key in (("attributes", "a"), ("parameters", "p"), ("metrics", "m")):
        fields = schema["properties"][section]["additionalProperties"]["properties"]
        document = {"surface": "s", "unit": "u", section: {key: dict.fromkeys([*fields, "lost"])}}
        _, findings = parse_surface(document)
        unknown = {finding.path for finding in findings if finding.code == "unknown_key"}
        assert unknown == {f"{section}.{key}.lost"}


def test_the_snapshot_schema_names_every_part():
    schema = json.loads((FOLDER / "snapshot.schema.json").read_text(encoding="utf-8"))
    assert {"LiveExperiment", "LiveHoldout", "Snapshot", "VariantSlice"} <= schema["$defs"].keys()
