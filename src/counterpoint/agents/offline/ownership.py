"""Ownership: which dial or metric each quantity of a hypothesis belongs to."""

from collections.abc import Sequence

from counterpoint.agents.offline import dials, settings, steps
from counterpoint.agents.offline.mentions import Mention
from counterpoint.agents.offline.movements import fits_metric
from counterpoint.agents.offline.quantities import Quantity
from counterpoint.agents.offline.reading import Links, Text
from counterpoint.agents.offline.schedule import is_allocation, is_duration
from counterpoint.agents.offline.text import Token, distance, split_words, words_set

_TOO_FAR = 24.0
"""Cost from which a quantity belongs to nothing: two sentences, or a sentence of many clauses."""


def assign(links: Links, text: Text) -> None:
    """Give each quantity to what it fits best: a dial, a metric, or neither (allocation, duration, audience)."""
    offers = [(q, offered) for q in text.quantities if (offered := _options(q, links, text))]
    # The surest first: a metric takes a second size only when no other one could be meant.
    for q, offered in sorted(offers, key=lambda o: (min(o[1])[0], o[0].start)):
        priced = [(c + 14.0 * (role == "effect" and key in links.effects), role, key) for c, role, key in offered]
        settled = [o for o in priced if o[0] < _TOO_FAR]
        if settled:
            _, role, key = min(settled)
            (links.values if role == "value" else links.effects).setdefault(key, []).append(q)
    _to_their_baseline(links, text)
    for given in (links.values, links.effects):
        for key in given:
            given[key].sort(key=lambda q: q.start)


def _to_their_baseline(links: Links, text: Text) -> None:
    """Give "instead of eight" to the dial of its sentence that stands at eight, and not to another one."""
    for key, values in list(links.values.items()):
        for q in [v for v in values if steps.is_today(text.tokens, v)]:
            if settings.is_baseline(q, text.surface.parameters[key]):
                continue
            here = text.tokens[q.start].sentence
            others = [
                k
                for k, vs in links.values.items()
                if k != key
                and settings.is_baseline(q, text.surface.parameters[k])
                and any(text.tokens[v.start].sentence == here and v.kind is q.kind for v in vs)
            ]
            if len(others) == 1:
                links.values[key] = [v for v in links.values[key] if v is not q]
                links.values[others[0]].append(q)


def _options(q: Quantity, links: Links, text: Text) -> list[tuple[float, str, str]]:
    """Return what a quantity could belong to: its cost, whether as a value or as an effect, and the entry."""
    tokens = text.tokens
    # "day 7 retention", "95th percentile": a number in a metric's name measures nothing.
    named = any(set(range(q.start, q.end)) <= m.tokens for m in links.metrics)
    if named or set(range(q.start, q.end)) & text.audience or is_allocation(q, tokens, text.lexicon):
        return []
    options = [*_as_value(q, links, text), *_as_effect(q, links, text)]
    if not is_duration(q, tokens, text.lexicon):
        return options
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
    return [] if not dial or (min(dial)[0] > (2.5 if alone else 5.5) and not lists) else options


def _as_value(q: Quantity, links: Links, text: Text) -> list[tuple[float, str, str]]:
    tokens = text.tokens
    before = {t.text for t in tokens[max(0, q.start - 3) : q.start]}
    listed = any(
        o is not q
        and o.kind is q.kind
        and tokens[o.start].sentence == tokens[q.start].sentence
        and _joins(tokens[min(o.end, q.end) : max(o.start, q.start)], links)
        for o in text.quantities
    )
    options: list[tuple[float, str, str]] = []
    for m in links.parameters:
        parameter = text.surface.parameters[m.key]
        fit = settings.fit(q, parameter, m, tokens)
        if fit > 0:
            cost = _distance_to(q, m, text) - 4.0 * (fit - 1)
            cost += 6 * (dials.is_share(parameter) and bool(before & {"by", "least", "up", "down"}))
            cost -= 4 * (q.start in m.tokens) + 8 * listed  # values come in lists, effects do not
            options.append((cost, "value", m.key))
    return options


def _joins(between: Sequence[Token], links: Links) -> bool:
    """Return whether only joints stand between two values, and the dial's own words: "floor 0 and floor 15"."""
    own = {i for m in links.parameters for i in m.tokens}
    names = {w for m in links.parameters for w in split_words(m.alias.replace("|", " "))}
    joints = words_set(
        "and or , versus / against more fewer less in one the another other variant arm group by for second first"
    )
    return len(between) <= 7 and all(t.text in joints or t.index in own or t.text in names for t in between)


def _as_effect(q: Quantity, links: Links, text: Text) -> list[tuple[float, str, str]]:
    before = {t.text for t in text.tokens[max(0, q.start - 3) : q.start]}
    return [
        (
            _distance_to(q, m, text)
            - 4 * (q.sign != 0)
            - 2 * ("by" in before)
            - 2 * bool(before & {"least", "most", "than", "within"}),
            "effect",
            m.key,
        )
        for m in links.metrics
        if fits_metric(q, text.surface.metrics[m.key], text.tokens, text.lexicon)
    ]


def _distance_to(q: Quantity, m: Mention, text: Text) -> float:
    """Return the distance of a quantity to the nearest word of a mention; the audience between does not count."""
    tokens = text.tokens
    nearest = min(m.tokens, key=lambda i: abs(i - q.start) if i not in range(q.start, q.end) else 99)
    low, high = min(nearest, q.start), max(nearest, q.start)
    hidden = sum(i in text.audience for i in range(low, high))
    joint = 1.5 * sum(tokens[i].text in ("and", "but", "then") for i in range(low, high))
    joint += 4.0 * sum(tokens[i].text in ("without", "while", "whereas") for i in range(low, high))
    return distance(tokens, q.span, (nearest, nearest + 1)) - hidden + joint
