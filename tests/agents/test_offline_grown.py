"""A surface that has grown since the reader was taught: the rest is read as before, and what is new is never denied."""

from pathlib import Path

from counterpoint.agents import Outcome, RejectReason, evaluate, load_cases, plan_offline
from counterpoint.config import Surface

DATA = Path(__file__).parent / "data"
NEVER_TAUGHT = ("thirtieth", "thirtyfirst", "thirtysecond", "thirtythird")
ABOUT_THE_BADGE = (
    "A little flag on fresh items. CTR +1 %.",
    "Mark what is new with a dot for premium users; saves +2 %.",
    'Put a "new" label on anything from this week. Streams from Home up 1 %.',
    "Tag the newest things so that people notice them. New artists +3 %.",
    "Show a small ribbon on recent albums. CTR +1 %.",
    "A star in the corner of what came out lately lifts saves by 2 %.",
    "Highlight novelties on their covers; session minutes should rise.",
    "Flag the latest items. Skip rate -1 %.",
    "Tell people at a glance what is fresh: a mark on the card. CTR +2 %.",
    "Emblems for new stuff, on Android only; hides fall by 3 %.",
    "Fresh items carry a green dot. Days active +1 %.",
    "A small sign on the cards of new things. Podcast minutes +1 %.",
    "Pin a marker to everything new. CTR +1 %, two weeks.",
    "Label new cards as new for listeners in Sweden. Saves +2 %.",
    "Decorate recent items, CTR should go up.",
    "Stamp new releases with NEW. Playlist adds +2 %.",
    "What is new should look new: an icon on it. CTR +1 %.",
    "Little tags on new cards; retention +0.5 points.",
    "Could a coloured corner on new items help? Scroll depth +2 %.",
    "Turn on the new marker. Home CTR +1 %.",
)
"""Sentences about the new parameter in none of its declared words."""


def test_a_parameter_more_leaves_what_is_said_of_the_others_as_it_was(grown: Surface) -> None:
    runs = []
    for name in NEVER_TAUGHT:
        source = DATA / f"fresh_home_{name}.yaml"
        runs.append(evaluate(load_cases(source.read_text("utf-8"), source.name), grown, plan_offline))
    assert sum(run.core for run in runs) / len(runs) >= 0.83
    assert sum(run.n_wrong_accepts for run in runs) <= 5


def test_what_is_said_of_the_new_one_in_other_words_is_asked_about_and_not_denied(grown: Surface) -> None:
    plans = [plan_offline(text, grown) for text in ABOUT_THE_BADGE]
    assert sum(plan.outcome is Outcome.PLAN for plan in plans) <= 1
    assert not any(plan.reason is RejectReason.UNKNOWN_PARAMETER for plan in plans)
