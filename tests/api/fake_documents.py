"""Rich documents that the fake platform answers with: one running experiment, one shipped, one refused."""

from typing import Any

HYPOTHESIS = (
    "Moving the podcast shelf to second place for premium listeners in Sweden raises weekly podcast minutes by at "
    "least 2 %. It must not cost more than 0.5 % of music listening. Two weeks, on a tenth of the traffic."
)

SPEC: dict[str, Any] = {
    "kind": "experiment",
    "key": "podcasts-second-se",
    "surface": "home",
    "owner": "podcasts",
    "hypothesis": HYPOTHESIS,
    "audience": 'country == "SE" && plan == "premium"',
    "allocation": 0.1,
    "unit": None,
    "layers": [],
    "isolated": False,
    "domain": None,
    "variants": [
        {"key": "control", "weight": 1, "set": {}},
        {"key": "second", "weight": 1, "set": {"podcasts.shelf_position": 2}},
        {"key": "third", "weight": 1, "set": {"podcasts.shelf_position": 3}},
    ],
    "metrics": {
        "primary": {"metric": "podcast_minutes_7d", "direction": "increase", "mde": 0.02, "mde_abs": None},
        "secondary": ["home_ctr", "podcast_starters_7d"],
        "guardrails": [
            {"metric": "music_minutes_7d", "margin": 0.005, "margin_abs": None},
            {"metric": "home_empty_rate", "margin": 0.05, "margin_abs": None},
            {"metric": "page_load_ms_p95", "margin": None, "margin_abs": 50},
        ],
    },
    "analysis": {
        "test": "group_sequential",
        "alpha": 0.05,
        "power": 0.8,
        "looks": "daily",
        "variance_reduction": "none",
    },
    "schedule": {"days": 14, "start": None, "ramp": [{"share": 0.01, "hours": 4.0}, {"share": 0.05, "hours": 24.0}]},
    "stop": {"on_guardrail": "stop", "on_srm": "pause"},
}

PLAN: dict[str, Any] = {
    "outcome": "plan",
    "surface": "home",
    "arms": [{"podcasts.shelf_position": 2}],
    "audience": 'country == "SE" && plan == "premium"',
    "primary": "podcast_minutes_7d",
    "direction": "increase",
    "mde": 0.02,
    "mde_abs": None,
    "guardrails": [{"metric": "music_minutes_7d", "margin": 0.005, "margin_abs": None}],
    "allocation": 0.1,
    "days": 14,
    "explanation": "One arm sets podcasts.shelf_position to 2; podcast_minutes_7d should increase by 2 %.",
    "provenance": {
        "arms": {"source": "words", "words": "podcast shelf to second place", "confidence": 0.98},
        "audience": {"source": "words", "words": "premium listeners in Sweden", "confidence": 0.97},
        "primary": {"source": "words", "words": "weekly podcast minutes", "confidence": 0.96},
        "direction": {"source": "words", "words": "raises", "confidence": 0.99},
        "mde": {"source": "words", "words": "at least 2 %", "confidence": 0.99},
        "metrics.guardrails.0": {"source": "words", "words": "0.5 % of music listening", "confidence": 0.93},
        "metrics.guardrails.1": {"source": "default", "words": "required by the policy of home", "confidence": 1.0},
        "metrics.guardrails.2": {"source": "default", "words": "required by the policy of home", "confidence": 1.0},
        "allocation": {"source": "words", "words": "a tenth of the traffic", "confidence": 0.98},
        "schedule.days": {"source": "default", "words": "longest metric window, in whole weeks", "confidence": 0.6},
    },
    "residue": ["must", "not", "cost"],
}

FINDINGS: list[dict[str, Any]] = [
    {
        "code": "overlaps_live",
        "severity": "warning",
        "path": "variants[1].set",
        "message": "home-ctr-captions runs on the same listeners; they do not share a parameter, so both stay readable",
        "fix": {},
        "facts": {"rival": "home-ctr-captions"},
    }
]


_GUARDRAILS = {"music_minutes_7d": 0.005, "home_empty_rate": 0.05, "page_load_ms_p95": None}


