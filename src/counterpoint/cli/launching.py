"""Commands that take an experiment from its text to its end."""

import argparse
from pathlib import Path
from typing import Any

from counterpoint.cli.mcp import PARKED, approve_parked
from counterpoint.cli.reading import read_text
from counterpoint.cli.words import Commands, command, print_findings, print_json, print_table, require_surface
from counterpoint.settings import Settings

ENDED_BADLY = {"refused": 2, "failed": 1}
# The generator's names for what the plan has said already.
_IN_OTHER_WORDS = frozenset({"variants", "metrics.primary", "schedule.days"})


def add_commands(commands: Commands) -> None:
    """Add the commands of a launch, from `launch` to `stop`, and `tick`."""
    launch = command(
        commands, "launch", _launch, "plan, validate and start an experiment, from a sentence or a spec file"
    )
    what = launch.add_mutually_exclusive_group(required=True)
    what.add_argument("hypothesis", nargs="?", help="the hypothesis in plain words")
    what.add_argument("--spec", type=Path, metavar="FILE", help="a spec in YAML or JSON instead")
    launch.add_argument("--surface", default="home", help="which surface (default home)")
    launch.add_argument(
        "--owner", default="you", help="who launches it, and owns what is planned from words (default you)"
    )
    launch.add_argument("--json", action="store_true", help="print the launch as JSON and nothing else")

    experiments = command(commands, "experiments", _experiments, "list experiments")
    experiments.add_argument("--surface", help="only those of one surface")
    experiments.add_argument(
        "--search", help="words, among all experiments that were ever published, archived ones too"
    )
    experiments.add_argument("--json", action="store_true", help="print JSON")

    experiment = command(commands, "experiment", _experiment, "show one experiment and the timeline of its launch")
    experiment.add_argument("key", help="key of the experiment, or id of the launch")
    experiment.add_argument("--json", action="store_true", help="print JSON")

    results = command(commands, "results", _results, "print the scorecard of a running or ended experiment")
    results.add_argument("key", help="key of the experiment")
    results.add_argument(
        "--segment", metavar="ATTRIBUTE", help="read the metrics by an attribute of the listeners, too"
    )
    results.add_argument("--json", action="store_true", help="print JSON")

    approve = command(commands, "approve", _approve, "approve a launch, or what an agent parked, that waits for it")
    approve.add_argument("launch", help="id of the launch or of the parked write, or key of the experiment")
    approve.add_argument("--by", required=True, help="who approves; nobody approves their own launch")
    approve.add_argument("--note", default="", help="a word to go with it")

    for verb, does in (
        ("withdraw", "take an approval back before the launch has begun"),
        ("reject", "refuse a launch that waits for approval, for good"),
    ):
        answer = command(commands, verb, _answer, does)
        answer.add_argument("launch", help="id of the launch, or key of its experiment")
        answer.add_argument("--by", required=True, help="who says so")
        answer.add_argument("--reason", required=True, help="why; the timeline keeps it")
        answer.set_defaults(verb=verb)

    for goal, summary in (
        ("pause", "serve the baseline to everyone until it is resumed"),
        ("resume", "serve a paused experiment again"),
        ("hold", "stop an experiment and decide nothing: it can be restarted, stopped for good, or archived"),
        ("restart", "take a held or killed experiment up again at its stage, every unit where it was"),
        ("stop", "end an experiment now, decide on what there is, and ship or roll back"),
        ("kill", "the kill switch: the baseline for everybody at once, whatever else is going on; then it is held"),
        ("archive", "end a held experiment without a decision; others get its buckets, what was learnt is kept"),
    ):
        mover = command(commands, goal, _move, summary)
        mover.add_argument("launch", help="id of the launch, or key of its experiment")
        mover.add_argument("--reason", required=True, help="why; the audit log keeps it")
        mover.add_argument("--by", default="you", help="who says so (default you)")
        mover.set_defaults(goal=goal)

    amend = command(commands, "amend", _amend, "change what may still change of a running experiment: see the guide")
    amend.add_argument("spec", type=Path, metavar="FILE", help="its whole spec, with what changes")
    amend.add_argument("--reason", required=True, help="why; the audit log keeps it")
    amend.add_argument("--by", default="you", help="who says so (default you)")

    command(commands, "tick", _tick, "do now what is due: ramp, look, conclude (`serve` does it by itself)")


