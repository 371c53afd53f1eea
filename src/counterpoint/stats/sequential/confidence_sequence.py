"""Asymptotic confidence sequences: an `Effect` of the moment made into an `AnytimeEffect` valid at every look."""

import math

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats.effects import AnytimeEffect, Effect, Relative
from counterpoint.stats.tails import Alternative, check_share

DEFAULT_TUNING_N = 5_000.0
DEFAULT_BURN_IN = 200


def always_valid(
    effect: Effect,
    *,
    alpha: float | None = None,
    tuning_n: float = DEFAULT_TUNING_N,
    burn_in: int = DEFAULT_BURN_IN,
    alternative: Alternative | None = None,
) -> AnytimeEffect:
    """Return the effect with an interval and a p-value that hold at every look after the burn-in.

    Units must be matured: each counts once, with its whole metric window, in the order of exposure.

    Args:
        effect: Estimate and standard error of the moment, by any estimator of this room.
        alpha: Level over all looks together; the effect's own when None.
        tuning_n: Units of both arms at which the interval is tightest, at least 1; about the size expected at decision.
        burn_in: Units of both arms before which nothing is said: the guarantee is asymptotic in the first look.
        alternative: Side; the effect's own when None.

    Raises:
        CannotCompute: `burn_in` before the burn-in is over.

    Estimand:
        That of the effect; any number of looks from the burn-in on.

    Source:
        Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, arXiv:2103.06476v7, eq. 9 and 161; one-sided
        with the half-normal mixture.
    """
    level = check_share(effect.alpha if alpha is None else alpha, "alpha")
    side = effect.alternative if alternative is None else alternative
    n = effect.n_control + effect.n_treatment
    if not math.isfinite(tuning_n) or tuning_n < 1:
        raise InvalidInput("tuning_out_of_range", f"tuned to {tuning_n} units", where="tuning_n")
    if n < burn_in:
        raise CannotCompute(
            "burn_in",
            f"{n} units so far",
            where="n",
            fix=f"wait for {burn_in} units",
            facts={"n": n, "burn_in": burn_in},
        )
    rho = tuned_rho(level if side == Alternative.TWO_SIDED else 2 * level, tuning_n)
    critical = critical_multiple(n, rho, level, side)
    lower, upper = _ends(effect.estimate, critical * effect.std_error, side)
    p = sequence_p_value((effect.estimate - effect.null) / effect.std_error, n, rho, side)
    low = high = None
    if effect.relative_effect is not None and effect.relative_std_error is not None:
        low, high = _ends(effect.relative_effect, critical * effect.relative_std_error, side)
    return AnytimeEffect(
        estimate=effect.estimate,
        std_error=effect.std_error,
        ci_lower=lower,
        ci_upper=upper,
        p_value=p,
        alpha=level,
        alternative=side,
        null=effect.null,
        relative_effect=effect.relative_effect,
        relative_std_error=effect.relative_std_error,
        relative_ci_lower=low,
        relative_ci_upper=high,
        relative=None if low is None else Relative.DELTA,
        method=f"asymptotic_confidence_sequence({effect.method})",
        estimand=effect.estimand,
        theta=effect.theta,
        theta_scope=effect.theta_scope,
        n_control=effect.n_control,
        n_treatment=effect.n_treatment,
        control_mean=effect.control_mean,
        treatment_mean=effect.treatment_mean,
        corrections=effect.corrections,
        trimmed=effect.trimmed,
        notes=effect.notes,
        digest=effect.digest,
        valid_for=f"every look from {burn_in} units on",
        critical=critical,
        burn_in=burn_in,
        tuning_n=tuning_n,
        alpha_spent=level,
    )


def tuned_rho(alpha: float, tuning_n: float) -> float:
    """Return the mixture's scale that makes a two-sided interval tightest at `tuning_n` units."""
    log = -2 * math.log(alpha)
    return math.sqrt((log + math.log(log + 1)) / tuning_n)


def critical_multiple(n: float, rho: float, alpha: float, alternative: Alternative) -> float:
    """Return how many standard errors the interval reaches from the estimate at `n` units of both arms."""
    grown = n * rho**2 + 1
    # half = sqrt(se^2 n) * sqrt(...)/(n rho), so the multiple of se carries sqrt(n) in.
    scale = math.sqrt(2 * grown / n) / rho
    if alternative == Alternative.TWO_SIDED:
        return scale * math.sqrt(math.log(math.sqrt(grown) / alpha))
    return scale * math.sqrt(math.log1p(math.sqrt(grown) / (2 * alpha)))


def sequence_p_value(z: float, n: float, rho: float, alternative: Alternative) -> float:
    """Return the always-valid p-value that agrees with the interval: the smallest level that leaves out the null.

    Args:
        z: (estimate - null) / standard error.
        n: Units of both arms.
        rho: Scale of the mixture.
        alternative: Side.
    """
    grown = n * rho**2 + 1
    exponent = n * rho**2 * z**2 / (2 * grown)
    if alternative == Alternative.TWO_SIDED:
        return min(1.0, math.sqrt(grown) * math.exp(-exponent))
    toward = z > 0 if alternative == Alternative.GREATER else z < 0
    # Inverts half = sqrt(2 (n rho^2+1)/(n rho)^2 ln(1 + sqrt(n rho^2+1)/(2 alpha))) in alpha.
    return min(1.0, math.sqrt(grown) / (2 * math.expm1(min(exponent, 700.0)))) if toward and exponent > 0 else 1.0


def _ends(estimate: float, half: float, side: Alternative) -> tuple[float, float]:
    lower = -math.inf if side == Alternative.LESS else estimate - half
    return lower, math.inf if side == Alternative.GREATER else estimate + half
