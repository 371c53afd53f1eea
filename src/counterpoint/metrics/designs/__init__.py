"""Designs: how long an experiment has to run, with what probability, and what each way of reading it costs."""

from counterpoint.metrics.designs.answer import DesignAnswer, DesignRow, Remedy, answer_design
from counterpoint.metrics.designs.drawing import design_svg, design_text
from counterpoint.metrics.designs.kinds import (
    design_of_kind,
    holdout_design,
    interaction_design,
    quantile_as_given,
    ratio_as_given,
)
from counterpoint.metrics.designs.question import DesignKind, DesignQuestion, Forecast, model_as_given, model_from

__all__ = [
    "DesignAnswer",
    "DesignKind",
    "DesignQuestion",
    "DesignRow",
    "Forecast",
    "Remedy",
    "answer_design",
    "design_of_kind",
    "design_svg",
    "design_text",
    "holdout_design",
    "interaction_design",
    "model_as_given",
    "model_from",
    "quantile_as_given",
    "ratio_as_given",
]
