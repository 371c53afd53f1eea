"""The examples that OpenAPI shows: requests that can be sent as they stand, and answers in their true form."""

from typing import Any

Example = dict[str, Any]

RESOLVE: Example = {
    "unit": "listener-4711",
    "context": {"country": "SE", "plan": "premium", "platform": "ios"},
    "parameters": ["podcasts.shelf_position"],
}
PAGE: Example = {"unit": "listener-4711", "context": {"country": "SE", "plan": "premium", "platform": "ios"}}
PERMIT_REQUEST: Example = {
    "unit": "listener-4711",
    "forced": {"podcasts-second-se": "treatment"},
    "reason": "check the second place on a small screen",
    "hours": 4,
}
PERMIT: Example = {
    "id": "5b1c9e0d7a42",
    "surface": "home",
    "by": "maria@qa.example.org",
    "unit": "listener-4711",
    "forced": {"podcasts-second-se": "treatment"},
    "until": "2026-11-22T13:30:00+00:00",
    "permit": "eyJieSI6Im1hcmlhQHFhLmV4YW1wbGUub3JnIn0.mR2v",
}
EVENTS: Example = {
    "events": [
        {
            "kind": "outcome",
            "id": "8d1f0c",
            "at": "2026-11-22T09:30:00Z",
            "surface": "home",
            "unit": "listener-4711",
            "name": "podcast_minutes",
            "value": 12.5,
        }
    ]
}
_HYPOTHESIS = (
    "Moving the podcast shelf to second place for premium listeners in Sweden raises weekly podcast minutes by at "
    "least 2 %. It must not cost more than 0.5 % of music listening. Two weeks, on a tenth of the traffic."
)
PLAN: Example = {"hypothesis": _HYPOTHESIS, "surface": "home", "owner": "podcasts"}
SPEC: Example = {
    "kind": "experiment",
    "key": "podcasts-second-se",
    "surface": "home",
    "owner": "podcasts",
    "hypothesis": _HYPOTHESIS,
    "audience": 'country == "SE" && plan == "premium"',
    "allocation": 0.1,
    "variants": [
        {"key": "control", "weight": 1},
        {"key": "treatment", "weight": 1, "set": {"podcasts.shelf_position": 2}},
    ],
    "metrics": {
        "primary": {"metric": "podcast_minutes_7d", "direction": "increase", "mde": 0.02},
        "guardrails": [
            {"metric": "music_minutes_7d", "margin": 0.005},
            {"metric": "home_empty_rate", "margin": 0.05},
            {"metric": "page_load_ms_p95", "margin_abs": 50},
        ],
    },
    "schedule": {"days": 14, "ramp": [{"share": 0.01, "hours": 4}, {"share": 0.05, "hours": 24}]},
}
VALIDATION: Example = {"spec": SPEC}
LAUNCH: Example = {"surface": "home", "hypothesis": _HYPOTHESIS}
APPROVAL: Example = {"note": "Read the blast radius; fine."}
MOVE: Example = {"reason": "Client release 9.2 crashes on the new shelf."}
AMENDMENT: Example = {"spec": SPEC, "reason": "The first stage is to last two days longer."}
ERROR: Example = {
    "error": {
        "code": "unknown_surface",
        "blame": "caller",
        "retryable": False,
        "message": "hoem: there is no such surface; use one of home.",
        "where": "hoem",
        "fix": "use one of home",
        "facts": {"surfaces": ["home"]},
    }
}

