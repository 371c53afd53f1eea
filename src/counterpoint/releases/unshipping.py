"""Take back what one release gave to everybody and is still live: for a kill that came when a winner had shipped."""

from dataclasses import replace

from counterpoint.config import BaselineRule
from counterpoint.errors import NotFound
from counterpoint.releases.operations import Restore
from counterpoint.releases.ports import ReleaseStore
from counterpoint.releases.state import SurfaceState, part_of


def unship_operations(store: ReleaseStore, surface: str, number: int, *, rule: str) -> tuple[Restore, ...]:
    """Return the operations that give everybody again what they had before release `number` shipped a winner.

    A value that somebody has changed since is theirs and is left alone, and so is every other rule; an experiment that
    the release archived stays archived.

    Args:
        number: The release that shipped, at least 2.
        rule: Key of the targeted rule as which it may have shipped.

    Returns:
        Nothing, when nothing of it is live any more.

    Raises:
        NotFound: `unknown_surface` or `unknown_release`.
    """
    live = store.latest(surface)
    if live is None:
        raise NotFound("unknown_surface", f"no surface '{surface}'", where="surface", fix="load it first")
    shipped, before = store.get(surface, number).state, store.get(surface, number - 1).state
    paths = {
        f"baseline/{key}": part_of(before, f"baseline/{key}")
        for key, value in before.baseline.items()
        if key in live.state.baseline
        and shipped.baseline.get(key) != value
        and live.state.baseline[key] == shipped.baseline.get(key)
    }
    rules = _rules(live.state, shipped, before, rule)
    if rules != live.state.rules:
        paths["rules"] = part_of(replace(live.state, rules=rules), "rules")
    if not paths:
        return ()
    parts = {path: None if body is None else body.decode() for path, body in sorted(paths.items())}
    return (Restore(number=number - 1, parts=parts),)


def _rules(live: SurfaceState, shipped: SurfaceState, before: SurfaceState, key: str) -> tuple[BaselineRule, ...]:
    """Return the live rules with the shipped one as it was before, or without it when it was not there."""
    ours = {rule.key: rule for rule in shipped.rules}.get(key)
    earlier = {rule.key: rule for rule in before.rules}.get(key)
    if ours is None or ours == earlier or ours not in live.rules:
        return live.rules
    back = () if earlier is None else (earlier,)
    return tuple(each for rule in live.rules for each in (back if rule == ours else (rule,)))
