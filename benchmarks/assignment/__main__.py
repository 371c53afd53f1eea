"""Runs every figure of assignment and configuration and prints one table; with `--write` it keeps it in results.md."""

import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.assignment import many, peers, single
from benchmarks.assignment.measure import machine, table


def main() -> None:
    libraries = ", ".join(f"{name} {version(name)}" for name in ("xxhash", "msgspec", "numpy"))
    sections = [
        "# Figures of assignment and configuration",
        f"{datetime.now(UTC):%Y-%m-%d}, two shared cores, {machine()}; {libraries}. Written by "
        "`python -m benchmarks.assignment --write`; compare ratios within one run, not runs. "
        "Of five rounds, taken in turns, the quietest is shown for one unit.",
        "## One unit",
        table(single.run()),
        "## Many units and large snapshots",
        table(many.run()),
        "## Beside peers",
        "100 experiments of 100 %, three-attribute audiences, 2,000 fresh units with 1,000 contexts, taken in turns.",
        table(peers.run()),
    ]
    text = "\n\n".join(sections) + "\n"
    print(text)
    if "--write" in sys.argv:
        (Path(__file__).parent / "results.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
