"""A catalogue of two tastes and a log of listeners who each have one, with a little noise."""

import numpy as np
import pytest

from counterpoint.content import Item, build_catalogue
from counterpoint.recommend import play_log

N_PER_TASTE = 30


@pytest.fixture(scope="session")
def catalogue():
    """Tracks a0..a29 and b0..b29, each taste embedded around an axis; c0 is like the a's, z has no embedding."""
    rng = np.random.default_rng(3)
    items = []
    for taste, axis in (("a", 0), ("b", 1)):
        for key in range(N_PER_TASTE):
            vector = 0.3 * rng.normal(size=4)
            vector[axis] += 1.0
            items.append(
                Item(
                    id=f"track:{taste}{key}",
                    kind="track",
                    title=f"{taste}{key}",
                    popularity=float(key * 100 / N_PER_TASTE),
                    embedding=tuple(vector.tolist()),
                    space="s",
                )
            )
    items.append(Item(id="track:c0", kind="track", title="new", embedding=(1.0, 0.0, 0.0, 0.0), space="s"))
    items.append(Item(id="track:z", kind="track", title="nowhere"))
    items.append(Item(id="podcast:1", kind="podcast", title="Talk"))
    return build_catalogue(items, version="v")


@pytest.fixture(scope="session")
def log():
    rng = np.random.default_rng(4)
    plays = []
    for n in range(80):
        own, other = ("a", "b") if n % 2 else ("b", "a")
        for place in range(15):
            taste = own if rng.random() < 0.9 else other
            key = int(rng.integers(N_PER_TASTE))
            plays.append((f"u{n}", f"track:{taste}{key}", 1e6 + 3600.0 * (place * 80 + n), 3.0))
    return play_log(plays)
