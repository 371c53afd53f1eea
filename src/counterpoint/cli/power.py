"""The command that says before an experiment how long it has to run, or that it never ends."""

import argparse
from pathlib import Path
from typing import Any

from counterpoint.cli.words import Commands, command, print_json
from counterpoint.cli.writing import write_text
from counterpoint.errors import InvalidInput
from counterpoint.settings import Settings

_GIVEN = ("mean", "units_per_day")


def add_commands(commands: Commands) -> None:
    """Add `power`."""
    power = command(commands, "power", _power, "say on which day an experiment is ready, or that it never is")
    history = power.add_argument_group("from a surface's recorded history")
    history.add_argument("--surface", default="home", help="which surface (default home)")
    history.add_argument("--audience", default="true", metavar="CEL", help="who would be in it (default everybody)")
    given = power.add_argument_group("from given numbers, without a surface")
    given.add_argument("--mean", type=float, help="mean per unit; a share when no --sd is given")
    given.add_argument("--sd", type=float, help="standard deviation per unit")
    given.add_argument(
        "--units-per-day", type=_numbers, metavar="N[,N...]", help="new units on each day of the audience"
    )
    given.add_argument("--window", type=int, default=0, metavar="DAYS", help="days until a unit's value is complete")
    given.add_argument("--correlation", type=float, default=0.0, help="with the covariate that CUPED would use")
    given.add_argument(
        "--denominator-mean", type=float, help="of a ratio of totals; --mean and --sd are its numerator's"
    )
    given.add_argument("--denominator-sd", type=float, help="standard deviation of the denominator per unit")
    given.add_argument(
        "--denominator-correlation", type=float, default=0.0, help="of numerator and denominator within units"
    )
    given.add_argument("--quantile", type=_share, metavar="P", help="the metric is this quantile, and --mean its value")
    given.add_argument("--density", type=_positive, help="of the values at the quantile, per unit of the metric")
    given.add_argument("--design-effect", type=_positive, default=1.0, help="for values that repeat within units")
    given.add_argument("--better", choices=["higher", "lower"], default="higher", help="which way is better")

    power.add_argument("--metric", help="its key; required with a surface")
    size = power.add_mutually_exclusive_group(required=True)
    size.add_argument("--effect", type=_positive, help="relative effect to find, such as 0.02")
    size.add_argument("--margin", type=_positive, help="relative margin of a guardrail, such as 0.01")
    kind = power.add_mutually_exclusive_group()
    kind.add_argument(
        "--holdout", type=_positive, metavar="SHARE", help="ask about a holdout with this share in each of its halves"
    )
    kind.add_argument(
        "--interaction-with",
        type=_numbers,
        metavar="W,W,...",
        help="ask about the interaction with an experiment of this split",
    )
    power.add_argument(
        "--overlap", type=float, default=1.0, help="share of units that are in that other experiment too (default 1)"
    )
    power.add_argument("--allocation", type=float, default=1.0, help="share of the audience (default 1)")
    power.add_argument(
        "--weights", type=_numbers, default=(1.0, 1.0), metavar="W,W,...", help="control first (default 1,1)"
    )
    power.add_argument("--success", type=_count, default=1, help="success metrics (default 1)")
    power.add_argument("--guardrails", type=_count, default=0, help="guardrails (default 0)")
    power.add_argument("--alpha", type=_share, default=0.05, help="two-sided level (default 0.05)")
    power.add_argument("--power", type=_share, default=0.8, dest="target", help="power of the decision (default 0.8)")
    power.add_argument("--test", choices=["fixed", "group_sequential", "always_valid"], default="group_sequential")
    power.add_argument("--looks", choices=["daily", "weekly"], default="daily", help="planned looks (default daily)")
    power.add_argument("--cuped", action="store_true", help="adjust for the past")
    power.add_argument("--trigger-rate", type=float, default=1.0, help="share of units that the change reaches")
    power.add_argument("--spread", type=float, default=0.1, help="relative error of the traffic forecast (default 0.1)")
    power.add_argument("--max-days", type=_count, default=180, help="longest schedule considered (default 180)")
    power.add_argument("--svg", type=Path, metavar="FILE", help="draw the power curves there")
    power.add_argument("--json", action="store_true", help="print JSON and nothing else")


