"""Ownership: which dial or metric each quantity of a hypothesis belongs to."""

from counterpoint.agents.offline import dials, settings
from counterpoint.agents.offline.mentions import Mention
from counterpoint.agents.offline.movements import fits_metric
from counterpoint.agents.offline.quantities import Quantity
from counterpoint.agents.offline.reading import Links, Text
from counterpoint.agents.offline.schedule import is_allocation, is_duration
from counterpoint.agents.offline.text import distance, words_set


def assign(links: Links, text: Text) -> None:
    """Give each quantity to what it fits best: a dial, a metric, or neither (allocation, duration, audience)."""
    tokens = text.tokens
    for q in text.quantities:
        # "day 7 retention", "95th percentile": a number in a metric's name measures nothing.
        named = any(set(range(q.start, q.end)) <= m.tokens for m in links.metrics)
        listed = any(
            o is not q
            and o.kind is q.kind
            and tokens[o.start].sentence == tokens[q.start].sentence
            and {t.text for t in tokens[min(o.end, q.end) : max(o.start, q.start)]}
            <= words_set("and or , versus / against")
            for o in text.quantities
        )
        if named or set(range(q.start, q.end)) & text.audience or is_allocation(q, tokens, text.lexicon):
            continue
        options: list[tuple[float, str, str]] = []
        before = [t.text for t in tokens[max(0, q.start - 3) : q.start]]
        by = "by" in before
        for m in links.parameters:
            fit = settings.fit(q, text.surface.parameters[m.key], m, tokens)
            if fit > 0:
                cost = _distance_to(q, m, text) - 4.0 * (fit - 1)
                if dials.is_share(text.surface.parameters[m.key]) and (by or set(before) & {"least", "up", "down"}):
                    cost += 6
                if q.start in m.tokens:
                    cost -= 4
                if listed:
                    cost -= 8  # values come in lists, effects do not
                options.append((cost, "value", m.key))
        for m in links.metrics:
            if fits_metric(q, text.surface.metrics[m.key], tokens, text.lexicon):
                cost = (
                    _distance_to(q, m, text)
                    - 4 * (q.sign != 0)
                    - 2 * by
                    - (2 if set(before) & {"least", "most", "than", "within"} else 0)
                )
                options.append((cost, "effect", m.key))
        if is_duration(q, tokens, text.lexicon):
            dial = [o for o in options if o[1] == "value"]
            alone = not any(
                t.clause == tokens[q.start].clause
                and t.is_word
                and not q.start <= t.index < q.end
                and t.text not in text.lexicon.stop
                for t in tokens
            )
            lists = any(
                o is not q
                and o.kind is q.kind
                and abs(o.start - q.start) <= 4
                and tokens[o.start].sentence == tokens[q.start].sentence
                for o in text.quantities
            )
            if not dial or (min(dial)[0] > (5.5 if not alone else 2.5) and not lists):
                continue
        if options and min(options)[0] < 24:
            _, role, key = min(options)
            (links.values if role == "value" else links.effects).setdefault(key, []).append(q)


def _distance_to(q: Quantity, m: Mention, text: Text) -> float:
    """Return the distance of a quantity to the nearest word of a mention; the audience between does not count."""
    tokens = text.tokens
    nearest = min(m.tokens, key=lambda i: abs(i - q.start) if i not in range(q.start, q.end) else 99)
    low, high = min(nearest, q.start), max(nearest, q.start)
    hidden = sum(i in text.audience for i in range(low, high))
    joint = 1.5 * sum(tokens[i].text in ("and", "but", "then") for i in range(low, high))
    joint += 4.0 * sum(tokens[i].text in ("without", "while", "whereas") for i in range(low, high))
    return distance(tokens, q.span, (nearest, nearest + 1)) - hidden + joint
