"""Reads the policy of a surface: what its owners insist on."""

from datetime import UTC, datetime
from typing import Any, get_args

from counterpoint.config.form import Form
from counterpoint.config.policy import Forcing, Freeze, Policy, PrivacyApproval, Staleness, StalePolicy

MAX_PERMIT_HOURS = 24.0 * 31
MAX_AGE_S = 7 * 24 * 3600


def read_policy(form: Form, row: dict[str, Any], path: str) -> Policy:
    """Return the policy that `row`, which is emptied, describes; findings go to `form`."""
    pools = form.table(row.pop("pools", {}), f"{path}.pools")
    holdout = form.table(row.pop("global_holdout", {}), f"{path}.global_holdout")
    forcing = form.table(row.pop("forcing", {}), f"{path}.forcing")
    staleness = form.table(row.pop("staleness", {}), f"{path}.staleness")
    policy = Policy(
        required_guardrails=form.texts(row, "required_guardrails", path),
        max_allocation_without_ramp=form.share(row, "max_allocation_without_ramp", path, 1.0),
        holdout_pool=form.share(pools, "holdout", f"{path}.pools", 0.0),
        isolated_pool=form.share(pools, "isolated", f"{path}.pools", 0.0),
        global_holdout=form.share(holdout, "allocation", f"{path}.global_holdout", 0.0),
        sensitive_attributes=form.text(row, "sensitive_attributes", path),
        approvals=int(form.take(row, "approvals", path, int, 0, "a whole number of people")),
        owners=form.texts(row, "owners", path),
        staged_ship=bool(form.take(row, "staged_ship", path, bool, False, "true or false")),
        least_units_to_ship=int(form.take(row, "least_units_to_ship", path, int, 100, "a whole number of units")),
        forcing=_forcing(form, forcing, f"{path}.forcing"),
        staleness=_staleness(form, staleness, f"{path}.staleness"),
        freezes=tuple(_freeze(form, *each) for each in form.rows(row, "freezes", path)),
        privacy_approvals=tuple(_approval(form, *each) for each in form.rows(row, "privacy_approvals", path)),
    )
    # Said in words for the reader; the rule itself is `check_value` and the term of the holdout is its end date.
    form.text(row, "values_outside_bounds_or_enumeration", path)
    form.text(holdout, "quarter", f"{path}.global_holdout")
    form.nothing_else(pools, f"{path}.pools")
    form.nothing_else(holdout, f"{path}.global_holdout")
    form.nothing_else(row, path)
    if policy.holdout_pool + policy.isolated_pool > 1:
        form.bad("out_of_bounds", f"{path}.pools", "the pools take more than every bucket; make them smaller")
    if 2 * policy.global_holdout > policy.holdout_pool + 1e-12:
        form.bad(
            "out_of_bounds",
            f"{path}.global_holdout.allocation",
            "both halves of the holdout do not fit into the holdout pool",
        )
    if any(not owner.strip() for owner in policy.owners):
        form.bad("missing_field", f"{path}.owners", "an owner is blank; name somebody, or leave the entry out")
    if policy.least_units_to_ship < 0:
        form.bad("out_of_bounds", f"{path}.least_units_to_ship", "a number of units cannot be below zero")
    if policy.approvals < 0:
        form.bad("out_of_bounds", f"{path}.approvals", "approvals cannot be below zero")
    return policy


def _forcing(form: Form, row: dict[str, Any], path: str) -> Forcing:
    actors = form.texts(row, "actors", path)
    hours = form.number(row, "hours", path)
    form.nothing_else(row, path)
    if any(not actor.strip() for actor in actors):
        form.bad("missing_field", f"{path}.actors", "an actor is blank; name somebody, or leave the entry out")
    if hours is not None and not 0 < hours <= MAX_PERMIT_HOURS:
        form.bad("out_of_bounds", f"{path}.hours", f"a permit lasts above 0 and at most {MAX_PERMIT_HOURS:g} hours")
    return Forcing(actors=actors, hours=24.0 if hours is None else hours)


def _staleness(form: Form, row: dict[str, Any], path: str) -> Staleness:
    age = int(form.take(row, "max_age_s", path, int, 0, "a whole number of seconds"))
    policy: StalePolicy = form.choice(row, "policy", path, get_args(StalePolicy), "serve")  # type: ignore[assignment]  # one of these literals
    form.nothing_else(row, path)
    if not 0 <= age <= MAX_AGE_S:
        form.bad("out_of_bounds", f"{path}.max_age_s", f"give 0 (never) to {MAX_AGE_S} seconds")
    if policy != "serve" and age == 0:
        form.bad("contradiction", f"{path}.policy", "without max_age_s nothing is ever stale; declare both")
    return Staleness(max_age_s=age, policy=policy)


def _freeze(form: Form, path: str, row: dict[str, Any]) -> Freeze:
    freeze = Freeze(
        start=form.moment(row, "start", path), end=form.moment(row, "end", path), reason=form.text(row, "reason", path)
    )
    form.nothing_else(row, path)
    if datetime.min.replace(tzinfo=UTC) < freeze.end <= freeze.start:
        form.bad("contradiction", f"{path}.end", "the freeze ends before it starts")
    return freeze


def _approval(form: Form, path: str, row: dict[str, Any]) -> PrivacyApproval:
    approval = PrivacyApproval(
        attribute=form.text(row, "attribute", path, None),
        experiment=form.key(row, "experiment", path),
        by=form.text(row, "by", path, None),
        until=form.moment(row, "until", path),
    )
    form.nothing_else(row, path)
    return approval