def row(
    metric: str,
    variant: str,
    control: float,
    relative: float,
    half: float,
    *,
    kind: str = "mean",
    unit: str | None = None,
) -> dict[str, Any]:
    """One row of a scorecard whose interval is symmetric about `relative`."""
    return _head(metric, variant, kind, unit) | {
        "looks": "any",
        "reason": None,
        "control_mean": control,
        "treatment_mean": control * (1 + relative),
        "estimate": relative * control,
        "std_error": control * half / 2.6,
        "ci_lower": (relative - half) * control,
        "ci_upper": (relative + half) * control,
        "p_value": 0.03 if abs(relative) > half else 0.41,
        "relative_effect": relative,
        "relative_ci_lower": relative - half,
        "relative_ci_upper": relative + half,
        "alpha": 0.005,
        "method": "asymptotic confidence sequence",
        "estimand": "difference of means",
        "digest": "00",
    }


def missing(metric: str, variant: str, why: str, *, kind: str = "quantile", unit: str | None = "ms") -> dict[str, Any]:
    """One row of a scorecard that could not be computed."""
    return _head(metric, variant, kind, unit) | {"looks": None, "reason": {"code": "too_few_units", "message": why}}


def _head(metric: str, variant: str, kind: str, unit: str | None) -> dict[str, Any]:
    role = "primary" if metric == "podcast_minutes_7d" else "guardrail" if metric in _GUARDRAILS else "secondary"
    lower_is_better = metric in {"home_empty_rate", "page_load_ms_p95"}
    return {
        "metric": metric,
        "type": kind,
        "role": role,
        "direction": "decrease" if lower_is_better else "increase",
        "window_days": 7,
        "unit": unit,
        "margin": _GUARDRAILS.get(metric),
        "margin_abs": 50 if metric == "page_load_ms_p95" else None,
        "variant": variant,
        "n_control": 4120,
        "n_treatment": 4098,
        "n_immature": 612,
    }


RESULTS: dict[str, Any] = {
    "experiment": "podcasts-second-se",
    "surface": "home",
    "control": "control",
    "variants": ["control", "second", "third"],
    "started_at": "2026-11-08T09:30:01+00:00",
    "ends_at": "2026-11-23T13:30:01+00:00",
    "as_of": "2026-11-22T09:30:00+00:00",
    "at_horizon": False,
    "exposed": {"control": 4120, "second": 4098, "third": 4157},
    "n_mixed": 0,
    "srm": {
        "p_value": 0.796,
        "mismatch": False,
        "alpha": 0.001,
        "counts": [4120, 4098, 4157],
        "expected": [4125.0, 4125.0, 4125.0],
        "method": "sequential_multinomial",
        "looks": "any",
    },
    "metrics": [
        row("podcast_minutes_7d", "second", 21.8, 0.0412, 0.0301, unit="min"),
        row("home_ctr", "second", 0.0642, 0.0221, 0.0204, kind="ratio"),
        row("podcast_starters_7d", "second", 0.314, 0.0277, 0.0292, kind="proportion"),
        row("music_minutes_7d", "second", 184.3, -0.0011, 0.0036, unit="min"),
        row("home_empty_rate", "second", 0.0021, 0.0093, 0.0872, kind="ratio"),
        missing("page_load_ms_p95", "second", "fewer than 5,000 values in an arm"),
        row("podcast_minutes_7d", "third", 21.8, 0.0131, 0.0298, unit="min"),
        row("home_ctr", "third", 0.0642, 0.0102, 0.0201, kind="ratio"),
        row("podcast_starters_7d", "third", 0.314, 0.0031, 0.0258, kind="proportion"),
        row("music_minutes_7d", "third", 184.3, -0.0141, 0.0061, unit="min"),
        row("home_empty_rate", "third", 0.0021, -0.0041, 0.0921, kind="ratio"),
        missing("page_load_ms_p95", "third", "fewer than 5,000 values in an arm"),
    ],
    "segments": {},
    "checks": [{"name": "sample_ratio", "passed": True, "detail": "p = 0.796"}],
    "findings": [],
    "snapshots": ["5b1c9e0d7a42f318"],
    "inputs": {},
    "digest": "00",
}

