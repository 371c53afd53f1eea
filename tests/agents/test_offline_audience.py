"""The grammar of audiences: each mechanism that names users, and the outcomes it leaves alone."""

import pytest

from counterpoint.agents.equivalence import same_audience
from counterpoint.agents.offline.audience import read_audience
from counterpoint.agents.offline.expressions import read_quantities
from counterpoint.agents.offline.gazetteer import build_gazetteer, spelled_out
from counterpoint.agents.offline.lexicon import default_lexicon
from counterpoint.config import Surface

NAMED = [
    ("Only accounts that are at least 90 days old.", "tenure_days >= 90"),
    ("Newcomers, 21 days at most.", "tenure_days <= 21"),
    ("Users a month old or younger.", "tenure_days <= 30"),
    ("The old guard (three years and above).", "tenure_days >= 1095"),
    ("Listeners past their second year, more than 730 days.", "tenure_days > 730"),
    ("Those who joined between 10 and 40 days ago.", "tenure_days >= 10 && tenure_days <= 40"),
    ("Skip anyone younger than two weeks.", "tenure_days >= 14"),
    ("For accounts created during the past 60 days.", "tenure_days <= 60"),
    ("Nobody below seven sessions in the past 28 days.", "sessions_28d >= 7"),
    ("Users with at least nine visits in four weeks.", "sessions_28d >= 9"),
    ("Listeners on their fifth session or more in 28 days.", "sessions_28d >= 5"),
    ("Folks that never put on an episode.", "!listens_podcasts"),
    ("For anyone who's heard a talk show in the last 28 days.", "listens_podcasts"),
    ("Listeners who leave podcasts alone.", "!listens_podcasts"),
    ("For people with a habit of talk shows.", "listens_podcasts"),
    ("At 6 and 7 o'clock in the morning.", "hour_of_day >= 6 && hour_of_day <= 7"),
    ("Office hours, from nine until five.", "hour_of_day >= 9 && hour_of_day < 17"),
    ("Evenings, 19 to 21 inclusive.", "hour_of_day >= 19 && hour_of_day <= 21"),
    ("Mornings, from five to before eight.", "hour_of_day >= 5 && hour_of_day < 8"),
    ("Versions 7.1 up to but not including 8.", 'app_version >= "7.1.0" && app_version < "8.0.0"'),
    ("Our 6.x clients.", 'app_version >= "6.0.0" && app_version < "7.0.0"'),
    ("Builds before 5.2 need not apply.", 'app_version >= "5.2.0"'),
    ("Android phones only.", 'platform == "android"'),
    ("For phones running Android.", 'platform == "android"'),
    ("Through the browser.", 'platform == "web"'),
    ("On computers.", 'platform in ["desktop", "web"]'),
    ("Slovaks and New Zealanders.", 'country in ["SK", "NZ"]'),
    ("Nobody outside Portugal.", 'country == "PT"'),
    ("Everybody save the French.", 'country != "FR"'),
    ("Speakers of Danish.", 'locale.startsWith("da")'),
    ("Clients set to pt-BR.", 'locale == "pt-BR"'),
    ("Nobody on the free tier.", 'plan != "free"'),
    ("Listeners who never pay us a penny.", 'plan == "free"'),
    ("For each student.", 'plan == "student"'),
    ("For EDM folk.", 'top_genre == "edm"'),
    ("For those who aren't rap people.", 'top_genre != "rap"'),
    ("Everywhere but on the phone network.", 'network != "cellular"'),
]
EVERYONE = [
    "More people are still with us after 30 days.",
    "It will be measured by the share of people who play an episode.",
    "The people who play a show at all: plus one point.",
    "Nobody in the room needs it, and all hands are free.",
    "Show what artists who you follow play.",
    "A search team moved its limit from 18 to 30 in June.",
    "We want more paying customers.",
    "It is about upgrades to a paid tier.",
]


def _read(text: str, surface: Surface) -> str:
    lexicon = default_lexicon()
    tokens = lexicon.read(spelled_out(f"Larger covers. {text} CTR +2 %.", lexicon))
    gazetteer = build_gazetteer(surface, lexicon)
    return read_audience(tokens, read_quantities(tokens, lexicon), surface, lexicon, gazetteer).expression(surface)


@pytest.mark.parametrize(("said", "meant"), NAMED)
def test_users_are_selected_by_every_mechanism_that_names_them(home: Surface, said: str, meant: str) -> None:
    audience = _read(said, home)
    assert same_audience(home, audience, meant), audience


@pytest.mark.parametrize("said", EVERYONE)
def test_words_about_an_outcome_select_nobody(home: Surface, said: str) -> None:
    assert _read(said, home) == "true"
