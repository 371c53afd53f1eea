"""The command `past`: what ended experiments found, searched in words."""

import argparse

from counterpoint.cli.words import Commands, command, print_json
from counterpoint.settings import Settings


def add_commands(commands: Commands) -> None:
    """Add `past`."""
    past = command(commands, "past", _past, "search past experiments, and what they found on a metric")
    past.add_argument("words", nargs="*", help="words of a hypothesis")
    past.add_argument("--surface", help="only those of one surface")
    past.add_argument("--metric", help="only those with this primary metric, with the effects it usually shows")
    past.add_argument("--limit", type=int, default=10, metavar="N", help="at most so many (default 10)")
    past.add_argument("--json", action="store_true", help="print JSON")


def _past(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import opened

    with opened(settings, executing=False) as platform:
        found = platform.control.search_past(
            " ".join(words.words), surface=words.surface, metric=words.metric, limit=words.limit
        )
    if words.json:
        print_json(found)
        return 0
    if not found["experiments"]:
        print(f"None of {found['n_past']} past experiments has to do with that.")
    for each in found["experiments"]:
        effect = "no effect measured" if each["relative_effect"] is None else f"{each['relative_effect']:+.2%}"
        print(f"{each['experiment']} on {each['surface']}: {each['decision']}, {effect} on {each['primary']}")
        print(f"  {each['hypothesis']}")
        print(f"  {'; '.join(each['because'])}")
    history = found["history"]
    if history is not None and "reason" in history:
        print(f"What {words.metric} usually shows is not known: {history['reason']['message']}.")
    elif history is not None:
        print(
            f"{history['n']} experiments on {history['metric']}: a typical true effect is {history['typical']:.2%}, "
            f"the largest measured {history['largest']:+.2%} ({history['largest_in']})."
        )
    return 0
