"""Every model: finite scores, a fallback without a past, and the one thing that each exists for."""

import numpy as np
import pytest

from counterpoint.content import Item, build_catalogue
from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.recommend import (
    MODEL_NAMES,
    NO_PAST,
    listener_state,
    load_model,
    mmr_order,
    play_log,
    train,
)

DAY = 86_400.0


def state(catalogue, *ids, ages_days=None, **facts):
    rows = catalogue.rows(ids)
    ages = np.array(ages_days if ages_days is not None else [0.0] * len(ids))
    return listener_state(rows, -ages * DAY, now_s=0.0, half_life_days=14.0, **facts)


def score_of(catalogue, model, past):
    return dict(zip((item.id for item in catalogue.items), model.score(past).tolist(), strict=True))


def mean(scores, taste):
    return np.mean([value for item, value in scores.items() if item.startswith(f"track:{taste}")])


@pytest.fixture(scope="module")
def models(catalogue, log):
    return {name: load_model(train(name, log, data="test", seed=1), catalogue) for name in MODEL_NAMES}


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_every_model_scores_every_row_with_a_finite_number(models, catalogue, name):
    for past in (NO_PAST, state(catalogue, "track:a1"), state(catalogue, "track:z", "podcast:1", ages_days=[0, 9e5])):
        scores = models[name].score(past)
        assert scores.shape == (len(catalogue),) and np.isfinite(scores).all()


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_scoring_never_changes_the_model(models, catalogue, name):
    first = models[name].score(NO_PAST).copy()
    models[name].score(state(catalogue, "track:a1", "track:a1", "track:b7"))
    assert np.array_equal(models[name].score(NO_PAST), first)


@pytest.mark.parametrize("name", sorted({*MODEL_NAMES} - {"als_diverse"}))  # which changes the order of anything
def test_without_a_past_the_order_is_that_of_popularity(models, catalogue, name):
    by_popularity = models["popularity"].score(NO_PAST)
    scores = models[name].score(NO_PAST)
    assert np.array_equal(np.argsort(-scores, kind="stable"), np.argsort(-by_popularity, kind="stable"))


@pytest.mark.parametrize("name", ["als", "als_diverse", "sequence"])
def test_learning_models_prefer_what_people_of_like_taste_play(models, catalogue, name):
    liking_a = score_of(catalogue, models[name], state(catalogue, "track:a1", "track:a2", "track:a3"))
    liking_b = score_of(catalogue, models[name], state(catalogue, "track:b1", "track:b2", "track:b3"))
    assert mean(liking_a, "a") > 2 * mean(liking_a, "b")
    assert mean(liking_b, "b") > 2 * mean(liking_b, "a")


def test_recent_plays_weigh_more_than_old_ones(models, catalogue):
    ids = ("track:a1", "track:a2", "track:b1", "track:b2")
    lately_a = score_of(catalogue, models["als"], state(catalogue, *ids, ages_days=[1, 1, 80, 80]))
    lately_b = score_of(catalogue, models["als"], state(catalogue, *ids, ages_days=[80, 80, 1, 1]))
    assert mean(lately_a, "a") - mean(lately_a, "b") > 0 > mean(lately_b, "a") - mean(lately_b, "b")


def test_an_item_that_nobody_has_played_yet_is_placed_by_its_embedding(models, catalogue):
    liking_a = score_of(catalogue, models["als"], state(catalogue, "track:a1", "track:a2", "track:a3"))
    liking_b = score_of(catalogue, models["als"], state(catalogue, "track:b1", "track:b2", "track:b3"))
    assert liking_a["track:c0"] > 0.3 * mean(liking_a, "a")
    assert liking_a["track:c0"] > 2 * liking_b["track:c0"]
    assert liking_a["track:z"] == 0.0


def test_what_is_followed_or_was_played_lately_comes_first(models, catalogue):
    scores = score_of(
        catalogue, models["follow_recency"], state(catalogue, "track:b3", ages_days=[2], follows={"podcast:1"})
    )
    assert sorted(scores, key=scores.__getitem__)[-2:] == ["track:b3", "podcast:1"]