def _power(words: argparse.Namespace, settings: Settings) -> int:
    from counterpoint.metrics import design_svg, design_text

    given = [name for name in _GIVEN if getattr(words, name) is not None]
    if given and len(given) < len(_GIVEN):
        missing = next(name for name in _GIVEN if name not in given).replace("_", "-")
        raise InvalidInput(
            "missing_option", f"no {missing} was given", where=f"--{missing}", fix="give it, or name a surface instead"
        )
    document = _from_numbers(words) if given else _from_history(words, settings)
    if words.svg is not None and document["known"]:
        write_text(words.svg, design_svg(document))
    if words.json:
        print_json(document)
    elif document["known"]:
        print(design_text(document))
    else:
        print(document["sentence"])
    return 0 if document["known"] else 2


def _from_numbers(words: argparse.Namespace) -> dict[str, Any]:
    from counterpoint.metrics import DesignQuestion, Forecast, answer_design, design_of_kind
    from counterpoint.stats import Alternative

    better = Alternative.GREATER if words.better == "higher" else Alternative.LESS
    effect = words.effect or 0.0
    question = DesignQuestion(
        metric=words.metric or "metric",
        model=_model(words),
        effect=effect if better == Alternative.GREATER else -effect,
        margin=words.margin,
        better=better,
        window_days=words.window,
        forecast=Forecast(new_per_day=words.units_per_day, spread=words.spread),
        **_shared(words),
    )
    return {"known": True, **answer_design(design_of_kind(question, **_kind(words))).as_document()}


def _model(words: argparse.Namespace) -> Any:
    from counterpoint.metrics import model_as_given, quantile_as_given, ratio_as_given

    if words.quantile is not None:
        _require(words, "density")
        return quantile_as_given(
            words.mean,
            words.quantile,
            words.density,
            design_effect=words.design_effect,
            trigger_rate=words.trigger_rate,
        )
    if words.denominator_mean is not None:
        _require(words, "sd", "denominator_sd")
        return ratio_as_given(
            (words.mean, words.sd),
            (words.denominator_mean, words.denominator_sd),
            words.denominator_correlation,
            explained=words.correlation**2,
            trigger_rate=words.trigger_rate,
        )
    return model_as_given(words.mean, words.sd, correlation=words.correlation, trigger_rate=words.trigger_rate)


def _require(words: argparse.Namespace, *names: str) -> None:
    for name in names:
        if getattr(words, name) is None:
            option = "--" + name.replace("_", "-")
            raise InvalidInput("missing_option", f"no {option[2:]} was given", where=option, fix="give it")


def _from_history(words: argparse.Namespace, settings: Settings) -> dict[str, Any]:
    from counterpoint.bootstrap import opened

    if words.metric is None:
        raise InvalidInput(
            "missing_option",
            "no metric was named",
            where="--metric",
            fix="name one, or give --mean and --units-per-day",
        )
    with opened(settings, executing=False) as platform:
        control = platform.control
        return control.judge.power(
            control.clock(),
            surface=words.surface,
            metric=words.metric,
            audience=words.audience,
            effect=words.effect,
            margin=words.margin,
            trigger_rate=words.trigger_rate,
            spread=words.spread,
            **_shared(words),
            **_kind(words),
        )


def _kind(words: argparse.Namespace) -> dict[str, Any]:
    return {"holdout": words.holdout, "interaction_with": words.interaction_with, "overlap": words.overlap}


def _shared(words: argparse.Namespace) -> dict[str, Any]:
    return {
        "allocation": words.allocation,
        "weights": words.weights,
        "n_success": words.success,
        "n_guardrails": words.guardrails,
        "alpha": words.alpha,
        "power": words.target,
        "test": words.test,
        "look_every": 7 if words.looks == "weekly" else 1,
        "cuped": words.cuped,
        "max_days": words.max_days,
    }


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers like 1000,800") from None


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0, such as 0.02 for 2 %")
    return value


def _share(text: str) -> float:
    value = _positive(text)
    if value >= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 0 and 1")
    return value


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)
