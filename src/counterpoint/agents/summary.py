"""A results summary in words: each sentence carries the figures of the scorecard that it states, and nothing else."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]
_LOOKS: Mapping[str, str] = {
    "any": "holds at any number of looks",
    "planned": "holds over the planned looks together",
    "one": "holds for this one look, at the design's end",
}
_EFFECT = ("estimate", "ci_lower", "ci_upper")
_RELATIVE = ("relative_effect", "relative_ci_lower", "relative_ci_upper")


def _effect(row: Any) -> str:
    """Return what a row's interval shows, in words."""
    _, low, high = _shown_names(row)
    lower, upper = row[low], row[high]
    good = (lower > 0) if row["direction"] == "increase" else (upper < 0)
    bad = (upper < 0) if row["direction"] == "increase" else (lower > 0)
    if not good and not bad:
        return "no effect is shown: the interval holds zero"
    says = f"{'better' if good else 'worse'} than control by more than chance explains"
    return f"{says}; one of several secondary metrics, so a lead and no proof" if row["role"] == "secondary" else says


def _guarded(judgement: Any) -> str:
    """Return what was decided about a guardrail, in words."""
    if judgement["deteriorated"]:
        return "shown to be worse"
    return f"{'' if judgement['non_inferior'] else 'not yet '}shown to stay within its margin"


def _split(srm: Any) -> str:
    """Return what the test of the split says, in words."""
    if srm is None:
        return "the split could not be tested"
    return "which is not the split that the weights ask for" if srm["mismatch"] else "as intended"


