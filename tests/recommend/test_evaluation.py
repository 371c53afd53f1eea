"""Offline evaluation: no future is learnt from, repeats do not count, and a known best model wins."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from counterpoint.content import Item, build_catalogue
from counterpoint.errors import CannotCompute
from counterpoint.recommend import evaluate, play_log, split_log, train

LASTFM = Path(__file__).parents[2] / "../shared/data/noncommercial/lastfm_user_artists.parquet"


def test_a_split_by_time_learns_nothing_from_the_future(log):
    learnt, held_out = split_log(log, by="time", share=0.2, seed=1)
    assert learnt.at_s.max() <= held_out.at_s.min()
    assert len(learnt) + len(held_out) == len(log)
    assert len(held_out) / len(log) == pytest.approx(0.2, abs=0.01)


def test_a_random_split_is_the_same_for_the_same_seed_only(log):
    sizes = [split_log(log, by="random", share=0.2, seed=seed)[1].at_s for seed in (1, 1, 2)]
    assert np.array_equal(sizes[0], sizes[1]) and not np.array_equal(sizes[0], sizes[2])


def test_figures_of_a_case_worked_out_by_hand():
    items = [Item(id=f"track:{key}", kind="track", title=key) for key in "abcd"]
    catalogue = build_catalogue([*items, Item(id="podcast:1", kind="podcast", title="p")], version="v")
    # Popularity ranks a (3 listeners), b (2), c (1), d (1).
    plays = [("u1", "a"), ("u2", "a"), ("u3", "a"), ("u2", "b"), ("u3", "b"), ("u3", "c"), ("u4", "d")]
    future = [("u1", "c"), ("u1", "a"), ("u4", "a"), ("u4", "b"), ("u5", "a")]
    log = play_log([(u, f"track:{i}", 0.0, 1.0) for u, i in plays] + [(u, f"track:{i}", 9.0, 1.0) for u, i in future])
    learnt, held_out = split_log(log, by="time", share=len(future) / len(log), seed=1)
    result = evaluate(train("popularity", learnt, data="test", seed=1), catalogue, learnt, held_out, k=2)
    # u1 is offered b, c and wanted c (a is a repeat): recall 1, gain at place 2. u4 is offered a, b and wanted both.
    assert result.n_listeners == 2
    assert result.recall_at_k == 1.0
    assert result.ndcg_at_k == pytest.approx((1 / np.log2(3) + 1) / 2)
    assert result.coverage == pytest.approx(3 / 4)


def test_factorisation_foretells_two_tastes_better_than_popularity_does(catalogue, log):
    learnt, held_out = split_log(log, by="time", share=0.25, seed=1)
    results = {
        name: evaluate(train(name, learnt, data="test", seed=1), catalogue, learnt, held_out, k=10)
        for name in ("popularity", "als", "sequence")
    }
    assert results["als"].recall_at_k > 1.3 * results["popularity"].recall_at_k
    assert results["als"].coverage > results["popularity"].coverage
    assert all(0 <= result.ndcg_at_k <= 1 for result in results.values())


def test_nothing_held_out_is_refused(catalogue, log):
    learnt, _ = split_log(log, by="time", share=0.2, seed=1)
    with pytest.raises(CannotCompute):
        evaluate(train("popularity", learnt, data="test", seed=1), catalogue, learnt, learnt)


@pytest.mark.skipif(not LASTFM.exists(), reason="needs ../shared/data/noncommercial")
def test_on_real_listening_factorisation_beats_popularity():
    table = pq.read_table(LASTFM)
    user, artist, count = (table[name].to_numpy() for name in ("user_id", "artist_id", "play_count"))
    n_listeners = np.bincount(artist)
    chosen = (n_listeners[artist] >= 25) & (user % 3 == 0)  # enough for the claim, small enough for the fast suite
    log = play_log(
        (f"u{u}", f"artist:{a}", 0.0, float(n))
        for u, a, n in zip(user[chosen], artist[chosen], count[chosen], strict=True)
    )
    catalogue = build_catalogue([Item(id=item, kind="artist", title=item) for item in log.items], version="v")
    learnt, held_out = split_log(log, by="random", share=0.2, seed=1)
    recall = {
        name: evaluate(train(name, learnt, data="Last.fm", seed=1), catalogue, learnt, held_out).recall_at_k
        for name in ("popularity", "als", "sequence")
    }
    assert recall["als"] > 1.5 * recall["popularity"]
    assert recall["sequence"] > recall["popularity"]