def _launch(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import opened

    with opened(settings) as platform:
        if words.spec is not None:
            document = platform.control.submit(surface=words.surface, author=words.owner, spec=read_text(words.spec))
        else:
            proposal = platform.control.plan(words.hypothesis, surface=words.surface, owner=words.owner)
            if not words.json:
                print_proposal(proposal)
            if proposal["spec"] is None:
                if words.json:
                    print_json(proposal)
                return 2
            document = platform.control.submit(
                surface=words.surface, author=words.owner, spec=proposal["spec"], plan=proposal["plan"]
            )
        if words.json:
            print_json(document)
        else:
            _print_launch(document)
        return ENDED_BADLY.get(document["state"], 0)


def print_proposal(proposal: dict[str, Any]) -> None:
    """Print a plan with where each field came from, and what the validator says of the spec made from it."""
    plan = proposal["plan"]
    match plan["outcome"]:
        case "clarify":
            print(f"One question first: {plan['question']}")
        case "reject":
            print(f"It cannot be done on this surface: {plan['explanation']} [{plan['reason']}]")
        case _:
            print("Plan")
            rows = [
                (
                    f"  {path}",
                    _shortened(_value_at(proposal, path)),
                    source["source"].replace("_", " "),
                    "-" if source["confidence"] is None else f"{source['confidence']:.2f}",
                    _shortened(source.get("words") or ""),
                )
                for path, source in plan["provenance"].items()
                if path not in _IN_OTHER_WORDS and not path.startswith("guardrails[")
            ]
            print_table(rows, ("  field", "value", "from", "sure", "because of"))
            if plan.get("residue"):
                print(f"  Not understood, and left out: {', '.join(plan['residue'])}")
    _print_planner(plan)
    if proposal["findings"]:
        print("Findings")
        print_findings(proposal["findings"])


def _print_planner(plan: dict[str, Any] | None) -> None:
    """Print how a plan came about, where a language model was asked."""
    from counterpoint.agents import planner_sentences

    sentences = planner_sentences((plan or {}).get("planner"))
    if sentences:
        print("Planner")
    for sentence in sentences:
        print(f"  {sentence}")


def _print_launch(document: dict[str, Any]) -> None:
    held = " (held: restart it, stop it for good, or archive it)" if document.get("held") else ""
    print(f"Launch {document['id']}: {document['state']}{held}")
    rows = [
        (f"  {entry['at'][:19]}", entry["state"], f"{entry['seconds']:.3f} s", entry["reason"])
        for entry in document["timeline"]
    ]
    print_table(rows, ("  at", "state", "took", "because"))
    if document["state"] == "refused":
        print_findings(document["findings"])
    if document.get("trouble"):
        print(f"TROUBLE: {document['trouble']}")
    if document.get("due_at"):
        print(f"Next: {document['due_at'][:19]} UTC")


def _experiments(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import opened

    with opened(settings, executing=False) as platform:
        require_surface(words.surface, platform.control.release_store.surfaces())
        if words.search is not None:
            return _found(platform.registry.find(surface=words.surface, search=words.search), words.json)
        rows = platform.control.experiments(words.surface)
    if words.json:
        print_json(rows)
    elif not rows:
        print('No experiments yet. Launch one: counterpoint launch "..." or counterpoint demo')
    else:
        print_table(
            [(row["key"], row["surface"], row["state"], f"{row['share']:.4g}", row["owner"]) for row in rows],
            ("experiment", "surface", "state", "share", "owner"),
        )
    return 0


def _found(rows: list[dict[str, Any]], as_json: bool) -> int:
    if as_json:
        print_json(rows)
    elif not rows:
        print("No experiment was ever published with all of these words.")
    else:
        head = ("experiment", "surface", "state", "owner", "changed")
        print_table([(r["key"], r["surface"], r["state"], r["owner"], r["updated_at"][:10]) for r in rows], head)
    return 0


def _experiment(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import opened

    with opened(settings, executing=False) as platform:
        document = platform.control.experiment(words.key)
    if words.json:
        print_json(document)
        return 0
    print(f"{document['key']} on {document['surface']}: {document['state']}")
    print(f"  {document['hypothesis']}")
    _print_planner(document["plan"])
    _print_launch(document["launch"])
    return 0


def _results(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import opened
    from counterpoint.metrics import scorecard_text, segments_text

    with opened(settings, executing=False) as platform:
        document = platform.control.results(words.key, segment=words.segment)
    if words.json:
        print_json(document)
    else:
        print(scorecard_text(document))
        print("\nIn words")
        for sentence in document["summary"]:
            print(f"  {sentence['text']}")
        if words.segment is not None:
            print(segments_text(document))
    return 0


def _approve(words: argparse.Namespace, settings: Settings) -> int:
    if words.launch.startswith(PARKED):
        return approve_parked(words, settings)
    from counterpoint.bootstrap import opened

    with opened(settings) as platform:
        _print_launch(platform.control.approve(words.launch, by=words.by, note=words.note))
    return 0


def _answer(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import opened

    with opened(settings) as platform:
        answer = platform.control.withdraw if words.verb == "withdraw" else platform.control.reject
        _print_launch(answer(words.launch, by=words.by, reason=words.reason))
    return 0


def _move(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import opened

    with opened(settings) as platform:
        _print_launch(platform.control.move(words.launch, words.goal, actor=words.by, reason=words.reason))
    return 0


def _amend(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import opened
    from counterpoint.experiments import parse_spec

    spec = parse_spec(read_text(words.spec), source=str(words.spec))
    with opened(settings) as platform:
        changed = spec.model_dump(mode="json")
        _print_launch(platform.control.amend(spec.key, changed, actor=words.by, reason=words.reason))
    return 0


def _tick(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import opened

    with opened(settings) as platform:
        started = platform.control.tick(wait_s=60.0)
    print("\n".join(started) if started else "Nothing is due.")
    return 0


def _value_at(proposal: dict[str, Any], path: str) -> str:
    """Return the value that a plan's field or a spec's dotted path has, in few words."""
    # What a hypothesis leaves open the plan leaves open too; the spec has what stands in its place.
    if proposal["plan"].get(path) is not None:
        return _shown(proposal["plan"][path])
    node: Any = proposal["spec"]
    for part in path.split("."):
        node = node[int(part)] if isinstance(node, list) else node.get(part, {})
    return _shown(node)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} = {_shown(item)}" for key, item in value.items() if item is not None)
    if isinstance(value, list | tuple):
        return "; ".join(map(_shown, value)) or "none"
    return "none" if value is None else str(value)


def _shortened(text: str, width: int = 60) -> str:
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"
