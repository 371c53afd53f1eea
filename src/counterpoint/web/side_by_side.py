"""What differs between two pages of one listener: values read, and shelves moved, come, gone or filled otherwise."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from counterpoint.web.numbers import value
from counterpoint.web.ports import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One value or one shelf that is not the same on both pages.

    Attributes:
        shelf: Key of the shelf; empty for a value.
        mark: A word or two for a badge on the shelf.
        text: The sentence.
    """

    shelf: str
    mark: str
    text: str


def differences(left: Document, right: Document) -> tuple[Difference, ...]:
    """Return what the right page has otherwise than the left one: values read, shelves from the top, what is gone."""
    before = {shelf["key"]: shelf for shelf in left["shelves"]}
    found = list(_values(left.get("config", {}), right.get("config", {})))
    order = _relative_order(left, right)
    for shelf in right["shelves"]:
        old = before.pop(shelf["key"], None)
        difference = _difference(old, shelf, moved=shelf["key"] in order)
        if difference is not None:
            found.append(difference)
    for key, shelf in before.items():
        found.append(Difference(shelf=key, mark="gone", text=f"{shelf['title']} is not on the right page"))
    return tuple(found)


def _values(left: Mapping[str, Document], right: Mapping[str, Document]) -> Iterator[Difference]:
    for key in sorted(left.keys() & right.keys()):
        before, after = left[key]["value"], right[key]["value"]
        if before != after:
            yield Difference(shelf="", mark="", text=f"{key} is {value(after)} in place of {value(before)}")


def _difference(old: Document | None, new: Document, *, moved: bool) -> Difference | None:
    key, title = new["key"], new["title"]
    if old is None:
        return Difference(shelf=key, mark="new", text=f"{title} is on the right page only, in place {new['position']}")
    if moved:
        mark = f"{old['position']} → {new['position']}"
        return Difference(shelf=key, mark=mark, text=f"{title} moves from place {old['position']} to {new['position']}")
    items, others = _items(old), _items(new)
    if items == others:
        return None
    come = len(set(others) - set(items))
    text = f"{come} of {len(others)} cards are others" if come else "the same cards stand in another order"
    return Difference(shelf=key, mark="other cards" if come else "other order", text=f"{title}: {text}")


def _relative_order(left: Document, right: Document) -> set[str]:
    """Return the fewest shelves whose moving explains the new order; the others merely make room."""
    places: Mapping[str, int] = {shelf["key"]: n for n, shelf in enumerate(left["shelves"])}
    keys = [shelf["key"] for shelf in right["shelves"] if shelf["key"] in places]
    stays: list[list[str]] = []  # longest run in old order that ends at each key
    for n, key in enumerate(keys):
        runs = [stays[m] for m in range(n) if places[keys[m]] < places[key]]
        stays.append([*_longest(runs), key])
    return set(keys) - set(_longest(stays))


def _longest(runs: list[list[str]]) -> list[str]:
    return max(runs, key=lambda run: len(run)) if runs else []  # noqa: PLW0108 - `len` alone does not type-check


def _items(shelf: Document) -> list[str]:
    return [card["item"] for card in shelf["cards"]]