def test_popularity_counts_listeners_and_not_plays(catalogue):
    log = play_log(
        [("u1", "track:a1", float(n), 1.0) for n in range(50)] + [(f"u{n}", "track:b1", 0.0, 1.0) for n in (1, 2)]
    )
    scores = score_of(catalogue, load_model(train("popularity", log, data="test", seed=1), catalogue), NO_PAST)
    assert scores["track:b1"] > scores["track:a1"] > scores["track:a29"] > scores["track:a28"]


def test_the_diverse_order_has_neighbours_less_alike_and_the_same_scores(models, catalogue):
    past = state(catalogue, "track:a1", "track:a2", "track:b3")
    plain, diverse = models["als"].score(past), models["als_diverse"].score(past)
    assert np.allclose(np.sort(plain), np.sort(diverse))

    def likeness(scores):
        first = catalogue.embeddings[np.argsort(-scores, kind="stable")[:10]]
        return (first @ first.T)[np.triu_indices(10, 1)].mean()

    assert likeness(diverse) < likeness(plain) - 0.05


def test_diversity_of_nothing_keeps_the_order_and_of_everything_ignores_relevance():
    embeddings = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
    scores = np.array([3.0, 2.0, 1.0])
    assert mmr_order(scores, embeddings, diversity_lambda=0.0, n=3).tolist() == [0, 1, 2]
    assert mmr_order(scores, embeddings, diversity_lambda=0.6, n=3).tolist() == [0, 2, 1]
    assert mmr_order(np.zeros(0), np.zeros((0, 2), dtype=np.float32), diversity_lambda=0.5, n=0).tolist() == []


def test_equal_training_gives_an_equal_version_and_other_training_another(log):
    for name in MODEL_NAMES:
        first, again = train(name, log, data="test", seed=1), train(name, log, data="test", seed=1)
        other = train(name, log.where(np.arange(len(log)) % 3 > 0), data="test", seed=1)
        assert first.version == again.version != other.version
        assert first.facts["n_plays"] == len(log) and first.facts["data"] == "test"


def test_a_model_survives_a_catalogue_that_lost_and_gained_items(catalogue, log):
    smaller = build_catalogue([*catalogue.items[:20], Item(id="track:new", kind="track", title="x")], version="w")
    for name in MODEL_NAMES:
        model = load_model(train(name, log, data="test", seed=1), smaller)
        scores = model.score(state(smaller, smaller.items[3].id))
        assert scores.shape == (21,) and np.isfinite(scores).all()


def test_a_log_that_determines_nothing_is_refused(log):
    empty = log.where(np.zeros(len(log), dtype=bool))
    one = play_log([("u1", "track:a1", 0.0, 1.0)])
    for name in MODEL_NAMES:
        with pytest.raises(CannotCompute):
            train(name, empty, data="test", seed=1)
    for name in ("als", "als_diverse", "sequence"):
        with pytest.raises(CannotCompute):
            train(name, one, data="test", seed=1)


def test_an_unknown_model_is_refused_with_the_names_of_those_there_are(log):
    with pytest.raises(InvalidInput, match="popularity, als") as caught:
        train("neural", log, data="test", seed=1)
    assert caught.value.code == "unknown_model"


def test_what_follows_at_once_counts_more_than_what_follows_later(catalogue):
    # b1 and b2 are played equally often and follow equally much; after a1 it is b1 that comes at once.
    sequences = (("track:a1", "track:b1", "track:b2"), ("track:a9", "track:b2", "track:b1"))
    log = play_log(
        [(f"u{n}", item, float(place), 1.0) for n in range(20) for place, item in enumerate(sequences[n % 2])]
    )
    model = load_model(train("sequence", log, data="test", seed=1), catalogue)
    after_a1, after_a9 = (score_of(catalogue, model, state(catalogue, item)) for item in ("track:a1", "track:a9"))
    assert after_a1["track:b1"] > 1.5 * after_a1["track:b2"] > 10 * after_a1["track:a2"]
    assert after_a9["track:b2"] > 1.5 * after_a9["track:b1"]
    assert after_a1["track:a9"] < 0.01  # nobody played the two together
