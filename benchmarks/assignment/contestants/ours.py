"""Counterpoint: one parameter from a fresh resolve, and every enrolment of a unit."""

from typing import Any

from benchmarks.assignment.contestants.asking import Ask
from benchmarks.assignment.workload import NOW
from counterpoint.config import Snapshot, compile_snapshot


def build(made: Snapshot) -> tuple[Ask, Ask]:
    compiled = compile_snapshot(made)
    key = made.parameters[5].key

    def one(item: Any) -> int:
        return int(compiled.resolve(item[0], item[1], NOW).value(key) == 7)

    def every(item: Any) -> int:
        return sum(entry.variant == "treatment" for entry in compiled.resolve(item[0], item[1], NOW).enrolled)

    return one, every
