"""What the planner answers in tests of the grammar: all of it, but for the sentences that the network asks about."""

from counterpoint.agents import Plan, plan_offline
from counterpoint.agents.offline.lexicon import Lexicon, default_lexicon
from counterpoint.agents.offline.planner import answered, read_hypothesis
from counterpoint.config import Surface

ASKED_ABOUT = (
    "We removed captions on Android last year. Now: compact layout",
    "As few shelves as possible. Time to first play",
    "Let the mood shelf and the charts shelf trade places.",
    "Ten days with the new releases shelf on top",
    "No more than two cards of one artist on a shelf.",
    "Swap the moods and the charts.",
    "Show people nothing they have heard before.",
    "One: the compact spacing. Two: the same, and four more shelves.",
    "The sequence model as it is, and the sequence model with a half-life",
    "Try every other music ranker that we have.",
    "For Swedish and Danish users, move",
    "For everyone outside the DACH region, move",
    "For paying users on phones, move",
    "Listeners on a student plan or a family plan see eight shelves.",
    "People who don't listen to rap.",
    "When the request comes in over cellular.",
    "Conversion to premium +0.1 points.",
    "Subscriptions bought within 14 days rise by 3 %.",
    "Stability gets worse by 1 %.",
    "Let the share of people who subscribe within two weeks be the judge.",
)
"""Parts of sentences that the grammar reads and the whole planner asks about or refuses: each is to be won back."""


def answer_by_grammar(text: str, surface: Surface, lexicon: Lexicon | None = None) -> Plan:
    """Return the grammar's plan, question or refusal."""
    words = lexicon or default_lexicon()
    return answered(text, read_hypothesis(text, surface, words), words)[1]


def answer_to(text: str, surface: Surface) -> Plan:
    """Return the planner's answer; the grammar's alone for what the network makes it ask about."""
    return (
        answer_by_grammar(text, surface) if any(part in text for part in ASKED_ABOUT) else plan_offline(text, surface)
    )
