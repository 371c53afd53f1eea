"""Numbers as people write them."""

import pytest

from counterpoint.agents.offline.lexicon import default_lexicon
from counterpoint.agents.offline.quantities import Kind, find_quantities

DAY = 86_400_000.0


def _read(text: str) -> list[tuple[Kind, float]]:
    lexicon = default_lexicon()
    return [(q.kind, round(q.value, 6)) for q in find_quantities(lexicon.read(text), lexicon)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 %", [(Kind.PERCENT, 0.02)]),
        ("half a percent", [(Kind.PERCENT, 0.005)]),
        ("0.3 percentage points", [(Kind.POINTS, 0.003)]),
        ("2 pp", [(Kind.POINTS, 0.02)]),
        ("20 bps", [(Kind.POINTS, 0.002)]),
        ("a tenth of the traffic", [(Kind.FRACTION, 0.1)]),
        ("twenty-five cards", [(Kind.NUMBER, 25)]),
        ("1,000 cards", [(Kind.NUMBER, 1000)]),
        ("two and a half weeks", [(Kind.TIME, 17.5 * DAY)]),
        ("150ms", [(Kind.TIME, 150)]),
        ("a fortnight", [(Kind.TIME, 14 * DAY)]),
        ("half a second", [(Kind.TIME, 500)]),
        ("second place", [(Kind.ORDINAL, 2)]),
        ("the 3rd row", [(Kind.ORDINAL, 3)]),
        ("twice as many", [(Kind.FACTOR, 2)]),
        ("three times as long", [(Kind.FACTOR, 3)]),
        ("halve it", [(Kind.FACTOR, 0.5)]),
        ("5, 10 and 15 %", [(Kind.PERCENT, 0.05), (Kind.PERCENT, 0.1), (Kind.PERCENT, 0.15)]),
        ("two weeks or six", [(Kind.TIME, 14 * DAY), (Kind.TIME, 42 * DAY)]),
        ("five minutes instead of one", [(Kind.TIME, 300_000), (Kind.TIME, 60_000)]),
        ("nine tenths of it all", [(Kind.FRACTION, 0.9)]),
        ("one slot in twenty-five", [(Kind.FRACTION, 0.04)]),
        ("one card out of every twenty", [(Kind.FRACTION, 0.05)]),
        ("one shelf in two weeks", [(Kind.NUMBER, 1), (Kind.TIME, 14 * DAY)]),
        ("a minute and a half", [(Kind.TIME, 90_000)]),
        ("half a dozen cards", [(Kind.NUMBER, 6)]),
        ("a hundred and twenty ms", [(Kind.TIME, 120)]),
        ("up a notch", [(Kind.NUMBER, 1)]),
        ("nothing is counted here", []),
    ],
)
def test_a_quantity_has_its_kind_and_value(text: str, expected: list[tuple[Kind, float]]) -> None:
    assert _read(text) == expected


def test_signs_are_kept() -> None:
    lexicon = default_lexicon()
    signs = [q.sign for q in find_quantities(lexicon.read("+3 % here, -15 % there, 2 % elsewhere"), lexicon)]
    assert signs == [1, -1, 0]
