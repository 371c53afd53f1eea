"""The command `force`: leave for one unit to see a variant without being assigned to it."""

import argparse

from counterpoint.cli.words import Commands, command, print_json
from counterpoint.settings import Settings


def add_commands(commands: Commands) -> None:
    """Add `force`."""
    force = command(commands, "force", _force, "make a permit with which one unit sees a variant; never counted")
    force.add_argument("variants", nargs="+", metavar="EXPERIMENT=VARIANT", type=_pair)
    force.add_argument("--unit", required=True, help="who sees it, such as a tester's user id")
    force.add_argument("--surface", default="home", help="which surface (default home)")
    force.add_argument("--by", required=True, help="who permits it: somebody whom the surface's policy lets")
    force.add_argument("--reason", required=True, help="why; the audit log keeps it")
    force.add_argument("--hours", type=float, help="how long it lasts (default: as long as the policy allows)")
    force.add_argument("--json", action="store_true", help="print JSON and nothing else")


def _force(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import opened

    with opened(settings) as platform:
        made = platform.forcing.permit(
            words.surface,
            unit=words.unit,
            forced=dict(words.variants),
            actor=words.by,
            reason=words.reason,
            hours=words.hours,
        )
    if words.json:
        print_json(made)
        return 0
    print(made["permit"])
    print(f"Send it as `permit` to resolve or page of {made['unit']}, until {made['until'][:16]}; nothing is counted.")
    return 0


def _pair(text: str) -> tuple[str, str]:
    experiment, sign, variant = text.partition("=")
    if not (experiment and sign and variant):
        raise argparse.ArgumentTypeError(f"{text!r} is not like EXPERIMENT=VARIANT")
    return experiment, variant
