"""Commands that write and check a spec without launching anything."""

import argparse
from pathlib import Path

from counterpoint.cli.launching import print_proposal
from counterpoint.cli.reading import read_text
from counterpoint.cli.words import Commands, command, print_findings, print_json
from counterpoint.cli.writing import write_text
from counterpoint.settings import Settings


def add_commands(commands: Commands) -> None:
    """Add `draft`, `validate` and `fix`."""
    draft = command(commands, "draft", _draft, "turn a hypothesis into a spec, with the source of every field")
    draft.add_argument("hypothesis", help="the hypothesis in plain words")
    draft.add_argument("--surface", default="home", help="which surface (default home)")
    draft.add_argument("--owner", default="you", help="who owns the experiment (default you)")
    draft.add_argument("--out", type=Path, metavar="FILE", help="write the spec there, in YAML")
    draft.add_argument("--json", action="store_true", help="print plan, spec and findings as JSON")

    validate = command(commands, "validate", _validate, "say what speaks against a spec, without launching it")
    validate.add_argument("spec", type=Path, help="a spec in YAML or JSON")
    validate.add_argument("--json", action="store_true", help="print findings as JSON")

    fix = command(commands, "fix", _fix, "apply the validator's machine-applicable fixes to a spec file")
    fix.add_argument("spec", type=Path, help="a spec in YAML or JSON; it is replaced unless --out is given")
    fix.add_argument("--out", type=Path, metavar="FILE", help="write the mended spec there instead")


def _draft(words: argparse.Namespace, settings: Settings) -> int:
    import yaml

    from counterpoint.bootstrap import opened

    with opened(settings) as platform:
        proposal = platform.control.plan(words.hypothesis, surface=words.surface, owner=words.owner)
    if words.json:
        print_json(proposal)
        return 0 if proposal["spec"] is not None else 2
    print_proposal(proposal)
    if proposal["spec"] is None:
        return 2
    text = yaml.safe_dump(proposal["spec"], sort_keys=False, allow_unicode=True)
    if words.out is not None:
        write_text(words.out, text)
        print(f"Written to {words.out}. Launch it: counterpoint launch --spec {words.out}")
    else:
        print("Spec")
        print(text)
    return 0


def _validate(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.bootstrap import opened

    with opened(settings) as platform:
        document = platform.control.validate(read_text(words.spec))
    findings = document["findings"]
    if words.json:
        print_json(findings)
    elif findings:
        print_findings(findings)
    else:
        print("Nothing speaks against it.")
    return 2 if any(finding["severity"] == "error" for finding in findings) else 0


def _fix(words: argparse.Namespace, settings: Settings) -> int:
    import yaml

    from counterpoint.bootstrap import opened

    with opened(settings) as platform:
        document = platform.control.fix(read_text(words.spec))
    target = words.out or words.spec
    text = yaml.safe_dump(document["spec"], sort_keys=False, allow_unicode=True)
    write_text(target, text)
    applied = ", ".join(document["applied"]) or "nothing to apply"
    print(f"{target}: {applied}")
    print_findings(document["findings"])
    return 2 if any(finding["severity"] == "error" for finding in document["findings"]) else 0
