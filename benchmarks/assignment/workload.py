"""The workload that every assignment benchmark shares: experiments with three-attribute audiences, and contexts."""

import random
from datetime import UTC, datetime

from counterpoint.assignment import N_BUCKETS, BucketSet
from counterpoint.config import AttributeSchema, LiveExperiment, ParameterSchema, Snapshot, VariantSlice

NOW = datetime(2026, 11, 22, tzinfo=UTC)
COUNTRIES = ("SE", "NO", "DK", "FI", "US", "GB", "DE", "FR", "BR", "MX", "JP", "IN")
PLANS = ("free", "premium", "family", "student")
PLATFORMS = ("ios", "android", "web", "desktop")
ATTRIBUTES = (
    AttributeSchema(key="country", type="string"),
    AttributeSchema(key="plan", type="enum", values=PLANS),
    AttributeSchema(key="platform", type="enum", values=PLATFORMS),
    AttributeSchema(key="tenure_days", type="int"),
    AttributeSchema(key="listens_podcasts", type="bool"),
)


def audience(rng: random.Random) -> str:
    """A list, an equality and a number: three attributes, as in the peers' workload."""
    countries = ", ".join(f'"{country}"' for country in rng.sample(COUNTRIES, 4))
    return f'country in [{countries}] && plan != "{rng.choice(PLANS)}" && tenure_days >= {rng.randrange(0, 900, 30)}'


def contexts(n: int, seed: int = 2) -> list[dict[str, object]]:
    rng = random.Random(seed)
    return [
        {
            "country": rng.choice(COUNTRIES),
            "plan": rng.choice(PLANS),
            "platform": rng.choice(PLATFORMS),
            "tenure_days": rng.randrange(0, 1_500),
            "listens_podcasts": rng.random() < 0.5,
        }
        for _ in range(n)
    ]


def snapshot(n_experiments: int, n_parameters: int, *, share: float | None = None, seed: int = 1) -> Snapshot:
    """A surface of `n_parameters` whose experiments are dealt out over them, each with buckets of its own there.

    Args:
        share: Buckets of each experiment as a share; by default those of a parameter share all of them out.
    """
    rng = random.Random(seed)
    on_parameter: dict[int, list[int]] = {}
    for place in range(n_experiments):
        on_parameter.setdefault(place % n_parameters, []).append(place)
    experiments = []
    for parameter, places in on_parameter.items():
        drawn = rng.sample(range(N_BUCKETS), N_BUCKETS)
        size = int(N_BUCKETS * share) if share is not None else N_BUCKETS // len(places)
        for turn, place in enumerate(places):
            start = (turn * size) % N_BUCKETS
            experiments.append(
                LiveExperiment(
                    key=f"experiment-{place:05}",
                    salt=f"salt-of-experiment-{place:05}",
                    unit="user_id",
                    audience=audience(rng),
                    buckets=BucketSet.of(drawn[start : start + size]).to_text(),
                    variants=(
                        VariantSlice(key="control", weight=1),
                        VariantSlice(key="treatment", weight=1, set={f"layer{parameter:05}.dial": 7}),
                    ),
                )
            )
    return Snapshot(
        surface="home",
        release=1,
        created_at=NOW,
        unit="user_id",
        bucket_salt="home",
        attributes=ATTRIBUTES,
        parameters=tuple(
            ParameterSchema(key=f"layer{place:05}.dial", type="int", baseline=3, min=1, max=12)
            for place in range(n_parameters)
        ),
        experiments=tuple(experiments),
    )


def requests(prefix: str, n: int) -> list[tuple[str, dict[str, object]]]:
    """Return `n` units, each met once, with the contexts of 1,000 in turn."""
    known = contexts(1_000)
    return [(f"{prefix}-{place:06}", known[place % len(known)]) for place in range(n)]
