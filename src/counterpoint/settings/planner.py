"""Settings of the planner: which model, where it answers, what one hypothesis may use up, and the key to it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from counterpoint.errors import InvalidInput

PLANNER_SETTINGS = frozenset(
    {
        "MODEL_KEY",
        "MODEL_PRICE",
        "MODEL_URL",
        "PLANNER",
        "PLANNER_COST_USD",
        "PLANNER_LANGUAGE",
        "PLANNER_ROUNDS",
        "PLANNER_SECONDS",
        "PLANNER_SECOND_OPINION",
        "PLANNER_TOKENS",
    }
)
OFFLINE = "offline"
_PREFIX = "COUNTERPOINT_"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannerSettings:
    """Who reads hypotheses.

    Attributes:
        planner: `offline`, or provider and model such as `openai:NAME`.
        url: Base address of an OpenAI-compatible endpoint; None for the provider's own.
        key: The API key, from the environment only, never shown; None for the one in the provider's own variable.
        rounds: Requests to a model for one hypothesis, failed ones included.
        tokens: Tokens read and written for one hypothesis.
        seconds: Seconds for one hypothesis, waiting included.
        cost_usd: US dollars for one hypothesis; None for no limit beyond the tokens'.
        price: US dollars for a million tokens, read and written; None for the price list of the provider kit.
        second_opinion: Whether the offline planner's reading is compared with the model's.
        language: Folder of what a surface owner adds to the language data; None for the package's alone.
    """

    planner: str = OFFLINE
    url: str | None = None
    key: str | None = field(default=None, repr=False)
    rounds: int = 4
    tokens: int = 60_000
    seconds: float = 30.0
    cost_usd: float | None = None
    price: tuple[float, float] | None = None
    second_opinion: bool = True
    language: Path | None = None


def read_planner(given: Mapping[str, str]) -> PlannerSettings:
    """Return the planner's settings.

    Args:
        given: Our variables, without their prefix.

    Raises:
        InvalidInput: `bad_setting`, naming the variable and never its value where that could hold a secret.
    """
    planner = given.get("PLANNER", OFFLINE).strip()
    provider, _, model = planner.partition(":")
    if planner != OFFLINE and not (provider and model):
        raise _bad("PLANNER", f"{planner[:80]!r} names no planner", "use offline, or a model such as openai:NAME")
    url = _url(given["MODEL_URL"]) if given.get("MODEL_URL") else None
    return PlannerSettings(
        planner=planner,
        url=url,
        key=given.get("MODEL_KEY") or None,
        rounds=int(_number(given, "PLANNER_ROUNDS", 4, least=1, most=20, whole=True)),
        tokens=int(_number(given, "PLANNER_TOKENS", 60_000, least=1_000, most=10_000_000, whole=True)),
        seconds=_number(given, "PLANNER_SECONDS", 30.0, least=0.5, most=600.0),
        cost_usd=_number(given, "PLANNER_COST_USD", 0.0, least=0.0001, most=1_000.0)
        if given.get("PLANNER_COST_USD")
        else None,
        price=_price(given["MODEL_PRICE"]) if given.get("MODEL_PRICE") else None,
        second_opinion=_switch(given.get("PLANNER_SECOND_OPINION", "on")),
        language=Path(given["PLANNER_LANGUAGE"]) if given.get("PLANNER_LANGUAGE") else None,
    )


def _number(
    given: Mapping[str, str], name: str, default: float, *, least: float, most: float, whole: bool = False
) -> float:
    text = given.get(name)
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not least <= number <= most or (whole and not number.is_integer()):
        kind = "whole number" if whole else "number"
        raise _bad(name, f"{text[:40]!r} is not usable", f"use a {kind} from {least:g} to {most:g}")
    return number


def _price(text: str) -> tuple[float, float]:
    try:
        read, written = (float(part) for part in text.split("/"))
    except ValueError:
        read = written = math.nan
    if not (0 <= read < math.inf and 0 <= written < math.inf):
        fix = "use US dollars for a million tokens, read/written, such as 0.15/0.60"
        raise _bad("MODEL_PRICE", f"{text[:40]!r} is no price", fix)
    return read, written


def _switch(text: str) -> bool:
    if text not in ("on", "off"):
        raise _bad("PLANNER_SECOND_OPINION", f"{text[:40]!r} is neither", "use on or off")
    return text == "on"


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        usable = usable and not (parts.query or parts.fragment)
    except ValueError:
        usable, parts = False, None
    if usable and parts is not None and (parts.username or parts.password):
        # The address is shown with every plan; what is in it is not secret.
        raise _bad("MODEL_URL", "it holds a user or a password", "put the key into COUNTERPOINT_MODEL_KEY")
    if not usable:
        raise _bad("MODEL_URL", "it is no address", "use one such as http://127.0.0.1:11434/v1")
    return text.rstrip("/")


def _bad(name: str, what: str, fix: str) -> InvalidInput:
    return InvalidInput("bad_setting", what, where=_PREFIX + name, fix=fix)
