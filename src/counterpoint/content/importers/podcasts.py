"""A table of podcasts in the form of a curated list: title, categories, free-text description and running time."""

import re

from counterpoint.content.importers import parsing
from counterpoint.content.importers.parsing import RowRefused
from counterpoint.content.importers.reading import Row
from counterpoint.content.item import Item

PODCAST_COLUMNS = frozenset({"podcast_id", "title", "category", "description"})

_REGULARLY = re.compile(r"(?:regularly|~|about)\s*~?\s*(\d{1,3})\s*(h|m)", re.IGNORECASE)
_RANGE = re.compile(r"(\d{1,3})\s*(?:-|to)\s*(\d{1,3})\s*(h|m)", re.IGNORECASE)
_ONE = re.compile(r"(\d{1,3})\s*(h|m)", re.IGNORECASE)


def parse_podcast(row: Row, listed: set[tuple[str, str]]) -> Item:
    """Return the podcast of one row, without popularity (the list has no listening) and without embedding.

    Args:
        row: One row of the table.
        listed: Titles and addresses already seen, added to; curated lists name a podcast once per category.
    """
    values = row.values
    listing = parsing.required_text(values, "title").casefold(), parsing.text(values, "url")
    if listing in listed:
        raise RowRefused("listed_twice", f"{parsing.text(values, 'title')!r} stands in the list under another category")
    listed.add(listing)
    category, subcategory = parsing.text(values, "category"), parsing.text(values, "subcategory")
    host, frequency = parsing.text(values, "host"), parsing.text(values, "frequency")
    return Item(
        id=f"podcast:{parsing.key(values, 'podcast_id')}",
        kind="podcast",
        title=parsing.required_text(values, "title"),
        subtitle=" · ".join(part for part in (category, frequency) if part),
        artist=host or None,
        genres=tuple(part for part in (subcategory, category) if part),
        duration_s=typical_duration_s(parsing.text(values, "runtime")),
        description=parsing.text(values, "description"),
    )


def typical_duration_s(runtime: str) -> float | None:
    """Return the length of a typical episode in seconds; None when the words name none.

    Examples:
        >>> typical_duration_s("30 - 60 mins, regularly ~45 mins")
        2700.0
        >>> typical_duration_s("20 - 40 min")
        1800.0
        >>> typical_duration_s("various") is None
        True
    """
    if found := _REGULARLY.search(runtime):
        return _seconds(float(found[1]), found[2])
    if found := _RANGE.search(runtime):
        return _seconds((float(found[1]) + float(found[2])) / 2, found[3])
    if found := _ONE.search(runtime):
        return _seconds(float(found[1]), found[2])
    return None


def _seconds(amount: float, unit: str) -> float | None:
    return amount * (3600.0 if unit.lower() == "h" else 60.0) or None
