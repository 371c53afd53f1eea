"""Unread numbers: quantities that no dial, metric, audience or schedule explains; that is how plans go wrong unseen."""

from collections.abc import Collection

from counterpoint.agents.offline.changes import ChangeReading
from counterpoint.agents.offline.quantities import MS_PER_DAY, Kind, Quantity
from counterpoint.agents.offline.reading import Links, Text
from counterpoint.agents.offline.schedule import Schedule, is_allocation
from counterpoint.agents.offline.settings import is_baseline
from counterpoint.agents.offline.steps import is_today
from counterpoint.agents.offline.text import words_of, words_set


def stray_quantity(  # noqa: PLR0912 - a grammar is a list of cases
    text: Text, links: Links, schedule: Schedule, change: ChangeReading, idle: Collection[int] = ()
) -> str | None:
    """Return a number in the text that nothing explains, or None: an unread number is how a plan goes wrong unseen."""
    explained = [q for qs in (*links.values.values(), *links.effects.values()) for q in qs] + list(schedule.used)
    metrics = {i for m in links.metrics for i in m.tokens}
    named = {i for m in links.parameters for i in m.tokens}
    windows = {text.surface.metrics[m.key].window_days for m in links.metrics}
    if (astray := _effect_astray(text, links, change)) is not None:
        return astray
    for q in text.quantities:
        span = set(range(q.start, q.end))
        if q in explained or span & (text.audience | metrics | change.used) or text.tokens[q.start].sentence in idle:
            continue
        if q.kind is Kind.ORDINAL:
            if not span & named and _is_place_unread(text, q):
                return words_of(text.tokens, q.start, q.end)  # "... count as new and stand second"
            continue
        if _is_told_along(text, links, schedule, q):
            continue
        if q.kind is Kind.TIME and (
            q.value / MS_PER_DAY in windows
            or text.tokens[min(q.end, len(text.tokens) - 1)].text == "ago"
            or q.bare == 1.0
        ):
            continue
        after = text.tokens[q.end].text if q.end < len(text.tokens) else ""
        lead = [t.text for t in text.tokens[max(0, q.start - 2) : q.start]]
        if after == "too" or lead == ["n", "="]:
            continue  # "four too many", "(n = 14)"
        if q.kind is Kind.NUMBER and text.tokens[q.start].text.isdecimal() and 1900 <= q.bare <= 2100:
            continue  # a year
        if q.kind is Kind.NUMBER and after in ("would", "will", "is", "suffices", "should"):
            return words_of(text.tokens, q.start, q.end)  # "one would do": a value, and of what was not read
        if q.kind in (Kind.NUMBER, Kind.FRACTION) and q.bare <= 2 and text.tokens[q.start].text.isalpha():
            continue  # "one arm", "two candidates", "half a shelf" count nothing that is set
        if q.kind is Kind.FACTOR and text.tokens[q.start].text.isalpha() and q.value == 2:
            continue
        if is_allocation(q, text.tokens, text.lexicon) or _counts_arms(text, q):
            continue
        changed = [text.surface.parameters[k] for arm in change.arms for k in arm]
        first = min((v.start for k in change.words for v in links.values.get(k, ())), default=0)
        if any(is_baseline(q, p) for p in changed) and (q.start < first or is_today(text.tokens, q)):
            continue
        return words_of(text.tokens, q.start, q.end)
    return None


def _is_told_along(text: Text, links: Links, schedule: Schedule, q: Quantity) -> bool:
    """Return whether a time says again what is known: "(30 days)", "in the first 30 seconds", "for three years"."""
    if q.kind is not Kind.TIME:
        return False
    said = f" {q.bare:g} "
    if any(said in f" {text.surface.metrics[m.key].description} " for m in links.metrics):
        return True  # "plays cut off in the first 30 seconds": the metric's own
    if schedule.days is not None and round(q.value / MS_PER_DAY) == schedule.days:
        return True
    lead = {t.text for t in text.tokens[: q.start] if t.clause == text.tokens[q.start].clause}
    return text.tokens[q.start - 1].text == "for" and bool(lead & words_set("been has had have")) and q.start > 0


def _effect_astray(text: Text, links: Links, change: ChangeReading) -> str | None:
    """Return a time beside the change that went to the metric of another sentence: "wait 100 ms. Load time falls."."""
    for metric, effects in links.effects.items():
        sentences = {text.tokens[m.start].sentence for m in links.metrics if m.key == metric}
        for q in effects:
            here = text.tokens[q.start].sentence
            spoken = any(text.tokens[m.start].sentence == here for m in links.metrics)
            beside = any(text.tokens[i].sentence == here for i in change.used)
            valued = any(text.tokens[v.start].sentence == here for vs in links.values.values() for v in vs)
            if here not in sentences and not spoken and not valued and beside and q.kind is Kind.TIME:
                return words_of(text.tokens, q.start, q.end)  # "wait 100 ms for the shelf. Load time falls."
    return None


def _is_place_unread(text: Text, q: Quantity) -> bool:
    """Return whether an ordinal could be a place that was not read: "stand second"; not "the second", "second arm"."""
    before = text.tokens[q.start - 1].text if q.start else ""
    after = text.tokens[q.end] if q.end < len(text.tokens) else None
    units = text.lexicon.raw["numbers"]["units"]
    if before in ("their", "his", "her") and after is not None and after.text in units:
        return q.bare >= 2  # "users in their second week": when they came was not read
    counts = after is not None and after.is_word and after.text not in text.lexicon.stop
    return q.bare >= 2 and before not in ("the", "a", "per") and not counts


def _counts_arms(text: Text, q: Quantity) -> bool:
    before = text.tokens[q.start - 1].text if q.start else ""
    if before in words_set("arm variant group treatment version option cell test branch condition bucket"):
        return True
    after = {t.text for t in text.tokens[q.end : q.end + 3]}
    return q.kind is Kind.NUMBER and bool(
        after
        & words_set(
            "arms arm variants groups candidates versions options values settings treatments "
            "percentile th ways tests steps cells cell conditions buckets branches"
        )
    )