TIMELINE: list[dict[str, Any]] = [
    {"state": state, "step": step, "at": at, "seconds": seconds, "reason": reason, "evidence": {}}
    for state, step, at, seconds, reason in (
        ("planned", "plan", "2026-11-08T09:30:00Z", 0.0214, "planned from its hypothesis"),
        ("validated", "validate", "2026-11-08T09:30:00Z", 0.0893, "no finding refuses it"),
        ("approved", "approve", "2026-11-08T09:30:00Z", 0.0, "the surface asks for no approval"),
        ("applied", "apply", "2026-11-08T09:30:01Z", 0.2107, "release 12 published"),
        ("verified", "verify", "2026-11-08T09:30:01Z", 0.0412, "every backend shows what was asked for"),
        ("running", "start", "2026-11-08T09:30:01Z", 0.0031, "stage 1 of 3 is live: 1 % of the audience"),
        ("running", "next_stage", "2026-11-08T13:30:01Z", 0.1833, "stage 2 of 3 is live: 5 % of the audience"),
        ("running", "next_stage", "2026-11-09T13:30:01Z", 0.1712, "stage 3 of 3 is live: 10 % of the audience"),
    )
]

LAUNCH: dict[str, Any] = {
    "id": "podcasts-second-se-0a1b2c",
    "surface": "home",
    "experiment": "podcasts-second-se",
    "author": "maria@example.org",
    "hypothesis": HYPOTHESIS,
    "state": "running",
    "stage": 2,
    "created_at": "2026-11-08T09:30:00Z",
    "updated_at": "2026-11-09T13:30:01Z",
    "started_at": "2026-11-08T09:30:01Z",
    "due_at": "2026-11-23T09:30:01Z",
    "decision": None,
    "approvals": [],
    "findings": FINDINGS,
    "spec": SPEC,
    "plan": PLAN,
    "timeline": TIMELINE,
}

EXPERIMENT: dict[str, Any] = {
    "key": "podcasts-second-se",
    "surface": "home",
    "owner": "podcasts",
    "state": "running",
    "stage": 2,
    "n_stages": 3,
    "share": 0.1,
    "allocation": 0.1,
    "audience": SPEC["audience"],
    "primary": "podcast_minutes_7d",
    "reason": "stage 3 of 3 is live: 10 % of the audience",
    "simulated": True,
    "decision": None,
    "variants": SPEC["variants"],
    "hypothesis": HYPOTHESIS,
    "started_at": "2026-11-08T09:30:01Z",
    "ends_at": "2026-11-23T13:30:01Z",
    "launch": "podcasts-second-se-0a1b2c",
}

SHIPPED: dict[str, Any] = EXPERIMENT | {
    "key": "home-ctr-captions",
    "owner": "design",
    "state": "shipped",
    "share": 0.2,
    "variants": [{"key": "control", "weight": 1, "set": {}}, {"key": "treatment", "weight": 1, "set": {}}],
    "hypothesis": "Captions under the cards raise the click-through rate of Home by 1 %.",
    "launch": "home-ctr-captions-77aa01",
}

SURFACE: dict[str, Any] = {
    "key": "home",
    "description": "The first page of the app, a vertical list of shelves of tracks, albums, artists and podcasts.",
    "unit": "user_id",
    "attributes": {
        "country": {"type": "string", "fixed": True, "description": "ISO 3166-1 alpha-2 market of the account"},
        "plan": {"type": "enum", "values": ["free", "premium"], "description": "subscription plan"},
    },
    "parameters": {
        "podcasts.shelf_position": {
            "layer": "podcasts",
            "type": "int",
            "min": 1,
            "max": 12,
            "baseline": 6,
            "value": 6,
            "unit": None,
            "values": [],
            "description": "position of the podcast shelf",
        },
        "ranking.model": {
            "layer": "ranking",
            "type": "enum",
            "min": None,
            "max": None,
            "baseline": "popularity",
            "value": "als",
            "unit": None,
            "values": ["popularity", "als", "als_diverse"],
            "description": "ranking model of music shelves",
        },
    },
    "metrics": {
        "podcast_minutes_7d": {
            "type": "mean",
            "unit": "min",
            "better": "higher",
            "description": "minutes of podcasts per user",
        },
        "home_ctr": {"type": "ratio", "unit": None, "better": "higher", "description": "clicks per impression on Home"},
        "podcast_starters_7d": {
            "type": "proportion",
            "unit": None,
            "better": "higher",
            "description": "users who play a podcast",
        },
        "music_minutes_7d": {
            "type": "mean",
            "unit": "min",
            "better": "higher",
            "description": "minutes of music per user",
        },
        "home_empty_rate": {
            "type": "ratio",
            "unit": None,
            "better": "lower",
            "description": "pages served empty or by the last fallback",
        },
        "page_load_ms_p95": {
            "type": "quantile",
            "unit": "ms",
            "better": "lower",
            "description": "95th percentile load time of Home",
        },
    },
    "policy": {"required_guardrails": ["home_empty_rate", "page_load_ms_p95"], "approvals": 0},
    "rules": [],
}

