"""The command `doctor`: what contradicts what, and a yes or no to what would end it."""

import argparse
from typing import Any

from counterpoint.cli.words import Commands, command, print_json, require_surface
from counterpoint.settings import Settings


def add_commands(commands: Commands) -> None:
    """Add `doctor`."""
    doctor = command(
        commands, "doctor", _doctor, "show where configuration and data contradict each other, and what would end it"
    )
    doctor.add_argument("--surface", help="only of one surface")
    doctor.add_argument("--now", action="store_true", help="look now, not only at what the hourly audit found")
    doctor.add_argument("--cured", action="store_true", help="show those that are over, too")
    answer = doctor.add_mutually_exclusive_group()
    answer.add_argument("--accept", metavar="ID", help="carry out what a diagnosis proposes")
    answer.add_argument("--dismiss", metavar="ID", help="leave it as it is; --reason says why")
    doctor.add_argument("--by", default="you", help="who says so (default you)")
    doctor.add_argument("--reason", default="", help="why; the audit log keeps it")
    doctor.add_argument("--json", action="store_true", help="print JSON")


def _doctor(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import opened

    with opened(settings) as platform:
        if words.accept is not None:
            found = [platform.doctor.accept(words.accept, by=words.by, reason=words.reason)]
        elif words.dismiss is not None:
            found = [platform.doctor.dismiss(words.dismiss, by=words.by, reason=words.reason)]
        else:
            require_surface(words.surface, platform.control.release_store.surfaces())
            if words.now:
                surfaces = platform.control.release_store.surfaces() if words.surface is None else [words.surface]
                for surface in surfaces:
                    platform.doctor.examine(surface)
            found = platform.doctor.diagnoses(words.surface, cured=words.cured)
    if words.json:
        print_json({"diagnoses": found})
        return 0
    if not found:
        print("Nothing contradicts anything.")
    for each in found:
        print(f"{each['id']}  {each['subject']} on {each['surface']}: {each['message']} [{each['code']}]")
        print(f"  {each['standing']}; {_remedy(each)}")
    return 0


def _remedy(each: dict[str, Any]) -> str:
    remedy = each["remedy"]
    if each["said"] is not None:
        return f"{each['said']['by']}: {each['said']['reason'] or 'yes'}"
    match remedy["kind"]:
        case "launch_move":
            return f"proposes to {remedy['verb']} {remedy['experiment']}: --accept {each['id']}"
        case "rule_removal":
            return f"proposes to remove the rule {remedy['rule']}: --accept {each['id']}"
        case _:
            return f"to do: {remedy['words']}"
