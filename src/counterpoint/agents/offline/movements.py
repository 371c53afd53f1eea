"""Movements: the words by which a metric moves, and the quantities that say by how much."""

from collections.abc import Sequence

from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.mentions import Mention
from counterpoint.agents.offline.quantities import Kind, Quantity
from counterpoint.agents.offline.text import Token, words_set
from counterpoint.config import Metric

_TIME_UNITS = {
    "ms": 1.0,
    "s": 1000.0,
    "sec": 1000.0,
    "second": 1000.0,
    "seconds": 1000.0,
    "min": 60_000.0,
    "minute": 60_000.0,
    "minutes": 60_000.0,
    "h": 3_600_000.0,
    "hour": 3_600_000.0,
    "hours": 3_600_000.0,
    "day": 86_400_000.0,
    "days": 86_400_000.0,
}
_MINUTE_MS = 60_000.0
# Inside of the name of a metric these move nothing: "a slow tail", "the app falls over", "plays cut off".
_NAMES = words_set(
    "slow fast slowest fastest late fall falls fell drop drops cut cuts off over up down lose loses gain win"
)
_NOT_MOVES = (
    ("no", "more", "than"),
    ("not", "more", "than"),
    ("no", "less", "than"),
    ("more", "than"),
    ("less", "than"),
    ("fewer", "than"),
    ("or", "more"),
    ("or", "less"),
    ("no", "more"),
    ("at", "most"),
    ("at", "least"),
    ("up", "to"),
    ("most", "of"),
    ("no", "fewer"),
    ("one", "more", "time"),
    ("once", "more"),
    ("more", "or", "less"),
    ("set", "up"),
    ("plus", "minus"),
    ("add", "up"),
    ("end", "up"),
    ("more", "like"),
    ("most", "people"),
    ("what", "is", "more"),
    ("any", "more"),
    ("or", "better"),
)


def moves_in(region: Sequence[Token], mention: Mention | None, lexicon: Lexicon) -> list[tuple[int, str]]:
    """Return the words of movement in `region`: token index and up, down, better, worse, fast or slow."""
    skip: set[int] = set()
    texts = [t.text for t in region]
    for i in range(len(texts)):
        for phrase in _NOT_MOVES:
            if tuple(texts[i : i + len(phrase)]) == phrase:
                skip |= set(range(i, i + len(phrase)))
    inner = mention.tokens if mention is not None else frozenset()
    found: list[tuple[int, str]] = []
    for name in words_set("up down better worse fast slow"):
        for start, end, _ in lexicon.lists[name].find(region):
            taken = set(range(start, end)) & skip
            # "playlist adds" names a metric; "adds" moves nothing there. "slower" in a metric's name still moves it.
            further = start > 0 and region[start - 1].text in words_set("further farther deeper lower way scroll far")
            if region[start].text == "down" and further:
                continue  # "one shelf further down"
            if region[start].index in inner and region[start].text in _NAMES:
                continue  # "a slow tail" names a metric
            if taken or (
                region[start].index in inner and region[start].text in words_set("add adds up extra often cost")
            ):
                continue
            found.append((region[start].index, name))
    for i, word in enumerate(texts):
        sized = i > 0 and (texts[i - 1] in _TIME_UNITS or texts[i - 1] in ("%", "points", "point", "percent"))
        if word == "off" and sized:
            found.append((region[i].index, "down"))  # "200 ms off its 95th percentile"
    for i, word in enumerate(texts[:-1]):
        if (
            word in words_set("take takes taking shave shaves knock knocks")
            and "off" in texts[i + 1 : i + 6]
            and "away" not in texts[i + 1 : i + 3]
        ):
            found.append((region[i].index, "down"))
    return found


def sizes(quantity: Quantity | None, metric: Metric, tokens: Sequence[Token]) -> tuple[float | None, float | None]:
    """Return the size of an effect as (relative, in the metric's own unit); one of them is None."""
    if quantity is None:
        return None, None
    size = abs(quantity.value)
    if quantity.kind in (Kind.PERCENT, Kind.FRACTION):
        return round(size, 10), None
    if quantity.kind is Kind.POINTS:
        return None, round(size, 10)
    if quantity.kind is Kind.TIME and unit_of(metric) in _TIME_UNITS:
        return None, round(size / _TIME_UNITS[unit_of(metric)], 10)
    if quantity.kind is Kind.NUMBER:
        return None, round(size * scale_of(quantity, metric, tokens), 10)
    return None, None


def unit_of(metric: Metric) -> str:
    """Return the unit of a metric: as declared, or as its key says ("session_minutes"); empty when neither does."""
    return metric.unit or next((w for w in metric.key.split("_") if len(w) > 2 and w in _TIME_UNITS), "")


def scale_of(quantity: Quantity, metric: Metric, tokens: Sequence[Token]) -> float:
    """Return how many of the metric's units one of the units after a number makes: "2 more hours" of minutes is 60."""
    own = _TIME_UNITS.get(unit_of(metric))
    if own is None:
        return 1.0
    said = next((_TIME_UNITS[t.text] for t in tokens[quantity.end : quantity.end + 3] if t.text in _TIME_UNITS), own)
    return said / own


def fits_metric(quantity: Quantity, metric: Metric, tokens: Sequence[Token], lexicon: Lexicon) -> bool:
    """Return whether a quantity can be an effect on a metric."""
    if quantity.kind in (Kind.PERCENT, Kind.POINTS):
        return True
    if quantity.kind is Kind.FRACTION:
        return (
            tokens[quantity.start - 1].text in ("by", "least", "about", "roughly", "most") if quantity.start else False
        )
    if quantity.kind is Kind.TIME:
        if metric.unit == "days":
            near = {t.text for t in tokens[max(0, quantity.start - 2) : quantity.end + 2]}
            return quantity.sign != 0 or bool(near & {"by", "more", "extra", "additional", "fewer"})
        # "Dead in 5 days" is no effect on a load time.
        own = _TIME_UNITS.get(unit_of(metric))
        return own is not None and quantity.value <= max(1000 * own, _MINUTE_MS)
    if quantity.kind is Kind.NUMBER and unit_of(metric):
        here = [t for t in tokens if t.sentence == tokens[quantity.start].sentence]
        by = quantity.start > 0 and tokens[quantity.start - 1].text == "by" and not float(quantity.bare).is_integer()
        next_to = {t.stem for t in tokens[quantity.end : quantity.end + 2] if t.sentence == here[0].sentence}
        counted = next_to & set(lexicon.stems(unit_of(metric)))
        if (by or counted) and (lexicon.has("up", here) or lexicon.has("down", here)) and metric.type == "mean":
            return True  # "people scroll deeper, 0.3 shelves per visit"
        following = [
            t for t in tokens[quantity.end : quantity.end + 3] if t.sentence == tokens[quantity.start].sentence
        ]
        after = [t.stem for t in following]
        if quantity.sign and (not following or following[0].text in words_set("per a each . , ; ) on")):
            return True  # "active days: +0.1 per user": a signed number without a unit is in the metric's own
        timed = unit_of(metric) in _TIME_UNITS and any(t.text in _TIME_UNITS for t in following)
        return (timed or bool(set(lexicon.stems(unit_of(metric))) & set(after))) and (
            quantity.sign != 0
            or tokens[max(0, quantity.start - 1)].text in ("by", "least", "of")
            or "mor" in after
            or "few" in after
            or "more" in after
        )
    return False