LISTENERS: list[dict[str, Any]] = [
    {
        "unit": "sim-ebba",
        "label": "Ebba, premium, Sweden",
        "context": {"country": "SE", "plan": "premium", "listens_podcasts": True},
    },
    {
        "unit": "sim-noah",
        "label": "Noah, free, Germany",
        "context": {"country": "DE", "plan": "free", "listens_podcasts": False},
    },
]

_SHELVES = (
    (
        "jump_back_in",
        "Jump back in",
        "track",
        (
            "Vapor Trails|Iris Lund",
            "Northbound|The Quiet Hours",
            "Slow Summer|Mako",
            "Ember|Iris Lund",
            "Glass House|Tove Adair",
            "Halogen|Kiln",
            "Wintering|Oda Berg",
        ),
    ),
    (
        "made_for_you",
        "Made for you",
        "track",
        (
            "Tidal|Sable",
            "Paper Moons|Fernweh",
            "Halo|Ana Ruiz",
            "Low Light|Kiln",
            "Kites|Mako",
            "Marrow|Juno Vale",
            "Undertow|Sable",
        ),
    ),
    (
        "new_releases",
        "New releases",
        "album",
        (
            "Afterglow|Juno Vale",
            "Static Bloom|Rook",
            "Coastline|Sable",
            "Second Sun|Fernweh",
            "Plain Songs|Oda Berg",
            "Signal|Rook",
        ),
    ),
    (
        "mood",
        "Evening calm",
        "playlist",
        (
            "Deep focus|41 tracks",
            "Rainy day|60 tracks",
            "Piano at night|38 tracks",
            "Soft landing|52 tracks",
            "Slow mornings|44 tracks",
        ),
    ),
    (
        "charts",
        "Charts",
        "track",
        (
            "Overpass|Neon Tide",
            "Say Less|KZ",
            "Red Line|Marlo",
            "Gold Rush|Ana Ruiz",
            "Carousel|Bright Eyes Club",
            "1999|Neon Tide",
        ),
    ),
)
_PODCASTS = (
    "podcasts",
    "Podcasts for you",
    "podcast",
    (
        "Long Form|Interviews",
        "The Deep Dive|Science",
        "Byline|News",
        "Kitchen Table|Food",
        "Offside|Sports",
        "Two Chairs|Society",
    ),
)


def page(unit: str, position: int, variant: str | None, presentation: dict[str, Any] | None = None) -> dict[str, Any]:
    """The page of one listener with the podcast shelf in the place that the variant gives it."""
    rows = list(_SHELVES)
    rows.insert(min(position, len(rows) + 1) - 1, _PODCASTS)
    exposure = {"experiment": "podcasts-second-se", "variant": variant, "parameter": "podcasts.shelf_position"}
    return {
        "surface": "home",
        "request_id": f"request-{unit}",
        "unit": unit,
        "snapshot": {"id": "5b1c9e0d7a42f318", "release": 12, "age_s": 0.8, "stale": False},
        "status": "complete",
        "reasons": [],
        "presentation": presentation or {},
        "shelves": [_shelf(row, place) for place, row in enumerate(rows, 1)],
        "exposures": [exposure] if variant else [],
        "config": {
            "podcasts.shelf_position": {
                "value": position,
                "reason": "SPLIT" if variant else "STATIC",
                "variant": variant,
            },
            "ranking.model": {"value": "als", "reason": "STATIC", "variant": None},
        },
    }


def _shelf(row: tuple[str, str, str, tuple[str, ...]], place: int) -> dict[str, Any]:
    key, title, kind, cards = row
    return {
        "key": key,
        "title": title,
        "position": place,
        "status": "OK",
        "cards": [
            {
                "item": f"{kind}:{key}-{n}",
                "kind": kind,
                "title": card.split("|")[0],
                "subtitle": card.split("|")[1],
                "position": n,
                "source": key,
                "score": round(1 - n / 10, 2),
                "explanation": "Because you listened to Iris Lund" if key == "made_for_you" and n == 1 else None,
            }
            for n, card in enumerate(cards, 1)
        ],
    }
