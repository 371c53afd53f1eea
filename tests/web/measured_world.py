"""A platform in memory whose experiments can be measured: a course of two treatments, segments, read-outs."""

from copy import deepcopy
from typing import Any

from api import fake_documents as documents
from api.fake_platform import FakeControl, FakePlatform
from counterpoint.errors import Forbidden

Document = dict[str, Any]
KEY = "podcasts-second-se"
EFFECTS = {"second": 0.0412, "third": 0.0131}


def reading(variant: str, effect: float | None, half: float, *, looks: str = "planned", n: int = 900) -> Document:
    """Return one treatment at one look; without an effect it says why."""
    known = effect is not None
    return {
        "variant": variant,
        "n_control": n,
        "n_treatment": n,
        "looks": looks if known else None,
        "relative_effect": effect,
        "relative_ci_lower": effect - half if effect is not None else None,
        "relative_ci_upper": effect + half if effect is not None else None,
        "control_mean": 21.8 if known else None,
        "std_error": 0.3 if known else None,
        "alpha": 0.025 if known else None,
        "anytime": None
        if effect is None or looks == "any"
        else {
            "relative_effect": effect,
            "relative_ci_lower": effect - 1.3 * half,
            "relative_ci_upper": effect + 1.3 * half,
        },
        "reason": None if known else {"code": "no_look_yet", "message": "too few for a look"},
    }


def course(*, days: int = 28, newest: int = 15, first: int = 8, looks: str = "planned") -> Document:
    """Return the course of an experiment whose effects settle as its bands narrow."""
    points = [
        {
            "day": day,
            "at": "2026-11-22T08:00:00+00:00",
            "variants": [
                reading(variant, effect + 0.02 / (day - first + 1) * (1 if variant == "second" else -1),
                        0.12 / (day - first + 1) ** 0.5, looks=looks)
                for variant, effect in EFFECTS.items()
            ],
        }
        for day in range(first, newest + 1)
    ]  # fmt: skip
    by_day = [{"day": d, "units": 130 * d, "change": 0.11 / (d - first + 1) ** 0.5} for d in range(first, days + 1, 2)]
    return {
        "experiment": KEY,
        "metric": "podcast_minutes_7d",
        "direction": "increase",
        "unit": "min",
        "as_of": "2026-11-22T09:30:00+00:00",
        "days": days,
        "today": newest + 0.06,
        "window_days": first - 1,
        "test": "group_sequential" if looks == "planned" else "always_valid",
        "planned_looks": list(range(first, days + 1)) if looks == "planned" else [],
        "mde": 0.03,
        "points": points,
        "detectable": {
            "power": 0.8,
            "source": "this experiment",
            "today": [each for each in by_day if each["day"] <= newest][-1] if newest >= first else None,
            "by_day": by_day,
            "reason": None,
        },
        "inputs": {"data": "00"},
    }


NOVELTY: Document = {
    "experiment": KEY,
    "metric": "podcast_minutes_7d",
    "as_of": "2026-11-22T09:30:00+00:00",
    "days_followed": 7,
    "looks": "one",
    "variants": [
        {
            "variant": variant,
            "days": [
                {"day": d, "estimate": 0.3 / d, "ci_lower": 0.3 / d - 0.2, "ci_upper": 0.3 / d + 0.2}
                for d in range(1, 8)
            ],
            "sentence": f"The effect wears off with time: +0.3 on day 1, +0.04 on day 7 ({variant}).",
        }
        for variant in EFFECTS
    ],
}
INTERACTIONS: Document = {
    "surface": "home",
    "sentence": "One pair of experiments shares exposed units.",
    "pairs": [
        {
            "experiments": [KEY, "home-ctr-captions"],
            "n_shared": 812,
            "tests": [
                {"metric": "home_ctr", "variants": ["second", "on"], "p_value": 0.004, "interacts": True,
                 "interaction": -0.01, "reason": None},
                {"metric": "podcast_minutes_7d", "variants": ["third", "on"], "p_value": None, "interacts": None,
                 "interaction": None, "reason": {"code": "too_few_units", "message": "too few units in both"}},
            ],
        }
    ],
}  # fmt: skip
POWER: Document = {
    "known": True,
    "sentence": "Ready on day 21 with probability 52%.",
    "remedies": [{"code": "cuped", "sentence": "adjust for the past (CUPED): ready on day 14", "day": 14}],
    "svg": '<svg viewBox="0 0 10 10" role="img"><title>power</title></svg>',
}