_FORMS: Mapping[str, Callable[[Any], str]] = {
    "count": lambda value: f"{value:,}",
    "change": lambda value: f"{value:+.2%}",
    "share": lambda value: f"{value:.2%}",
    "number": lambda value: f"{value:.4g}",
    "probability": lambda value: f"{value:.3f}" if value >= 0.001 else f"{value:.1e}",
    "day": lambda value: str(value)[:10],
    "name": str,
    "words": lambda value: str(value).replace("_", " "),
    "standing": lambda decided: "Decided" if decided else "As of now the rule says",
    "looks": lambda looks: _LOOKS[looks],
    "split": _split,
    "effect": _effect,
    "guarded": _guarded,
    "occurrence": lambda code: "did not occur" if code == "never_occurred" else "cannot be read",
    "outcome": lambda passed: "passed" if passed else "did not pass",
}
"""How a figure is written; the later ones say in words what the figures there show, and are checked likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure that a sentence states, or what it says of the figures at a place.

    Attributes:
        path: Where it stands in the results document, dotted, numbers for places in a list.
        form: How it is written: count, change, share, number, probability, day, name or words; or what is said of it:
            standing, looks, split, effect, guarded, occurrence or outcome.
        shown: As it stands in the sentence.
    """

    path: str
    form: str
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence with what it rests on.

    Attributes:
        figures: Every number, name and conclusion in `text`, each with where it stands.
    """

    text: str
    figures: tuple[Figure, ...]

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        figures = [{"path": each.path, "form": each.form, "shown": each.shown} for each in self.figures]
        return {"text": self.text, "figures": figures}


def summarize(results: Document) -> tuple[Sentence, ...]:
    """Return what a results document (scorecard with decision) says, in words, the most important first.

    A fixed-horizon test that was looked at before its end is never called significant: its rows are always-valid ones.
    """
    return tuple(sentence for part in (_decided, _trust, _metrics, _waiting, _expected) for sentence in part(results))


def unsupported(sentence: Sentence, results: Document) -> tuple[str, ...]:
    """Return what a sentence states that `results` do not: figures, names and conclusions that do not stand there.

    A number that no figure stands for is one too.
    """
    wrong, rest = [], sentence.text
    for figure in sentence.figures:
        try:
            there = _FORMS[figure.form](_at(results, figure.path))
        except (KeyError, IndexError, TypeError, ValueError):
            wrong.append(f"nothing stands at {figure.path}")
            continue
        # Whole numbers only: "2" is no part of "2026".
        stated = re.compile(rf"(?<![\w.,+-]){re.escape(figure.shown)}(?![\w%])")
        if there != figure.shown or not stated.search(rest):
            wrong.append(f"{figure.path} is {there}, not {figure.shown}")
        rest = stated.sub(" ", rest, count=1)
    wrong += [f"{number} has no figure" for number in re.findall(r"\d[\d.,%]*", rest)]
    return tuple(wrong)


@dataclass(slots=True)
class _Writer:
    """Writes one sentence, and remembers which figures went into it."""

    results: Document
    figures: list[Figure]

    def __call__(self, path: str, form: str) -> str:
        shown = _FORMS[form](_at(self.results, path))
        self.figures.append(Figure(path=path, form=form, shown=shown))
        return shown

    def sentence(self, text: str) -> Sentence:
        return Sentence(text=text, figures=tuple(self.figures))


def _writer(results: Document) -> _Writer:
    return _Writer(results, [])


def _decided(results: Document) -> Iterator[Sentence]:
    decision = results.get("decision")
    if not decision:
        return
    figure = _writer(results)
    standing = figure("decided", "standing") if "decided" in results else _FORMS["standing"](False)
    what = f"ship {figure('decision.ship', 'name')}" if decision["ship"] else figure("decision.verdict", "words")
    yield figure.sentence(f"{standing}: {what}.")


def _trust(results: Document) -> Iterator[Sentence]:
    figure = _writer(results)
    days = f"Between {figure('started_at', 'day')} and {figure('as_of', 'day')}"
    counts = [
        f"{figure(f'exposed.{variant}', 'count')} met {figure(f'variants.{n}', 'name')}"
        for n, variant in enumerate(results["variants"])
    ]
    text, srm = f"{days}, of the exposed units {_listed(counts)}", results["srm"]
    split = figure("srm", "split")
    if srm is None:
        yield figure.sentence(f"{text}; {split}.")
    else:
        untrusted = ": the effects below cannot be trusted" if srm["mismatch"] else ""
        yield figure.sentence(f"{text}, {split} (p = {figure('srm.p_value', 'probability')}){untrusted}.")
    for n, check in enumerate(results["checks"]):
        if not check["passed"] and check["name"] != "sample_ratio":
            figure, here = _writer(results), f"checks.{n}"
            yield figure.sentence(
                f"The quality test '{figure(f'{here}.name', 'words')}' {figure(f'{here}.passed', 'outcome')}."
            )


def _metrics(results: Document) -> Iterator[Sentence]:
    order = {"primary": 0, "guardrail": 1, "secondary": 2}
    rows = sorted(enumerate(results["metrics"]), key=lambda each: order[each[1]["role"]])
    for n, row in rows:
        yield _unread(results, row, f"metrics.{n}") if row["looks"] is None else _row(results, row, f"metrics.{n}")


def _unread(results: Document, row: Document, here: str) -> Sentence:
    figure = _writer(results)
    metric, role = figure(f"{here}.metric", "name"), figure(f"{here}.role", "name")
    known = f"{here}.reason.code" if row["reason"] else here
    says = figure(known, "occurrence")
    if row["reason"] and row["reason"]["code"] == "never_occurred":
        arms = f"{figure('control', 'name')} or {figure(f'{here}.variant', 'name')}"
        return figure.sentence(f"{metric} ({role}) {says} under {arms}.")
    why = figure(known, "words") if row["reason"] else "unknown"
    return figure.sentence(f"{metric} under {figure(f'{here}.variant', 'name')} ({role}) {says}: {why}.")


def _row(results: Document, row: Document, here: str) -> Sentence:
    figure = _writer(results)
    who = f"{figure(f'{here}.metric', 'name')} under {figure(f'{here}.variant', 'name')}"
    names = _shown_names(row)
    form = "change" if names is _RELATIVE else "number"
    changed, low, high = (figure(f"{here}.{name}", form) for name in names)
    interval = f"interval {low} to {high}, which {figure(f'{here}.looks', 'looks')}"
    says = _guardrail(results, row, here, figure) if row["role"] == "guardrail" else figure(here, "effect")
    return figure.sentence(f"{who}: {changed} against control ({interval}): {says}.")


def _shown_names(row: Document) -> tuple[str, str, str]:
    return _RELATIVE if all(isinstance(row[name], (int, float)) for name in _RELATIVE) else _EFFECT


def _guardrail(results: Document, row: Document, here: str, figure: _Writer) -> str:
    if not isinstance(row["margin"], (int, float)):
        return "no margin could be set against it"
    judged = _judgement(results, row)
    if judged is None:
        return f"not yet shown to stay within its margin of {figure(f'{here}.margin', 'share')}"
    says = figure(judged, "guarded")
    joint = ", margin" if says == "shown to be worse" else " of"
    return f"{says}{joint} {figure(f'{here}.margin', 'share')}"


def _judgement(results: Document, row: Document) -> str | None:
    """Return where the decision judges a guardrail; None where it was not judged."""
    decision = results.get("decision") or {}
    judgements = decision.get("variants", {}).get(row["variant"], {}).get("judgements", [])
    for n, judgement in enumerate(judgements):
        if judgement["metric"] == row["metric"] and judgement["role"] == "guardrail":
            return f"decision.variants.{row['variant']}.judgements.{n}"
    return None


def _waiting(results: Document) -> Iterator[Sentence]:
    waiting = [(n, row["n_immature"]) for n, row in enumerate(results["metrics"]) if row["n_immature"]]
    if waiting:
        n = max(waiting, key=lambda each: each[1])[0]
        figure = _writer(results)
        metric = figure(f"metrics.{n}.metric", "name")
        shown = figure(f"metrics.{n}.n_immature", "count")
        yield figure.sentence(f"For {metric}, exposed units not counted yet, whose window has not passed: {shown}.")


def _expected(results: Document) -> Iterator[Sentence]:
    for n in range(len(results.get("expected", ()))):
        figure, here = _writer(results), f"expected.{n}"
        known = f"{figure(f'{here}.n', 'count')} past experiments on {figure(f'{here}.metric', 'name')}"
        yield figure.sentence(
            f"In the light of {known}, the effect to expect of {figure(f'{here}.variant', 'name')} when it is shipped"
            f" is {figure(f'{here}.mean', 'change')} ({figure(f'{here}.lower', 'change')} to"
            f" {figure(f'{here}.upper', 'change')})."
        )


def _at(document: Any, path: str) -> Any:
    node = document
    parts = path.split(".")
    while parts:
        part = parts.pop(0)
        if isinstance(node, Sequence) and not isinstance(node, str):
            node = node[int(part)]
            continue
        # Keys may hold dots themselves: the longest key that is there is meant.
        for n in range(len(parts), -1, -1):
            key = ".".join([part, *parts[:n]])
            if key in node:
                node, parts = node[key], parts[n:]
                break
        else:
            raise KeyError(path)
    return node


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
