"""Designs that are no plain comparison of means: holdouts and interactions, and models of ratios and quantiles."""

from dataclasses import replace

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.metrics.designs.question import DesignQuestion
from counterpoint.stats import MetricModel, interaction_model, model_of_quantile


def design_of_kind(
    question: DesignQuestion, *, holdout: float | None, interaction_with: tuple[float, ...] | None, overlap: float
) -> DesignQuestion:
    """Return a question as one about a holdout or an interaction, when one of them is asked for.

    Raises:
        InvalidInput: `holdout_or_interaction` for both at once.
    """
    if holdout is not None and interaction_with is not None:
        raise InvalidInput(
            "holdout_or_interaction",
            "both a holdout and an interaction",
            where="interaction_with",
            fix="ask for one of them",
        )
    if holdout is not None:
        return holdout_design(question, holdout)
    if interaction_with is not None:
        return interaction_design(question, other_weights=interaction_with, overlap=overlap)
    return question


def holdout_design(question: DesignQuestion, share: float) -> DesignQuestion:
    """Return the question of a holdout: `shipped_only` against `status_quo`, read once at its end.

    Args:
        question: The joint effect to find, and the traffic of the whole surface.
        share: Of the units in each of the two halves, in (0, 0.5].

    Raises:
        InvalidInput: `share_out_of_range`.
    """
    if not 0 < share <= 0.5:
        raise InvalidInput(
            "share_out_of_range",
            f"{share} of the units in each half of a holdout",
            where="holdout",
            fix="hold out more than nothing and at most half of the units",
        )
    return replace(question, kind="holdout", test="fixed", allocation=2 * share, weights=(1.0, 1.0))


def interaction_design(
    question: DesignQuestion, *, other_weights: tuple[float, ...] = (1.0, 1.0), overlap: float = 1.0
) -> DesignQuestion:
    """Return the question of an interaction: how much the effect of one experiment changes under another.

    Only units in both experiments tell; the test of one pair at its own level, read once. Corrected for the pairs
    that are screened together it takes more: divide `alpha` by their number to plan for the worst.

    Args:
        question: `effect` is the interaction, as a share of the control mean; the rest is of the first experiment.
        other_weights: Split of the second, control first; its smallest treatment is asked about.
        overlap: Share of the first experiment's units that are in the second too, in (0, 1].

    Raises:
        InvalidInput: `share_out_of_range`, `weights_not_positive`, `margin_without_meaning`.
    """
    if not 0 < overlap <= 1:
        raise InvalidInput("share_out_of_range", f"an overlap of {overlap}", where="overlap")
    if question.margin is not None:
        raise InvalidInput(
            "margin_without_meaning", "an interaction has no margin", where="margin", fix="give an effect to find"
        )
    if len(other_weights) < 2 or not all(w > 0 for w in other_weights):
        raise InvalidInput("weights_not_positive", f"weights {list(other_weights)}", where="other_weights")
    pair = (other_weights[0], min(other_weights[1:]))
    return replace(
        question,
        kind="interaction",
        test="fixed",
        model=interaction_model(question.model, pair),
        allocation=question.allocation * overlap * sum(pair) / sum(other_weights),
    )


def ratio_as_given(
    numerator: tuple[float, float],
    denominator: tuple[float, float],
    correlation: float,
    *,
    explained: float = 0.0,
    trigger_rate: float = 1.0,
) -> MetricModel:
    """Return the model of a ratio of totals, linearised at its value.

    Args:
        numerator: Mean and standard deviation per unit.
        denominator: Likewise; its mean is not zero.
        correlation: Of the two within units, in [-1, 1].
        explained: Share of the linearised variance that covariates take out.
        trigger_rate: Share of assigned units that are analysed.

    Source:
        Deng, Knoblich and Lu 2018, arXiv:1803.06336, eq. 4.
    """
    (above, above_sd), (below, below_sd) = numerator, denominator
    if below == 0:
        raise CannotCompute("zero_denominator", "the denominator is zero on average", where="denominator_mean")
    if not -1 <= correlation <= 1:
        raise InvalidInput("share_out_of_range", f"a correlation of {correlation}", where="denominator_correlation")
    ratio = above / below
    variance = above_sd**2 - 2 * ratio * correlation * above_sd * below_sd + ratio**2 * below_sd**2
    return MetricModel(mean=ratio, variance=variance / below**2, explained=explained, trigger_rate=trigger_rate)


def quantile_as_given(
    value: float, p: float, density: float, *, design_effect: float = 1.0, trigger_rate: float = 1.0
) -> MetricModel:
    """Return the model of a p-quantile per unit.

    Args:
        value: The quantile.
        p: Which, in (0, 1).
        density: Of the values at it, per unit of the metric: the share of values within a small distance, over twice
            that distance.
        design_effect: Factor on the variance for values that repeat within units, at least 1.
        trigger_rate: Share of assigned units that are analysed.
    """
    model = model_of_quantile(density, p, value)
    return replace(model, design_effect=design_effect, trigger_rate=trigger_rate)
