"""Plain hypotheses: the surface's own names in plain sentences, which no writer writes who is told to be varied."""

import random
from collections.abc import Iterator, Mapping
from typing import Any

from counterpoint.agents.equivalence import same_audience
from counterpoint.agents.offline.lexicon import default_lexicon
from counterpoint.agents.offline.planner import answer_of, read_hypothesis
from counterpoint.agents.offline.reader import plain_arms, same_arms
from counterpoint.agents.plan import Outcome, Plan
from counterpoint.config import Parameter, Surface
from counterpoint.vocabulary import ParameterType, Scalar

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_USERS = (
    ("for users in the US", 'country == "US"'),
    ("for premium listeners in Sweden", 'country == "SE" && plan == "premium"'),
    ("in Brazil", 'country == "BR"'),
    ("outside Germany", 'country != "DE"'),
    ("for Swedish and Danish users", 'country in ["SE", "DK"]'),
    ("for students", 'plan == "student"'),
    ("for free users", 'plan == "free"'),
    ("for everyone but students", 'plan != "student"'),
    ("for family plans", 'plan == "family"'),
    ("for paying users on phones", 'plan != "free" && platform in ["ios", "android"]'),
    ("on iOS", 'platform == "ios"'),
    ("on Android in India", 'country == "IN" && platform == "android"'),
    ("on the web and on desktop", 'platform in ["web", "desktop"]'),
    ("for users in their first 30 days", "tenure_days < 30"),
    ("for users of more than a year", "tenure_days > 365"),
    ("for those who never play podcasts", "!listens_podcasts"),
    ("for podcast listeners", "listens_podcasts"),
    ("for rock fans", 'top_genre == "rock"'),
    ("for people who don't listen to rap", 'top_genre != "rap"'),
    ("on cellular", 'network == "cellular"'),
    ("on wifi", 'network == "wifi"'),
    ("between 17 and 20 o'clock", "hour_of_day >= 17 && hour_of_day < 20"),
    ("before 9 in the morning", "hour_of_day < 9"),
)
"""Users as somebody in a hurry names them, and the audience that they are."""
_SHAPES = (
    "{users}, {change}; {goal}.",
    "{change} {users}. {goal}.",
    "{change} {users}, {goal}.",
    "{goal}: {change} {users}.",
)
_SHAPES_FOR_ALL = (
    "{change}; {goal}.",
    "{change}. {goal}.",
    "{change}, {goal}.",
    "{goal} with {change}.",
    "{change}: {goal}.",
)
_GOALS = (
    "{metric} +{n} %",
    "{metric} should rise by {n} %",
    "{metric} up {n} %",
    "raises {metric} by {n} %",
    "{n} % more {metric}",
)
_GOALS_DOWN = (
    "{metric} -{n} %",
    "{metric} should fall by {n} %",
    "{metric} down {n} %",
    "lowers {metric} by {n} %",
    "{n} % less {metric}",
)


def plain_cases(surface: Surface, n: int, chance: random.Random) -> list[dict[str, Any]]:
    """Return `n` labelled hypotheses, most of them plans: only such as the grammar reads as they are labelled."""
    found: dict[str, dict[str, Any]] = {}
    for said, expect in _drawn(surface, chance):
        if len(found) == n:
            break
        text = said[0].upper() + said[1:]
        if text not in found and _is_read(_answered(text, surface), expect, surface):
            found[text] = {"id": f"plain{len(found)}", "text": text, "expect": expect}
    return list(found.values())


