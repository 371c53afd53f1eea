"""Designs: how long an experiment has to run, with what probability, and what each way of reading it costs."""

from counterpoint.metrics.designs.answer import DesignAnswer, DesignRow, Remedy, answer_design
from counterpoint.metrics.designs.drawing import design_svg, design_text
from counterpoint.metrics.designs.question import DesignQuestion, Forecast, model_as_given, model_from

__all__ = [
    "DesignAnswer",
    "DesignQuestion",
    "DesignRow",
    "Forecast",
    "Remedy",
    "answer_design",
    "design_svg",
    "design_text",
    "model_as_given",
    "model_from",
]
