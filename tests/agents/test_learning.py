"""What is learned from labelled hypotheses: the same each time, of what a surface declares, and read before ours."""

import json

import pytest

from counterpoint.agents import learn_associations, load_lexicon
from counterpoint.agents.evaluation import Case
from counterpoint.agents.offline.associations import DIALS, METRICS, default_associations, load_associations
from counterpoint.config import Surface
from counterpoint.errors import InvalidInput

WORDS = {"podcasts.shelf_position": "the talk row climbs {}", "visual.card_size": "covers grow fat {}"}


def _cases(n: int) -> list[Case]:
    said = []
    for i in range(n):
        key = sorted(WORDS)[i % 2]
        value = "large" if key == "visual.card_size" else 2
        text = WORDS[key].format(f"again{'abcdefghij'[i % 10]}")
        expect = {"outcome": "plan", "arms": [{key: value}], "primary": "home_ctr"}
        said.append(Case(id=str(i), text=text, expect=expect))
    return said


def test_words_that_no_grammar_knows_are_learned_from_labels(home: Surface) -> None:
    learned = load_associations(learn_associations(_cases(24), home))
    tokens = load_lexicon().read("What if the talk row climbs?")
    assert learned.likely(DIALS, tokens, home.parameters)[0][0] == "podcasts.shelf_position"
    assert learned.likely(METRICS, tokens, home.metrics)[0][0] == "home_ctr"


def test_the_same_cases_give_the_same_text(home: Surface) -> None:
    assert learn_associations(_cases(20), home) == learn_associations(_cases(20), home)


def test_nothing_is_learned_from_too_few(home: Surface) -> None:
    with pytest.raises(InvalidInput, match="only 19 cases"):
        learn_associations(_cases(19), home)


def test_a_surface_owners_own_come_before_ours_and_ours_stay_for_the_rest(home: Surface) -> None:
    lexicon = load_lexicon(learned=[learn_associations(_cases(24), home)])
    unknown = lexicon.read("jump back in")
    assert lexicon.likely(DIALS, unknown, ["jump_back_in.max_items"]) != ()
    tokens = lexicon.read("the talk row climbs")
    assert lexicon.likely(DIALS, tokens, home.parameters)[0][0] == "podcasts.shelf_position"
    assert load_lexicon().likely(DIALS, tokens, home.parameters)[0] != lexicon.likely(DIALS, tokens, home.parameters)[0]


def test_nothing_is_suggested_on_a_surface_that_nothing_was_learned_of(search: Surface) -> None:
    lexicon = load_lexicon()
    assert lexicon.likely(DIALS, lexicon.read("bigger covers"), ["no.such_dial"]) == ()
    assert lexicon.likely(DIALS, lexicon.read("bigger covers"), set(search.parameters)) == ()


def test_a_text_without_a_known_word_suggests_nothing(home: Surface) -> None:
    assert default_associations().likely(DIALS, load_lexicon().read("zzyzx 12 %"), home.parameters) == ()


@pytest.mark.parametrize("text", ["", "[]", "{", json.dumps({"rarity": {}, "weights": [], "bias": {}}), "[" * 100_000])
def test_what_is_no_learned_file_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        load_associations(text)
    assert refused.value.code == "associations_unreadable"