def _drawn(surface: Surface, chance: random.Random) -> Iterator[tuple[str, dict[str, Any]]]:
    while True:
        key = chance.choice(sorted(surface.parameters))
        parameter = surface.parameters[key]
        metric = chance.choice(sorted(surface.metrics))
        name = chance.choice([*surface.metrics[metric].synonyms, metric.replace("_", " ")])
        rises = (surface.metrics[metric].better == "higher") == (chance.random() < 0.85)
        goal = chance.choice(_GOALS if rises else _GOALS_DOWN).format(metric=name, n=chance.choice((1, 2, 3, 5)))
        users, audience = chance.choice(_USERS) if chance.random() < 0.6 else ("", "true")
        shape = chance.choice(_SHAPES if users else _SHAPES_FOR_ALL)
        kind = chance.choices(("plan", "out", "same", "no_value", "no_metric", "no_change"), (70, 7, 7, 6, 5, 5))[0]
        value = _value(parameter, kind, chance)
        change = _said(parameter, value, chance) if value is not None else f"change the {_name(parameter, chance)}"
        expect: dict[str, Any] = {"outcome": "clarify", "missing": ["value"]}
        if kind == "no_metric":
            shape, goal, expect = "{change} {users}." if users else "{change}.", "", {**expect, "missing": ["metric"]}
        elif kind == "no_change":
            shape, expect = "{goal} {users}." if users else "{goal}.", {**expect, "missing": ["change"]}
        elif kind in ("out", "same"):
            expect = {"outcome": "reject", "reason": "out_of_bounds" if kind == "out" else "no_op"}
        elif kind == "plan":
            direction = "increase" if rises else "decrease"
            arm = {key: value} | {k: v[0] for k, v in (parameter.requires or {}).items()}
            expect = {"outcome": "plan", "arms": [arm], "audience": audience, "primary": metric, "direction": direction}
        elif parameter.type is ParameterType.BOOL:
            continue
        yield shape.format(users=users, change=change, goal=goal), expect


def _value(parameter: Parameter, kind: str, chance: random.Random) -> Scalar | None:
    """Return a value that makes a case of its kind; None where it is to have none."""
    if kind == "no_value":
        return None
    if parameter.type is ParameterType.BOOL:
        return bool(parameter.baseline) if kind == "same" else not parameter.baseline
    if kind == "same":
        return parameter.baseline
    if parameter.type is ParameterType.ENUM:
        return chance.choice([v for v in parameter.values if v != parameter.baseline])
    low, high = float(parameter.min or 0), float(parameter.max or 0)
    if kind == "out":
        return int(high) + chance.choice((1, 2, 5, 10)) if high >= 1 else high + 0.2
    if parameter.type is ParameterType.FLOAT and high <= 1:
        return round(chance.uniform(low, high), 2)
    return chance.choice([v for v in range(int(low), int(high) + 1) if v != parameter.baseline])


def _said(parameter: Parameter, value: Scalar, chance: random.Random) -> str:
    name, unit = _name(parameter, chance), f" {parameter.unit}" if parameter.unit else ""
    if isinstance(value, bool):
        words = (
            ("{0} on", "turn {0} on", "switch on {0}", "with {0}")
            if value
            else ("{0} off", "turn off {0}", "without {0}")
        )
        return chance.choice(words).format(name)
    if isinstance(value, str):
        word = value.replace("_", " ")
        return chance.choice(("{0}: {1}", "{0} set to {1}", "{1} {0}", "switch the {0} to {1}")).format(name, word)
    if parameter.key.endswith("position") and 1 <= value <= len(_ORDINALS):
        place = _ORDINALS[int(value) - 1]
        return chance.choice(("move the {0} to {1} place", "{0} in {1} place", "the {0} {1}", "{0} at {2}")).format(
            name, place, value
        )
    said = _NUMBERS[int(value)] if value in range(len(_NUMBERS)) and chance.random() < 0.4 else f"{value:g}"
    return chance.choice(
        ("{0} to {1}{2}", "{1}{2} {0}", "{0} at {1}{2}", "set the {0} to {1}{2}", "{0} {1}{2}")
    ).format(name, said, unit)


def _name(parameter: Parameter, chance: random.Random) -> str:
    leaf = parameter.key.rpartition(".")[2].replace("_", " ")
    if leaf.startswith("hide"):
        return leaf  # "explicit content on" says the opposite
    return chance.choice([*parameter.synonyms, leaf])


def _answered(text: str, surface: Surface) -> Plan:
    return answer_of(text, read_hypothesis(text, surface, default_lexicon()), default_lexicon())


def _is_read(plan: Plan, expect: Mapping[str, Any], surface: Surface) -> bool:
    if plan.outcome is not Outcome.PLAN or expect["outcome"] != "plan":
        told = [str(missing) for missing in plan.missing] == expect.get("missing", [])
        return plan.outcome == expect["outcome"] and told and str(plan.reason) == str(expect.get("reason"))
    return (
        same_arms(plain_arms(plan.arms, surface), plain_arms(expect["arms"], surface))
        and same_audience(surface, plan.audience, expect["audience"])
        and (plan.primary, str(plan.direction)) == (expect["primary"], expect["direction"])
    )
