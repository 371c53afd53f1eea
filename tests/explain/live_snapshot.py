"""A compiled snapshot of the Home surface for tests, with whatever experiments they make live."""

from counterpoint.assignment import BucketSet
from counterpoint.config import (
    AttributeSchema,
    LiveExperiment,
    ParameterSchema,
    Snapshot,
    VariantSlice,
    compile_snapshot,
)
from pages.page_world import BASELINE, NOW

ENUMS = {
    "layout.hero_style": ("none", "banner", "video"),
    "layout.density": ("comfortable", "compact"),
    "podcasts.ranker": ("popularity", "follow_recency", "als"),
    "ranking.model": ("popularity", "als", "als_diverse", "sequence"),
    "genrec.prompt_style": ("mood", "activity", "discovery"),
    "loading.mode": ("full", "progressive", "paged"),
    "visual.card_size": ("small", "medium", "large"),
}
FLOATS = {"ranking.exploration_rate", "ranking.diversity_lambda", "ranking.recency_half_life_days"}
ATTRIBUTES = {"country": "string", "plan": "enum", "age_band": "enum", "hour_of_day": "int", "top_genre": "string"}


def type_of(key, value):
    if key in ENUMS:
        return "enum"
    if key in FLOATS:
        return "float"
    return {bool: "bool", int: "int"}[type(value)]


def compiled(*experiments):
    return compile_snapshot(
        Snapshot(
            surface="home",
            release=3,
            created_at=NOW,
            unit="user_id",
            bucket_salt="home-1",
            attributes=tuple(
                AttributeSchema(
                    key=key,
                    type=kind,
                    values={"plan": ("free", "premium"), "age_band": ("13-17", "25-34")}.get(key, ()),
                )
                for key, kind in ATTRIBUTES.items()
            ),
            parameters=tuple(
                ParameterSchema(key=key, type=type_of(key, value), baseline=value, values=ENUMS.get(key, ()))
                for key, value in BASELINE.items()
            ),
            experiments=tuple(experiments),
        )
    )


def live(key, *variants, audience="true"):
    """Return an experiment that owns every bucket; each variant is a name and what it sets."""
    return LiveExperiment(
        key=key,
        salt=key,
        unit="user_id",
        audience=audience,
        buckets=BucketSet.full().to_text(),
        variants=tuple(VariantSlice(key=name, weight=1, set=values) for name, values in variants),
    )
