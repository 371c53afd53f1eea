"""What simulated listeners are like: attributes of a surface with plausible, made-up frequencies."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from counterpoint.config import Attribute, Surface
from counterpoint.simulation.taste import Tastes
from counterpoint.vocabulary import AttributeType, Scalar

# Frequencies are invented but of a plausible order; no real service's figures are known to us.
_SHARES: Mapping[str, Mapping[str, float]] = {
    "country": {
        "US": 0.28, "GB": 0.11, "DE": 0.11, "BR": 0.1, "SE": 0.07, "FR": 0.07, "MX": 0.06, "NO": 0.04, "ES": 0.04,
        "IN": 0.04, "NL": 0.03, "JP": 0.03, "CA": 0.02,
    },
    "plan": {"free": 0.52, "premium": 0.29, "family": 0.13, "student": 0.06},
    "platform": {"ios": 0.36, "android": 0.44, "web": 0.08, "desktop": 0.12},
    "app_version": {"9.0.0": 0.46, "8.9.2": 0.27, "8.8.0": 0.14, "8.5.1": 0.09, "7.12.0": 0.04},
    "age_band": {"13-17": 0.06, "18-24": 0.29, "25-34": 0.31, "35-44": 0.19, "45+": 0.15},
}  # fmt: skip
_LOCALES = {"US": "en-US", "GB": "en-GB", "DE": "de-DE", "BR": "pt-BR", "SE": "sv-SE", "FR": "fr-FR", "MX": "es-MX"}
_LOCALES |= {"NO": "nb-NO", "ES": "es-ES", "IN": "en-IN", "NL": "nl-NL", "JP": "ja-JP", "CA": "en-CA"}
# The reference catalogue has rock and hip-hop; a surface may call the second rap.
_GENRE_NAMES = {"hip-hop": "rap"}
CELLULAR_SHARE = {"ios": 0.42, "android": 0.5, "web": 0.03, "desktop": 0.01}


def draw_attributes(
    surface: Surface, tastes: Tastes, visits_per_day: NDArray[np.float64], rng: np.random.Generator
) -> dict[str, list[Scalar | None]]:
    """Return a column of values for every attribute of a listener (not of a request) that we know how to draw.

    Attributes that we do not know are drawn evenly from their values or as a coin; free text, numbers and versions of
    unknown meaning are left out, as a client leaves out what it does not know; so is, listener by listener, what the
    surface has no value for (None).
    """
    n = len(visits_per_day)
    columns: dict[str, list[Scalar | None]] = {}
    for key, attribute in surface.attributes.items():
        if attribute.scope == "request":
            continue
        drawn = _known(key, columns, tastes, visits_per_day, rng) or _unknown(attribute, n, rng)
        if drawn is not None:
            columns[key] = [value if not attribute.values or value in attribute.values else None for value in drawn]
    return columns


def request_attributes(surface: Surface, platform: object, hour: int, luck: float) -> dict[str, Scalar]:
    """Return what changes from one request to the next: network and local hour.

    Args:
        luck: A uniform draw in [0, 1) for this visit.
    """
    share = CELLULAR_SHARE.get(str(platform), 0.4)
    values: dict[str, Scalar] = {"network": "cellular" if luck < share else "wifi", "hour_of_day": hour}
    return {key: value for key, value in values.items() if key in surface.attributes}


def _known(
    key: str,
    columns: Mapping[str, list[Scalar | None]],
    tastes: Tastes,
    visits_per_day: NDArray[np.float64],
    rng: np.random.Generator,
) -> list[Scalar] | None:
    n = len(visits_per_day)
    if key in _SHARES:
        names = list(_SHARES[key])
        shares = np.array(list(_SHARES[key].values()))
        return [names[i] for i in rng.choice(len(names), size=n, p=shares / shares.sum())]
    match key:
        case "locale" if "country" in columns:
            return [_LOCALES.get(str(country), "en") for country in columns["country"]]
        case "tenure_days":
            return [int(days) for days in np.minimum(np.ceil(rng.lognormal(5.6, 1.2, n)), 6_000)]
        case "sessions_28d":
            return [int(count) for count in rng.poisson(28 * visits_per_day)]
        case "listens_podcasts":
            return [bool(value) for value in tastes.plays_talk]
        case "top_genre":
            names = [name.casefold() for name in tastes.top_genre]
            return [_GENRE_NAMES.get(name, name) for name in names]
    return None


def _unknown(attribute: Attribute, n: int, rng: np.random.Generator) -> list[Scalar] | None:
    if attribute.values:
        return [attribute.values[i] for i in rng.integers(len(attribute.values), size=n)]
    if attribute.type is AttributeType.BOOL:
        return [bool(value) for value in rng.random(n) < 0.5]
    return None
