"""The commands that read beyond one scorecard: the programme, interactions, novelty, a recheck."""

import argparse

from counterpoint.cli.words import Commands, command, print_json
from counterpoint.settings import Settings


def add_commands(commands: Commands) -> None:
    """Add `programme`, `interactions`, `novelty` and `recheck`."""
    programme = command(
        commands, "programme", _programme, "how much experiments teach, win and take, by surface and owner"
    )
    programme.add_argument("--surface", help="only this one, with advice on designs (default all)")
    programme.add_argument("--days", type=_days, default=365, help="length of the period, until now (default 365)")
    programme.add_argument("--json", action="store_true", help="print JSON and nothing else")

    interactions = command(commands, "interactions", _interactions, "say which experiments of a surface disturb others")
    interactions.add_argument("--surface", default="home", help="which surface (default home)")
    interactions.add_argument("--json", action="store_true", help="print JSON and nothing else")

    rechecked = command(commands, "recheck", _recheck, "compute a decided scorecard again: late events, and what of it")
    rechecked.add_argument("experiment", help="its key")
    rechecked.add_argument("--json", action="store_true", help="print JSON and nothing else")

    novelty = command(commands, "novelty", _novelty, "say whether an effect wears off with days since first exposure")
    novelty.add_argument("experiment", help="its key")
    novelty.add_argument("--metric", help="which (default the primary one)")
    novelty.add_argument("--json", action="store_true", help="print JSON and nothing else")


def _programme(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import opened
    from counterpoint.metrics import programme_text

    with opened(settings, executing=False) as platform:
        document = platform.control.statistics.programme(words.surface, days=words.days)
    if words.json:
        print_json(document)
    else:
        print(programme_text(document))
    return 0


def _interactions(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import opened

    with opened(settings, executing=False) as platform:
        document = platform.control.statistics.interactions(words.surface)
    if words.json:
        print_json(document)
        return 0
    print(document["sentence"])
    for pair in document["pairs"]:
        print(f"{' and '.join(pair['experiments'])}: {pair['n_shared']:,} units in both")
        for test in pair["tests"]:
            if test["reason"] is not None:
                print(f"  {test['metric']}: {test['reason']['message']}")
                continue
            word = "interact" if test["interacts"] else "no interaction beyond chance"
            print(f"  {test['metric']}: {test['interaction']:+.4g} (q {test['q_value']:.2g}), {word}")
    return 0


def _novelty(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import opened

    with opened(settings, executing=False) as platform:
        document = platform.control.statistics.novelty(words.experiment, metric=words.metric)
    if words.json:
        print_json(document)
        return 0
    for each in document["variants"]:
        print(f"{each['variant']}: {each['sentence']}")
    return 0


def _recheck(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import opened

    with opened(settings, executing=False) as platform:
        document = platform.control.statistics.recheck(words.experiment)
    if words.json:
        print_json(document)
    else:
        print(document["sentence"])
    return 0


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 3_650:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of days from 1 to 3650")
    return int(text)
