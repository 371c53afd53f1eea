"""The command that does the whole job visibly, with simulated listeners that say so."""

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from counterpoint.cli.launching import print_proposal
from counterpoint.cli.words import Commands, command
from counterpoint.errors import InvalidInput
from counterpoint.settings import Settings

HYPOTHESIS = (
    "Moving the podcast shelf to the top of Home gets at least 10 % more listeners to play a podcast. "
    "The 95th percentile of load time may get worse by 100 ms, no more. Two weeks, on 80 % of the traffic."
)
DAYS = 14
DAYS_BEFORE = 2
N_LISTENERS = 400
SEED = 20
_ENDED = ("shipped", "rolled_back", "archived", "failed")


def add_commands(commands: Commands) -> None:
    """Add `demo`."""
    demo = command(commands, "demo", _demo, "watch a hypothesis become a decision, on simulated listeners")
    demo.add_argument("hypothesis", nargs="?", default=HYPOTHESIS, help="another hypothesis about the Home surface")
    demo.add_argument("--listeners", type=_count, default=N_LISTENERS, help=f"how many (default {N_LISTENERS})")
    demo.add_argument("--seed", type=int, default=SEED, help=f"of everything random (default {SEED})")


def _demo(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import SimulatedClock, opened

    if not settings.database_url.startswith("sqlite"):
        raise InvalidInput(
            "demo_needs_embedded",
            "simulated listeners do not belong in a shared database",
            where="COUNTERPOINT_DATABASE_URL",
            fix="run the demo without it, or with --data FOLDER",
        )
    started = time.perf_counter()
    # What the demo leaves behind lies in the past, as everything measured does: it ends now.
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    clock = SimulatedClock(hour - timedelta(days=DAYS_BEFORE + DAYS + 1))
    print("Counterpoint demo. The listeners are SIMULATED: they see pages and nothing of experiments; what they do")
    print("follows from where a card stands and how well it suits them. The clock is simulated, too.\n")
    with opened(replace(settings, executor_id="demo"), clock=clock, buffered=True) as platform:
        status = _run(words, platform, clock)
    print(f"\nDone in {time.perf_counter() - started:.1f} s. See it in the web page: counterpoint serve")
    return status


def _run(words: argparse.Namespace, platform: Any, clock: Any) -> int:
    from counterpoint.bootstrap import rehearse
    from counterpoint.simulation import Population

    control = platform.control
    seed = _start_over(control) + words.seed
    release = control.release_store.latest("home")
    population = Population.generate(platform.catalogue.current, release.state.surface, words.listeners, seed)

    def visits(days: int, part: int, until: Callable[[], bool] = lambda: False) -> Any:
        run = rehearse(platform, clock, population, days=days, seed=seed + part, on_day=_show_day, until=until)
        return asyncio.run(run)

    with _step(0, f"{DAYS_BEFORE} simulated days of {words.listeners} listeners, before anything is tried"):
        _overwrite(f"{visits(DAYS_BEFORE, 1_000).n_pages} pages, so that traffic is known")
    with _step(1, "Hypothesis"):
        print(f"   {words.hypothesis}")
    with _step(2, "Plan, spec and validation"):
        proposal = control.plan(words.hypothesis, surface="home", owner="demo")
        if proposal["spec"] is not None:
            proposal["spec"]["key"] = _free_key(control, proposal["spec"]["key"])
        print_proposal(proposal)
    if proposal["spec"] is None:
        return 2
    with _step(3, "Launch"):
        launch = control.submit(
            surface="home", author="demo", spec=proposal["spec"], plan=proposal["plan"], simulated=True
        )
        _print_timeline(launch, 0)
    if launch["state"] != "running":
        return 2
    experiment = launch["experiment"]
    with _step(4, f"Serve pages to {words.listeners} simulated listeners for at most {DAYS} simulated days"):
        progress = visits(DAYS, 0, lambda: control.launch(experiment)["state"] in _ENDED)
        counted = f"{progress.n_pages} pages, {progress.n_plays} plays, {progress.n_events} event records"
        _overwrite(f"{counted} in {progress.day} days")
    ended = control.launch(experiment)
    with _step(5, "Scorecard"):
        print(_indented(control.results_text(experiment)))
    with _step(6, "Decision"):
        _print_timeline(ended, len(launch["timeline"]))
        _print_baseline(control, proposal["spec"])
    with _step(7, "A/A check: the control listeners, split in two by another salt"):
        _print_placebo(control.placebo(experiment))
    return 0


@contextmanager
def _step(number: int, title: str) -> Iterator[None]:
    print(f"{number}. {title}")
    started = time.perf_counter()
    yield
    print(f"   [{time.perf_counter() - started:.2f} s]\n", flush=True)


def _overwrite(text: str) -> None:
    """Print a line, over the progress of a terminal."""
    print(f"\r   {text:<60}" if sys.stdout.isatty() else f"   {text}")


def _show_day(progress: Any) -> None:
    if sys.stdout.isatty():
        print(f"\r   day {progress.day}: {progress.n_pages} pages, {progress.n_plays} plays", end="", flush=True)


def _print_timeline(launch: dict[str, Any], skip: int) -> None:
    for entry in launch["timeline"][skip:]:
        at = entry["at"][:16].replace("T", " ")
        print(f"   {at}  {entry['state']:<11} {entry['seconds']:6.3f} s  {entry['reason']}")


def _print_baseline(control: Any, spec: dict[str, Any]) -> None:
    parameters = control.surface(spec["surface"])["parameters"]
    touched = dict.fromkeys(key for variant in spec["variants"] for key in variant.get("set", {}))
    for key in touched:
        print(f"   baseline now: {key} = {parameters[key]['value']}")


def _print_placebo(document: dict[str, Any]) -> None:
    exposed = " and ".join(f"{n}" for n in document["exposed"].values())
    (row, *_) = (row for row in document["metrics"] if row["role"] == "primary")
    print(f"   {exposed} listeners, who all saw the same page")
    if row["estimate"] is None:
        print(f"   {row['metric']}: {row['reason']['message']}")
        return
    said = f"{row['estimate']:+.4g}, interval {row['ci_lower']:+.4g} to {row['ci_upper']:+.4g}"
    if row["relative_ci_lower"] is not None:
        relative = (row["relative_effect"], row["relative_ci_lower"], row["relative_ci_upper"])
        said = "{:+.2%}, interval {:+.2%} to {:+.2%}".format(*relative)
    clear = row["ci_lower"] > 0 or row["ci_upper"] < 0
    found = (
        "an effect was found, by chance: at this level one A/A in twenty does" if clear else "no effect, as it must be"
    )
    print(f"   {row['metric']}: {said}: {found}")


def _start_over(control: Any) -> int:
    """Undo what earlier demos shipped, and return how many there were: each has listeners of its own."""
    earlier = [row for row in control.launches("home") if row["simulated"]]
    declared = control.surface("home")["parameters"]
    shipped = {row["experiment"] for row in earlier if row["state"] == "shipped"}
    touched = {key for name in shipped for arm in control.experiment(name)["variants"] for key in arm["set"]}
    back = {key: declared[key]["baseline"] for key in touched if declared[key]["value"] != declared[key]["baseline"]}
    if back:
        control.set_baseline(
            "home", back, actor="demo", reason="an earlier demo shipped this; the next one starts over"
        )
        print(f"An earlier demo changed {', '.join(sorted(back))}; it is back where it was.\n")
    return len(earlier)


def _free_key(control: Any, key: str) -> str:
    taken = {row["key"] for row in control.experiments("home")}
    number = 2
    wanted = key
    while wanted in taken:
        wanted = f"{key}-{number}"
        number += 1
    return wanted


def _indented(text: str) -> str:
    return "\n".join(f"   {line}".rstrip() for line in text.splitlines())


def _count(text: str) -> int:
    if not text.isdecimal() or not 50 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of listeners from 50 to 100000")
    return int(text)
