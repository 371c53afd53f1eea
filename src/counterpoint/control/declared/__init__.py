"""Declared configuration: baselines, holdouts and domains as documents of a folder, planned, applied and exported."""

from counterpoint.control.declared.applying import apply_parts
from counterpoint.control.declared.exporting import adopt_parts, exported_parts
from counterpoint.control.declared.parts import KINDS, DeclaredPart, parse_part
from counterpoint.control.declared.planning import plan_parts

__all__ = ["KINDS", "DeclaredPart", "adopt_parts", "apply_parts", "exported_parts", "parse_part", "plan_parts"]
