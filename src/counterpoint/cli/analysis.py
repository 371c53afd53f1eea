"""Commands that read a finished experiment's table, and check the statistics against reference values."""

import argparse
import json
import sys
from pathlib import Path

from counterpoint.cli.reading import read_json
from counterpoint.cli.words import Commands, command, print_json
from counterpoint.errors import InvalidInput
from counterpoint.settings import ROLLUP_ENGINES, Settings


def add_commands(commands: Commands) -> None:
    """Add `analyze` and `conformance`."""
    analyze = command(
        commands, "analyze", _analyze, "print the scorecard of a Parquet or CSV table of a real experiment"
    )
    analyze.add_argument("file", type=Path, help="a row per unit, or several with --unit; or sufficient statistics")
    analyze.add_argument("--unit", metavar="COL", help="column of the randomised unit; without it a row is a unit")
    analyze.add_argument("--variant", metavar="COL", help="column that names each row's variant")
    analyze.add_argument("--control", metavar="VALUE", help="the variant that the others are compared with")
    analyze.add_argument(
        "--metric",
        metavar="COL[:TYPE]",
        action="append",
        default=[],
        help="a metric's column; TYPE is mean, proportion or ratio/DENOMINATOR, and is guessed for yes-or-no columns",
    )
    analyze.add_argument(
        "--weights", metavar="V=W,...", type=_weights, help="intended split, such as control=1,treatment=2"
    )
    analyze.add_argument("--segment", metavar="COL", help="column of few values: make every comparison in each, too")
    analyze.add_argument("--alpha", type=_alpha, default=0.05, help="level of tests and intervals (default 0.05)")
    analyze.add_argument(
        "--engine",
        choices=ROLLUP_ENGINES,
        help="who reads the file: duckdb, or spark where one machine is too small (needs the extra, and Java)",
    )
    analyze.add_argument("--json", action="store_true", help="print JSON and nothing else")

    conformance = command(commands, "conformance", _conformance, "compute reference cases, for an outside checker")
    conformance.add_argument("what", choices=["stats"], help="which conformance suite")
    conformance.add_argument("cases", type=Path, help="JSON file of cases")


def _analyze(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.metrics import analyze_table, table_engine, table_text

    report = analyze_table(
        words.file,
        variant=words.variant,
        control=words.control,
        metrics=words.metric,
        unit=words.unit,
        segment=words.segment,
        weights=words.weights,
        alpha=words.alpha,
        engine=table_engine(words.engine or settings.rollup_engine),
    )
    if words.json:
        print_json(report.as_document())
    else:
        print(table_text(report))
    return 0


def _conformance(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.stats.conformance import answer_cases

    document = read_json(words.cases)
    if not isinstance(document, dict) or not isinstance(document.get("cases"), list):
        raise InvalidInput("no_cases", "it has no list of cases", where=str(words.cases), fix='give {"cases": [...]}')
    answers, reasons = answer_cases(document)
    print(json.dumps(answers))
    for case, reason in reasons.items():
        print(f"{case}: left out: {reason}", file=sys.stderr)
    return 0


def _weights(text: str) -> dict[str, float]:
    try:
        pairs = [part.rsplit("=", 1) for part in text.split(",")]
        return {name: float(weight) for name, weight in pairs}
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not like control=1,treatment=2") from None


def _alpha(text: str) -> float:
    try:
        alpha = float(text)
    except ValueError:
        alpha = -1.0
    if not 0 < alpha < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a level between 0 and 1")
    return alpha