class FakeStatistics:
    def __init__(self, document: Document) -> None:
        self._document = document

    def course(self, key: str) -> Document:
        return self._document

    def novelty(self, key: str, *, metric: str | None = None) -> Document:
        return NOVELTY

    def interactions(self, surface: str) -> Document:
        return INTERACTIONS

    def power(self, surface: str, *, draw: bool = False, **asked: Any) -> Document:
        return POWER

    def recheck(self, key: str) -> Document:
        raise NotImplementedError

    def programme(self, surface: str | None = None, *, days: int = 365) -> Document:
        raise NotImplementedError


class MeasuredControl(FakeControl):
    """The fake, with statistics, segments and intervals of both kinds."""

    course_document: Document = course()
    plan_document: Document | None = None

    @property
    def statistics(self) -> FakeStatistics:
        return FakeStatistics(self.course_document)

    def experiment(self, key: str) -> Document:
        found = super().experiment(key)
        return found | {"segments": ["plan", "country"], "plan": self.plan_document or documents.PLAN}

    def plan(self, hypothesis: str, *, surface: str, owner: str) -> Document:
        found = super().plan(hypothesis, surface=surface, owner=owner)
        past = {
            "experiment": "home-ctr-captions", "primary": "podcast_minutes_7d", "relative_effect": 0.018,
            "relative_std_error": 0.006, "decision": "rolled_back", "because": ["speaks of podcasts"],
        }  # fmt: skip
        return found | ({"past": [past], "plan": self.plan_document or found["plan"]} if found["spec"] else {})

    def results(self, key: str, *, segment: str | None = None) -> Document:
        found = super().results(key)
        if segment is None:
            return found
        if segment == "age_band":
            raise Forbidden("sensitive_segment", "age_band is sensitive", where="segment", fix="choose another")
        rows = [row for row in found["metrics"] if row["role"] == "primary"]
        return found | {"segments": {"free": rows, "premium": deepcopy(rows)}, "heterogeneity": HETEROGENEITY}


HETEROGENEITY: list[Document] = [
    {"metric": "podcast_minutes_7d", "variant": "second", "p_value": 0.0007, "q_value": 0.0014, "differs": True,
     "reason": None},
    {"metric": "podcast_minutes_7d", "variant": "third", "p_value": 0.61, "q_value": 0.61, "differs": False,
     "reason": None},
    {"metric": "home_ctr", "variant": "second", "p_value": None, "q_value": None, "differs": None,
     "left_out": {"free": "too few units"}, "reason": {"code": "too_few", "message": "fewer than two segments"}},
]  # fmt: skip


def with_both_intervals(results: Document) -> Document:
    """Return a scorecard read by its planned looks, with the wider intervals of any look beside them."""
    rows = []
    for row in results["metrics"]:
        if row.get("relative_effect") is None:
            rows.append(row)
            continue
        wider = {
            "relative_effect": row["relative_effect"],
            "relative_ci_lower": row["relative_ci_lower"] - 0.01,
            "relative_ci_upper": row["relative_ci_upper"] + 0.01,
        }
        rows.append(row | {"looks": "planned", "anytime": wider})
    return results | {"metrics": rows}


def measured_platform(**changes: Any) -> FakePlatform:
    control = MeasuredControl(results_document=with_both_intervals(deepcopy(documents.RESULTS)))
    for name, value in changes.items():
        setattr(control, name, value)
    return FakePlatform(control=control)