_SNAPSHOT: Example = {"id": "5b1c9e0d7a42f318", "release": 12, "age_s": 0.8, "stale": False}
_EXPOSURE: Example = {
    "experiment": "podcasts-second-se",
    "variant": "treatment",
    "parameter": "podcasts.shelf_position",
}
_FINDING: Example = {
    "code": "ramp_missing",
    "severity": "warning",
    "path": "schedule.ramp",
    "message": "more than 10 % of the audience at once needs a ramp; add stages",
    "fix": {},
    "facts": {"max_allocation_without_ramp": 0.1},
}
RESOLVED: Example = {
    "surface": "home",
    "unit": "listener-4711",
    "snapshot": _SNAPSHOT,
    "values": {
        "podcasts.shelf_position": {
            "value": 2,
            "reason": "SPLIT",
            "variant": "treatment",
            "experiment": "podcasts-second-se",
            "rule": None,
        }
    },
    "exposures": [_EXPOSURE],
    "forced": {},
}
PAGE_ANSWER: Example = {
    "surface": "home",
    "request_id": "f3a1",
    "unit": "listener-4711",
    "snapshot": _SNAPSHOT,
    "status": "complete",
    "reasons": [],
    "shelves": [
        {
            "key": "podcasts",
            "title": "Podcasts",
            "position": 2,
            "status": "OK",
            "cards": [
                {
                    "item": "podcast:17",
                    "kind": "podcast",
                    "title": "Long Form",
                    "subtitle": "Interviews",
                    "position": 1,
                    "source": "podcasts",
                    "score": 0.81,
                    "explanation": None,
                }
            ],
        }
    ],
    "exposures": [_EXPOSURE],
    "config": {"podcasts.shelf_position": {"value": 2, "reason": "SPLIT", "variant": "treatment"}},
}
INGESTED: Example = {
    "accepted": 1,
    "duplicates": 0,
    "refused": [{"index": 1, "code": "bad_record", "path": "$.value", "message": "expected a number"}],
}
SURFACES: Example = {"surfaces": ["home"]}
PLANNED: Example = {
    "plan": {
        "outcome": "plan",
        "surface": "home",
        "arms": [{"podcasts.shelf_position": 2}],
        "audience": 'country == "SE" && plan == "premium"',
        "primary": "podcast_minutes_7d",
        "provenance": {"audience": {"source": "words", "words": "premium listeners in Sweden", "confidence": 0.97}},
        "residue": [],
    },
    "spec": {key: value for key, value in SPEC.items() if key != "kind"},
    "findings": [],
    "seconds": {"plan": 0.021, "generate": 0.001, "validate": 0.034},
}
VALIDATED: Example = {"spec": SPEC, "findings": [_FINDING]}
LAUNCHED: Example = {
    "id": "podcasts-second-se-0a1b2c",
    "surface": "home",
    "experiment": "podcasts-second-se",
    "author": "maria@example.org",
    "hypothesis": _HYPOTHESIS,
    "state": "running",
    "stage": 0,
    "findings": [],
    "approvals": [],
    "started_at": "2026-11-22T09:30:04Z",
    "due_at": "2026-11-22T13:30:04Z",
    "decision": None,
    "timeline": [
        {
            "state": "running",
            "step": "start",
            "at": "2026-11-22T09:30:04Z",
            "seconds": 0.012,
            "reason": "first stage is live",
            "evidence": {},
        }
    ],
}
EXPERIMENT: Example = {
    "key": "podcasts-second-se",
    "surface": "home",
    "owner": "podcasts",
    "state": "running",
    "stage": 0,
    "share": 0.01,
    "allocation": 0.1,
    "audience": 'country == "SE" && plan == "premium"',
    "variants": [{"key": "control", "weight": 1, "set": {}}],
    "hypothesis": _HYPOTHESIS,
    "started_at": "2026-11-22T09:30:04Z",
    "ends_at": "2026-12-07T13:30:04Z",
    "launch": "podcasts-second-se-0a1b2c",
}
RESULTS: Example = {
    "experiment": "podcasts-second-se",
    "surface": "home",
    "control": "control",
    "variants": ["control", "treatment"],
    "started_at": "2026-11-22T09:30:04+00:00",
    "ends_at": "2026-12-07T13:30:04+00:00",
    "as_of": "2026-12-01T09:30:00+00:00",
    "at_horizon": False,
    "exposed": {"control": 4120, "treatment": 4098},
    "srm": {"p_value": 0.808, "mismatch": False, "alpha": 0.001, "counts": [4120, 4098], "looks": "any"},
    "metrics": [
        {
            "metric": "podcast_minutes_7d",
            "type": "mean",
            "role": "primary",
            "direction": "increase",
            "unit": "min",
            "variant": "treatment",
            "looks": "any",
            "reason": None,
            "control_mean": 21.8,
            "treatment_mean": 22.7,
            "estimate": 0.9,
            "ci_lower": 0.24,
            "ci_upper": 1.56,
            "relative_effect": 0.0413,
            "relative_ci_lower": 0.011,
            "relative_ci_upper": 0.0716,
        }
    ],
    "findings": [],
    "expected": [],
    "summary": [
        {
            "text": "podcast_minutes_7d under treatment: +4.13% against control (interval +1.10% to +7.16%, which "
            "holds at any number of looks): better than control by more than chance explains.",
            "figures": [
                {"path": "metrics.0.metric", "form": "name", "shown": "podcast_minutes_7d"},
                {"path": "metrics.0.variant", "form": "name", "shown": "treatment"},
                {"path": "metrics.0.relative_effect", "form": "change", "shown": "+4.13%"},
                {"path": "metrics.0.relative_ci_lower", "form": "change", "shown": "+1.10%"},
                {"path": "metrics.0.relative_ci_upper", "form": "change", "shown": "+7.16%"},
                {"path": "metrics.0.looks", "form": "looks", "shown": "holds at any number of looks"},
                {"path": "metrics.0", "form": "effect", "shown": "better than control by more than chance explains"},
            ],
        }
    ],
}
PAST: Example = {
    "n_past": 41,
    "experiments": [
        {
            "experiment": "podcasts-third-de",
            "surface": "home",
            "hypothesis": "Podcasts in third place get German listeners to play more of them.",
            "parameters": ["podcasts.shelf_position"],
            "audience": 'country == "DE"',
            "primary": "podcast_minutes_7d",
            "relative_effect": 0.018,
            "relative_std_error": 0.006,
            "decision": "shipped",
            "score": 6.214,
            "because": ["speaks of place, podcast", "sets podcasts.shelf_position"],
        }
    ],
    "history": None,
}
RELEASE: Example = {
    "number": 12,
    "id": "5b1c9e0d7a42f318",
    "at": "2026-11-22T09:30:03Z",
    "author": "maria@example.org",
    "reason": "start podcasts-second-se",
    "changes": [],
}
ALIVE: Example = {"status": "alive"}
READY: Example = {
    "ready": True,
    "surfaces": {"home": {"snapshot": "5b1c9e0d7a42f318", "release": 12, "age_s": 0.8, "stale": False}},
}
