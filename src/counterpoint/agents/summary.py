"""A results summary in words: each sentence carries the figures of the scorecard that it states, and nothing else."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]
_FORMS: Mapping[str, Callable[[Any], str]] = {
    "count": lambda value: f"{value:,}",
    "change": lambda value: f"{value:+.2%}",
    "share": lambda value: f"{value:.2%}",
    "number": lambda value: f"{value:.4g}",
    "probability": lambda value: f"{value:.3f}" if value >= 0.001 else f"{value:.1e}",
    "day": lambda value: str(value)[:10],
}
_LOOKS = {
    "any": "holds at any number of looks",
    "planned": "holds over the planned looks together",
    "one": "holds for this one look, at the design's end",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure that a sentence states.

    Attributes:
        path: Where it stands in the results document, dotted, numbers for places in a list.
        form: How it is written: count, change, share, number, probability or day.
        shown: As it stands in the sentence.
    """

    path: str
    form: str
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence with what it rests on.

    Attributes:
        figures: Every number in `text`; a sentence without numbers rests on `because`.
        because: Paths of the facts in the results document that the sentence puts in words.
    """

    text: str
    figures: tuple[Figure, ...] = ()
    because: tuple[str, ...] = ()

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        figures = [{"path": each.path, "form": each.form, "shown": each.shown} for each in self.figures]
        return {"text": self.text, "figures": figures, "because": list(self.because)}


def summarize(results: Document) -> tuple[Sentence, ...]:
    """Return what a results document (scorecard with decision) says, in words, the most important first.

    A fixed-horizon test that was looked at before its end is never called significant: its rows are always-valid ones.
    """
    return tuple(sentence for part in (_decided, _trust, _metrics, _waiting, _expected) for sentence in part(results))


def unsupported(sentence: Sentence, results: Document) -> tuple[str, ...]:
    """Return what a sentence states that `results` do not: numbers without a figure, figures that are not there."""
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
    for path in sentence.because:
        try:
            _at(results, path)
        except (KeyError, IndexError, TypeError, ValueError):
            wrong.append(f"nothing stands at {path}")
    for name in sorted(_names(results), key=len, reverse=True):
        rest = rest.replace(name, " ")
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


def _writer(results: Document) -> _Writer:
    return _Writer(results, [])


def _decided(results: Document) -> Iterator[Sentence]:
    decision = results.get("decision")
    if not decision:
        return
    ship, verdict = decision["ship"], decision["verdict"].replace("_", " ")
    decided = results.get("decided", False)
    if ship:
        text = f"{'Decided' if decided else 'As of now the rule says'}: ship {ship}."
    else:
        text = f"{'Decided' if decided else 'As of now the rule says'}: {verdict}."
    yield Sentence(text=text, because=("decision.verdict",))


def _trust(results: Document) -> Iterator[Sentence]:
    figure = _writer(results)
    counts = [f"{figure(f'exposed.{variant}', 'count')} met {variant}" for variant in results["variants"]]
    text = f"Between {figure('started_at', 'day')} and {figure('as_of', 'day')}, of the exposed units {_listed(counts)}"
    srm = results["srm"]
    if srm is None:
        yield Sentence(text=f"{text}; the split could not be tested.", figures=tuple(figure.figures))
    elif srm["mismatch"]:
        p = figure("srm.p_value", "probability")
        untrusted = f"which is not the split that the weights ask for (p = {p}): the effects below cannot be trusted"
        yield Sentence(text=f"{text}, {untrusted}.", figures=tuple(figure.figures))
    else:
        p = figure("srm.p_value", "probability")
        yield Sentence(text=f"{text}, as intended (p = {p}).", figures=tuple(figure.figures))
    for n, check in enumerate(results["checks"]):
        if not check["passed"] and check["name"] != "sample_ratio":
            name = check["name"].replace("_", " ")
            yield Sentence(text=f"The quality test '{name}' did not pass.", because=(f"checks.{n}.passed",))


def _metrics(results: Document) -> Iterator[Sentence]:
    order = {"primary": 0, "guardrail": 1, "secondary": 2}
    rows = sorted(enumerate(results["metrics"]), key=lambda each: order[each[1]["role"]])
    for n, row in rows:
        who = f"{row['metric']} under {row['variant']}"
        here = f"metrics.{n}"
        if row["looks"] is None:
            code = (row["reason"] or {}).get("code", "unknown")
            text = f"{who} ({row['role']}) cannot be read: {code.replace('_', ' ')}."
            if code == "never_occurred":
                text = f"{row['metric']} ({row['role']}) did not occur under {results['control']} or {row['variant']}."
            yield Sentence(text=text, because=(f"{here}.reason.code",))
            continue
        yield _row(results, row, here, who)


def _row(results: Document, row: Document, here: str, who: str) -> Sentence:
    figure, because = _writer(results), list[str]()
    relative = all(isinstance(row[name], (int, float)) for name in _RELATIVE)
    names = _RELATIVE if relative else ("estimate", "ci_lower", "ci_upper")
    form = "change" if relative else "number"
    change, low, high = (f"{here}.{name}" for name in names)
    lower, upper = row[names[1]], row[names[2]]
    changed = figure(change, form)
    interval = f"interval {figure(low, form)} to {figure(high, form)}, which {_LOOKS[row['looks']]}"
    good = (lower > 0) if row["direction"] == "increase" else (upper < 0)
    bad = (upper < 0) if row["direction"] == "increase" else (lower > 0)
    if row["role"] == "guardrail":
        judged = _judgement(results, row)
        because += [path for path, _ in judged]
        says = _guardrail(row, here, figure, {path.rsplit(".", 1)[1]: yes for path, yes in judged})
    elif good:
        says = "better than control by more than chance explains"
    elif bad:
        says = "worse than control by more than chance explains"
    else:
        says = "no effect is shown: the interval holds zero"
    if row["role"] == "secondary" and (good or bad):
        says += "; one of several secondary metrics, so a lead and no proof"
    return Sentence(
        text=f"{who}: {changed} against control ({interval}): {says}.",
        figures=tuple(figure.figures),
        because=tuple(because),
    )


_RELATIVE = ("relative_effect", "relative_ci_lower", "relative_ci_upper")


def _guardrail(row: Document, here: str, figure: _Writer, judged: Mapping[str, bool]) -> str:
    if not isinstance(row["margin"], (int, float)):
        return "no margin could be set against it"
    margin = figure(f"{here}.margin", "share")
    if judged.get("deteriorated"):
        return f"shown to be worse, margin {margin}"
    if judged.get("non_inferior"):
        return f"shown to stay within its margin of {margin}"
    return f"not yet shown to stay within its margin of {margin}"


def _judgement(results: Document, row: Document) -> list[tuple[str, bool]]:
    decision = results.get("decision") or {}
    judgements = decision.get("variants", {}).get(row["variant"], {}).get("judgements", [])
    for n, judgement in enumerate(judgements):
        if judgement["metric"] == row["metric"] and judgement["role"] == "guardrail":
            here = f"decision.variants.{row['variant']}.judgements.{n}"
            return [(f"{here}.{name}", bool(judgement[name])) for name in ("non_inferior", "deteriorated")]
    return []


def _waiting(results: Document) -> Iterator[Sentence]:
    waiting = [(n, row["n_immature"]) for n, row in enumerate(results["metrics"]) if row["n_immature"]]
    if waiting:
        n = max(waiting, key=lambda each: each[1])[0]
        figure = _writer(results)
        shown = figure(f"metrics.{n}.n_immature", "count")
        metric = results["metrics"][n]["metric"]
        yield Sentence(
            text=f"For {metric}, exposed units not counted yet, whose window has not passed: {shown}.",
            figures=tuple(figure.figures),
        )


def _expected(results: Document) -> Iterator[Sentence]:
    for n, each in enumerate(results.get("expected", ())):
        figure, here = _writer(results), f"expected.{n}"
        yield Sentence(
            text=f"In the light of {figure(f'{here}.n', 'count')} past experiments on {each['metric']}, the effect to"
            f" expect of {each['variant']} when it is shipped is {figure(f'{here}.mean', 'change')}"
            f" ({figure(f'{here}.lower', 'change')} to {figure(f'{here}.upper', 'change')}).",
            figures=tuple(figure.figures),
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


def _names(results: Document) -> set[str]:
    names = {str(results["experiment"]), *results["variants"], *(row["metric"] for row in results["metrics"])}
    return {name for name in names if name}


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
