"""What an outside agent can do, put together: look around, draft, try out, ask for a write, follow it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz

from counterpoint.config import compile_snapshot
from counterpoint.control.acting import an_agent
from counterpoint.control.agency.agent_rules import AgentRules
from counterpoint.control.agency.drafting import Drafts
from counterpoint.control.agency.foresight import pages_document
from counterpoint.control.agency.parking import Parking
from counterpoint.control.agency.sessions import Sessions
from counterpoint.control.plane import Control, Document
from counterpoint.delivery import Evidence
from counterpoint.experiments import ExperimentSpec, parse_spec, spec_document
from counterpoint.orchestration import find
from counterpoint.releases import snapshot_of
from counterpoint.vocabulary import Scalar

_TYPO = 84.0
_KINDS = (("parameter", "parameters"), ("metric", "metrics"), ("attribute", "attributes"))
_TOLD = ("type", "value", "min", "max", "values", "unit", "better", "window_days", "layer", "requires", "sensitive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """Everything behind the MCP tools and the routes for agents; everything it returns is JSON-compatible.

    Attributes:
        control: Reads for an agent; it refuses an agent's writes, as it does for every door.
        parking: The one way in which an agent writes.
        rules: Who the agents are.
        sessions: People who signed in to the web pages.
    """

    control: Control
    drafts: Drafts
    parking: Parking
    evidence: Evidence
    rules: AgentRules
    sessions: Sessions

    def surfaces(self) -> list[Document]:
        """Return each surface with its description."""
        keys = self.control.release_store.surfaces()
        return [{"key": key, "description": self.control.surface(key)["description"]} for key in keys]

    def search(self, surface: str, query: str, *, limit: int = 20) -> Document:
        """Return the parameters, metrics and attributes of a surface that a query is about, the best first.

        Args:
            query: Words; with none everything is found.

        Raises:
            NotFound: code `unknown_surface`.
        """
        about = self.control.surface(surface)
        wanted = _words(query)
        scored = [
            (_score(wanted, key, entry), {"kind": kind, "key": key, **_told(entry)})
            for kind, field in _KINDS
            for key, entry in about[field].items()
        ]
        found = sorted((each for each in scored if each[0] > 0), key=lambda each: -each[0])
        return {
            "surface": surface,
            "unit": about["unit"],
            "policy": about["policy"],
            "n_found": len(found),
            "entries": [entry for _, entry in found[:limit]],
        }

    def validate(self, spec: ExperimentSpec, actor: str) -> Document:
        """Return what the validator and the agent's risk budget say of a spec; nothing is stored."""
        validated = self.control.validate(spec_document(spec))
        over = [finding.as_document() for finding in self.parking.risks.risk(spec, actor)]
        findings = [*over, *validated["findings"]]
        return {
            "spec": validated["spec"],
            "findings": findings,
            "launchable": all(finding["severity"] != "error" for finding in findings),
        }

    def judged(self, spec: str | Mapping[str, Any], actor: str) -> Document:
        """Return what the validator and the agent's risk budget say of a spec as it is written.

        Raises:
            InvalidInput: The spec cannot be read.
            Forbidden: code `not_an_agent`.
        """
        return self.validate(parse_spec(spec, source="spec"), an_agent(actor))

    def previewed(self, spec: str | Mapping[str, Any]) -> Document:
        """Return what the variants of a spec, as it is written, do to pages."""
        return self.preview(parse_spec(spec, source="spec"))

    def powered(self, spec: str | Mapping[str, Any]) -> Document:
        """Return when the experiment of a spec, as it is written, would be ready."""
        return self.power(parse_spec(spec, source="spec"))

    def budget(self, actor: str) -> Document:
        """Return the risk budget of an agent, and how much of it is used.

        Raises:
            Forbidden: code `not_an_agent`.
        """
        return self.parking.risks.budget_document(an_agent(actor))

    def preview(self, spec: ExperimentSpec) -> Document:
        """Return what the variants do to pages; nothing is stored or counted.

        Raises:
            NotFound: code `unknown_surface`.
        """
        self.control.surface(spec.surface)
        return {"experiment": spec.key, "surface": spec.surface, **pages_document(self.evidence, spec)}

    def power(self, spec: ExperimentSpec) -> Document:
        """Return on which day the experiment would be ready for its decision, or never, or that it is not known.

        Raises:
            NotFound: code `unknown_surface` or `unknown_metric`.
        """
        self.control.surface(spec.surface)
        primary, analysis = spec.metrics.primary, spec.analysis
        if primary.mde is None:
            sentence = "Not known: the spec names no relative effect to find (metrics.primary.mde)."
            reason = {"code": "no_relative_effect", "message": "the smallest effect worth finding is not relative"}
            return {"known": False, "experiment": spec.key, "reason": reason, "sentence": sentence}
        answer = self.control.judge.power(
            self.control.clock(),
            surface=spec.surface,
            metric=primary.metric,
            audience=spec.audience,
            effect=primary.mde,
            allocation=spec.allocation,
            weights=tuple(float(each.weight) for each in spec.variants),
            n_guardrails=len(spec.metrics.guardrails),
            alpha=analysis.alpha,
            power=analysis.power,
            test=analysis.test,
            look_every=1 if analysis.looks == "daily" else 7,
            cuped=analysis.variance_reduction == "cuped",
        )
        return {"experiment": spec.key, "days_planned": spec.schedule.days, **answer}

    def explain(
        self, experiment: str, *, unit: str | None = None, context: Mapping[str, Scalar] | None = None
    ) -> Document:
        """Return why an experiment stands where it stands and, for a unit, why it gets the values it gets.

        Raises:
            NotFound: code `unknown_launch`.
        """
        launch = find(self.control.desk, experiment)
        document = self.control.launch(launch.id)
        answer: Document = {
            "experiment": launch.experiment,
            "launch": launch.id,
            "state": document["state"],
            "because": document["timeline"][-1]["reason"] if document["timeline"] else "",
            "timeline": [
                {"at": entry["at"], "state": entry["state"], "reason": entry["reason"]}
                for entry in document["timeline"]
            ],
            "decision": None if launch.decision is None else list(launch.decision["reasons"]),
            "trouble": launch.trouble,
        }
        if unit is not None:
            keys = sorted({key for variant in launch.spec["variants"] for key in variant.get("set", {})})
            answer["unit"] = {"unit": unit, "values": self._read(launch.surface, unit, context or {}, keys)}
        return answer

    def _read(self, surface: str, unit: str, context: Mapping[str, Scalar], keys: Sequence[str]) -> Document:
        """Return values with their reasons, from what is live; looking is no exposure."""
        now = self.control.clock()
        release = self.control.release_store.latest(surface)
        assert release is not None  # noqa: S101 - a launch of the surface was found
        config = compile_snapshot(snapshot_of(release), confirmed_at=now).resolve(unit, dict(context), now)
        values = {key: config.value(key) for key in keys}
        reads = {read.parameter: read for read in config.reads}
        return {
            key: {
                "value": value,
                "reason": str(reads[key].reason),
                "experiment": reads[key].experiment,
                "variant": reads[key].variant,
            }
            for key, value in values.items()
        }


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def _score(wanted: Sequence[str], key: str, entry: Mapping[str, Any]) -> float:
    """Return how well an entry answers the words asked for: its names count double, a typo counts less."""
    if not wanted:
        return 1.0
    names = set(_words(" ".join([key, *entry.get("synonyms", ())])))
    described = set(_words(entry.get("description", "")))
    return sum(2.0 * _nearness(word, names) + _nearness(word, described) for word in wanted) / len(wanted)


def _nearness(word: str, among: set[str]) -> float:
    if word in among:
        return 1.0
    if len(word) < 4:
        return 0.0
    best = max((fuzz.ratio(word, each) for each in among), default=0.0)
    return best / 200.0 if best >= _TYPO else 0.0


def _told(entry: Mapping[str, Any]) -> Document:
    told = {name: entry[name] for name in _TOLD if entry.get(name) not in (None, (), [], {}, "")}
    return {"description": entry.get("description", ""), **told}
