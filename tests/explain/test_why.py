import asyncio

from counterpoint.explain import sentence, why
from counterpoint.pages import serve_page
from pages.page_world import CATALOGUE, INDEX, FakeConfig, a_request, a_world

PAGE = asyncio.run(
    serve_page(a_request(), FakeConfig(experiments={"podcasts.shelf_position": ("podcasts-up", "up")}), a_world())
)


def test_a_card_is_explained_by_its_shelf_source_and_rank():
    card = next(shelf for shelf in PAGE.shelves if shelf.key == "charts").cards[0]
    answer = why(PAGE, card.item, INDEX)
    assert answer.fate == "shown"
    account = next(one for one in answer.accounts if one.fate == "shown")
    assert (account.shelf, account.source) == ("charts", "charts")
    assert sentence(answer).startswith(f"{card.item} is on charts: charts proposed it")


def test_every_shown_card_is_accounted_for_on_its_own_shelf():
    for shelf in PAGE.shelves:
        for card in shelf.cards:
            shown = [one.shelf for one in why(PAGE, card.item, INDEX).accounts if one.fate == "shown"]
            assert shown == [shelf.key]


def test_a_blocked_item_is_explained_by_the_rule():
    removed = [why(PAGE, item.id, INDEX) for item in CATALOGUE.items if item.artist == "Artist 9"]
    fetched = [answer for answer in removed if answer.accounts]
    assert fetched
    assert {account.removed_by for answer in fetched for account in answer.accounts} == {"blocked"}
    assert "blocked removed it." in sentence(fetched[0])


def test_all_reasons_are_kept_and_not_only_the_first():
    answers = [why(PAGE, item.id, INDEX) for item in CATALOGUE.items]
    most = max(len(account.judgements) for answer in answers for account in answer.accounts)
    assert most >= 2


def test_what_fell_below_the_cut_says_by_how_much():
    answers = [why(PAGE, item.id, INDEX) for item in INDEX.catalogue.by_kind["podcast"]]
    below = [answer for answer in answers if answer.fate == "below_cut"]
    assert below
    assert all(answer.accounts[0].short_by > 0 for answer in below)
    assert "below the last card" in sentence(below[0])


def test_what_no_source_proposed_was_never_fetched():
    fates = {why(PAGE, item.id, INDEX).fate for item in CATALOGUE.items}
    assert fates == {"shown", "removed", "below_cut", "never_fetched"}


def test_what_the_catalogue_does_not_have_is_unknown():
    answer = why(PAGE, "track:none", INDEX)
    assert answer.fate == "unknown_item"
    assert sentence(answer) == "track:none is not in the catalogue."


def test_parameters_of_experiments_come_first():
    answer = why(PAGE, CATALOGUE.items[0].id, INDEX)
    assert next(iter(answer.parameters)) == "podcasts.shelf_position"
