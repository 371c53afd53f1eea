import asyncio
from dataclasses import replace

import numpy as np
import pytest

from counterpoint.content import Viewer, unavailability
from counterpoint.pages import HOME, Inputs, judgements, serve_page, tally
from counterpoint.pages.home.policy import POLICY
from counterpoint.pages.visit import Visit
from pages.page_world import ADULT, BASELINE, CATALOGUE, INDEX, NOW, Broken, FakeConfig, a_request, a_world

ROWS = np.arange(len(CATALOGUE))
OF_CONTENT = [rule for rule in POLICY if rule.key != "blocked"]


def a_visit(context, values=None):
    return Visit(
        request=a_request("nobody", context=context),
        config=FakeConfig(values),
        inputs=Inputs(),
        index=INDEX,
        rankers={},
    )


def removed(visit, rules):
    gone = np.zeros(len(ROWS), dtype=bool)
    for rule in rules:
        codes = rule.judge(visit, ROWS)
        if codes is not None:
            gone |= codes != 0
    return gone


@pytest.mark.parametrize("hide", [True, False])
@pytest.mark.parametrize("market", ["SE", "DE", None])
@pytest.mark.parametrize("plan", ["free", "premium"])
def test_rules_on_columns_remove_exactly_what_content_says_is_unavailable(hide, market, plan):
    context = {"plan": plan, "age_band": "25-34"} | ({} if market is None else {"country": market})
    viewer = Viewer(now=NOW, market=market, tier=plan, hide_explicit=hide, takedowns={"track:00011"})
    expected = [bool(unavailability(item, viewer)) for item in CATALOGUE.items]
    assert removed(a_visit(context, {"filtering.hide_explicit": hide}), OF_CONTENT).tolist() == expected


def test_a_minor_sees_neither_explicit_items_nor_items_that_nobody_has_judged():
    gone = removed(a_visit({"country": "SE", "plan": "premium", "age_band": "13-17"}), POLICY)
    assert all(item.explicit is False for item, is_gone in zip(CATALOGUE.items, gone, strict=True) if not is_gone)


def test_a_listener_of_unknown_age_sees_nothing_known_to_be_explicit():
    gone = removed(a_visit({"country": "SE", "plan": "premium"}), POLICY)
    assert not any(item.explicit for item, is_gone in zip(CATALOGUE.items, gone, strict=True) if not is_gone)


def test_a_request_without_a_market_sees_only_what_may_be_shown_everywhere():
    gone = removed(a_visit({"plan": "premium", "age_band": "25-34"}), POLICY)
    assert not any(item.markets for item, is_gone in zip(CATALOGUE.items, gone, strict=True) if not is_gone)


def test_an_unknown_fact_is_named_as_the_reason():
    page = asyncio.run(serve_page(a_request(context={**ADULT, "age_band": "13-17"}), FakeConfig(), a_world()))
    reasons = {
        judgement.reason
        for place in range(len(page.trace.rows))
        for judgement in judgements(page.trace, place)
        if judgement.rule == "age"
    }
    assert reasons == {"dropped", "unknown_fact"}


def test_a_policy_rule_that_fails_drops_its_candidates_and_never_the_page():
    class FailsOnPodcasts:
        key = "odd"

        def judge(self, visit, rows):
            if any(visit.index.items[row].kind == "podcast" for row in rows):
                raise OSError("down")

    page = asyncio.run(
        serve_page(a_request(), FakeConfig(), a_world(), replace(HOME, policy=(*POLICY, FailsOnPodcasts())))
    )
    kinds = {card.kind for shelf in page.shelves for card in shelf.cards}
    assert kinds == {"track"}
    assert "policy_failed:odd:OSError" in page.reasons


def test_a_taste_rule_that_fails_keeps_its_candidates():
    broken = tuple(replace(shelf, taste=(Broken(key="odd"),)) for shelf in HOME.shelves)
    page = asyncio.run(serve_page(a_request(), FakeConfig(), a_world(), replace(HOME, shelves=broken)))
    assert "taste_failed:odd:OSError" in page.reasons
    assert not any("odd" in counts for counts in tally(page.trace).values())


def test_blocked_items_and_artists_are_never_shown():
    page = asyncio.run(serve_page(a_request(), FakeConfig({"layout.max_shelves": 24}), a_world()))
    shown = {card.item for shelf in page.shelves for card in shelf.cards}
    artists = {CATALOGUE.item(item).artist for item in shown}
    assert "track:00042" not in shown
    assert "Artist 9" not in artists
    assert BASELINE["layout.max_shelves"] < 24
