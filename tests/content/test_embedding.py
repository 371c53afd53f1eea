"""Where items stand: likeness must follow sound, genre and words."""

import math

import numpy as np
import pytest

from counterpoint.content import AUDIO_FEATURES, music_embedding, talk_embeddings

QUIET = dict.fromkeys(AUDIO_FEATURES, 0.1) | {"tempo": 70.0, "acousticness": 0.95}
LOUD = dict.fromkeys(AUDIO_FEATURES, 0.9) | {"tempo": 170.0, "acousticness": 0.01}


def likeness(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True)) / (math.hypot(*a) * math.hypot(*b))


def test_tracks_that_sound_alike_and_share_genres_stand_closer():
    quiet = music_embedding(("Folk",), QUIET)
    assert likeness(quiet, music_embedding(("Folk",), QUIET | {"tempo": 75.0})) > 0.95
    assert likeness(quiet, music_embedding(("Folk",), LOUD)) < 0.7
    assert likeness(quiet, music_embedding(("Metal",), LOUD)) < likeness(quiet, music_embedding(("Folk",), LOUD))


def test_an_item_of_which_nothing_is_known_stands_nowhere():
    assert music_embedding((), None) == ()
    assert music_embedding(("Rock",), None) != ()


def test_one_odd_value_cannot_outweigh_all_else():
    assert max(map(abs, music_embedding(("Rock",), QUIET | {"tempo": 10_000.0}))) <= 3 / math.sqrt(8) + 1e-5


def test_podcasts_with_like_words_stand_closer():
    python, flask, horses = talk_embeddings(
        [
            "Python programming language libraries and typing in Python",
            "Web programming with Flask, a Python library",
            "Racing horses, stables and saddles",
        ]
    )
    assert likeness(python, flask) > likeness(python, horses) + 0.1


@pytest.mark.parametrize("texts", [[], [""], ["the and of"], ["one word", "one word"]])
def test_texts_that_nothing_distinguishes_give_no_numbers_rather_than_noise(texts):
    assert talk_embeddings(texts) == [()] * len(texts)


def test_equal_texts_give_equal_numbers():
    texts = ["kubernetes and clouds", "security of clouds", "javascript"]
    assert talk_embeddings(texts) == talk_embeddings(list(texts))


def test_few_texts_and_many_stand_in_spaces_of_one_size():
    few = ["kubernetes clouds", "security", "javascript"]
    many = [f"word{n} word{n * n} kubernetes" for n in range(600)]
    assert {len(vector) for vector in talk_embeddings(few)} == {16}
    assert {len(vector) for vector in talk_embeddings(many)} - {0} == {16}


def test_the_axes_found_from_few_texts_are_those_found_from_words():
    texts = [f"{a} {b} {c}" for a in ("python", "rust", "go") for b in ("cloud", "web") for c in ("test", "ops", "ai")]
    plain = talk_embeddings(texts)
    # Texts without a word change no axis, but there are now more texts than words: the other matrix is decomposed.
    padded = talk_embeddings([*texts, *[""] * 600])[: len(texts)]
    gram, other = (np.array(vectors) @ np.array(vectors).T for vectors in (plain, padded))
    assert np.allclose(gram, other, atol=0.15)
