"""The shipped network: what it knows, what it says, and what it is never asked."""

import pytest

from counterpoint.agents.offline.lexicon import default_lexicon
from counterpoint.agents.offline.planner import read_hypothesis
from counterpoint.agents.offline.reader import Signals, default_network
from counterpoint.agents.offline.reader.judgement import (
    GrammarReading,
    audience_features,
    direction_features,
    metric_features,
    plan_features,
)
from counterpoint.agents.offline.reader.wordpieces import MAX_PIECES, encode, pieces_of
from counterpoint.config import Surface

VOCABULARY = {"[CLS]": 0, "[SEP]": 1, "[UNK]": 2, "short": 3, "##cut": 4, "##cuts": 5, "a": 6, "5": 7, "##0": 8}


def _listen(text: str, surface: Surface) -> Signals:
    reading = read_hypothesis(text, surface, default_lexicon()).text
    return default_network().listen([t.text for t in reading.tokens], reading.quantities)


def test_a_word_is_cut_into_the_longest_pieces_known() -> None:
    assert pieces_of("shortcuts", VOCABULARY) == [3, 5]
    assert pieces_of("50", VOCABULARY) == [7, 8]


def test_a_word_with_a_strange_letter_is_one_unknown_piece() -> None:
    assert pieces_of("shortß", VOCABULARY) == [2]


def test_every_word_has_the_place_of_its_first_piece() -> None:
    assert encode(["a", "shortcuts", "a"], VOCABULARY) == ([0, 6, 3, 5, 6, 1], [1, 2, 4, 5])


def test_a_long_text_is_cut() -> None:
    ids, first = encode(["a"] * 1000, VOCABULARY)
    assert len(ids) == MAX_PIECES
    assert max(first) < MAX_PIECES


def test_the_network_knows_the_reference_surface_and_no_other(home: Surface, search: Surface) -> None:
    assert default_network().knows(home)
    assert not default_network().knows(search)


def test_what_it_says_are_probabilities_and_the_same_each_time(home: Surface) -> None:
    text = "Ten shelves instead of twelve for free users in Brazil; skips fall by 2 %."
    heard = _listen(text, home)
    for shares in (heard.answer, heard.metric, heard.shapes, heard.n_arms):
        assert sum(shares.values()) == pytest.approx(1.0, abs=1e-4)
    assert all(0.0 <= share <= 1.0 for share in (*heard.dials.values(), *heard.values.values(), heard.increase))
    assert len(heard.quantities) == len(read_hypothesis(text, home, default_lexicon()).text.quantities)
    assert _listen(text, home) == heard


def test_it_hears_what_no_list_of_words_has(home: Surface) -> None:
    heard = _listen("Seven rows on the page are plenty. Fewer tracks get cut short before half a minute.", home)
    assert heard.likeliest_answer == "plan"
    assert heard.likeliest_metric == "skip_rate"
    assert heard.increase < 0.5
    assert max(heard.dials, key=lambda key: heard.dials[key]) == "layout.max_shelves"


def test_it_says_in_which_words(home: Surface) -> None:
    text = "The cards get bigger. Nothing else. People save more."
    tokens = read_hypothesis(text, home, default_lexicon()).text.tokens
    told = {tokens[i].text for i in _listen(text, home).told_by["visual.card_size"]}
    assert told & {"cards", "bigger"}


def test_nothing_said_is_still_an_answer(home: Surface) -> None:
    assert _listen("", home).quantities == ()


def test_the_weights_that_ship_are_as_many_as_the_features(home: Surface) -> None:
    heard, weights = _listen("Bigger cards raise CTR.", home), default_network().weights
    grammar = GrammarReading(
        arms=(),
        audience="true",
        attributes=frozenset(),
        primary="home_ctr",
        increases=True,
        plans=False,
        refuses=False,
        asks=frozenset(),
        troubled=False,
        n_words=4,
        explained=False,
        resolved=False,
        numbers=frozenset(),
        running=frozenset(),
        measured=frozenset(),
        named=False,
    )
    assert len(weights.plan) == len(plan_features(heard, grammar, ()))
    assert len(weights.metric) == len(metric_features("home_ctr", heard, grammar))
    assert len(weights.direction) == len(direction_features(True, "home_ctr", heard, grammar))
    assert len(weights.audience) == len(audience_features(heard, grammar))
