"""Audiences by a number: what bounds it, what takes it out again, and what it counts instead of users."""

import pytest

from counterpoint.agents.equivalence import same_audience
from counterpoint.agents.offline.audience import read_audience
from counterpoint.agents.offline.expressions import read_quantities
from counterpoint.agents.offline.gazetteer import build_gazetteer, spelled_out
from counterpoint.agents.offline.lexicon import default_lexicon
from counterpoint.config import Surface

READ = [
    # the more exact of two spans of time counts, wherever it restates the other
    ("Listeners with more than a year and a half with us (say 540 days).", "tenure_days > 540"),
    ("Two months in or longer (60+ days).", "tenure_days >= 60"),
    ("Anyone who arrived in the last five weeks.", "tenure_days <= 35"),
    ("Forty-day-old accounts and older.", "tenure_days >= 40"),
    ("Newcomers, up to and including day 12.", "tenure_days <= 12"),
    ("Anybody past their ninetieth day.", "tenure_days > 90"),
    ("Under-30-day accounts.", "tenure_days < 30"),
    ("Accounts over three years old.", "tenure_days > 1095"),
    ("For tenures under 50 days.", "tenure_days < 50"),
    ("Skip anybody within their first 20 days.", "tenure_days >= 20"),
    # what ages is a thing, or what is measured
    ("Count anything up to 40 days old, and people will save more.", "true"),
    ("Singles, but only while they've been around for less than two weeks.", "true"),
    ("Premium sign-ups within 14 days, plus 2 %.", "true"),
    # counts of visits
    ("Users with >= 9 sessions in 28d.", "sessions_28d >= 9"),
    ("Those with under six sessions in 28 days: leave them out.", "sessions_28d >= 6"),
    ("Those who've been in the app fewer than seven times in four weeks.", "sessions_28d < 7"),
    ("Ten to thirty sessions, ends included.", "sessions_28d >= 10 && sessions_28d <= 30"),
    ("Nobody with fewer than 70 days on the service should see it.", "tenure_days >= 70"),
    ("From day 9 onwards, that is for day 9 onwards.", "tenure_days >= 9"),
    ("Days 0 to 4 of an account.", "tenure_days <= 4"),
    ("Heavy users (35+ sessions in 28 days).", "sessions_28d >= 35"),
    ("Those whose sessions in 28 days number between 4 and 11.", "sessions_28d >= 4 && sessions_28d <= 11"),
    # versions
    ("Clients that are on at least 5.4.", 'app_version >= "5.4.0"'),
    ("Just v7+ please.", 'app_version >= "7.0.0"'),
    ("Everyone not yet on 4.5.", 'app_version < "4.5.0"'),
    ("Builds 3.3 through 3.9.", 'app_version >= "3.3.0" && app_version <= "3.9.0"'),
    ("Since version 6 they look odd.", "true"),
    ("The app's on 4.2.0 or older for some, so leave those out.", 'app_version > "4.2.0"'),
    ("Version 5.5 up to but excluding 7.0.", 'app_version >= "5.5.0" && app_version < "7.0.0"'),
    ("Desktop app from 2.1.0 on.", 'platform == "desktop" && app_version >= "2.1.0"'),
    # hours
    ("For hours 19, 20 and 21.", "hour_of_day >= 19 && hour_of_day <= 21"),
    ("During the 5 o'clock and 6 o'clock hours.", "hour_of_day >= 5 && hour_of_day <= 6"),
    ("At any hour but 1 to 4.", "!(hour_of_day >= 1 && hour_of_day < 4)"),
    ("Commute 6 to 8.", "hour_of_day >= 6 && hour_of_day < 8"),
    ("Lunchtime (11 to 13 incl.).", "hour_of_day >= 11 && hour_of_day <= 13"),
    ("In the morning, by which I mean hours 5 through 9.", "hour_of_day >= 5 && hour_of_day <= 9"),
    ("From eight o'clock till four (hours 8 up to and including 15).", "hour_of_day >= 8 && hour_of_day <= 15"),
    ("Late at night, from midnight to four (hours 0 to 3).", "hour_of_day < 4"),
    ("Not between 1 and 5 at night.", "!(hour_of_day >= 1 && hour_of_day < 5)"),
    ("Before five in the morning and after ten at night.", "hour_of_day < 5 || hour_of_day >= 22"),
    ("In the last hour before noon.", "hour_of_day == 11"),
    ("Up to and including the hour that starts at 13:00.", "hour_of_day <= 13"),
    ("Before 9 in the morning we want quiet, so from 9 o'clock.", "hour_of_day >= 9"),
]


@pytest.mark.parametrize(("text", "audience"), READ)
def test_a_number_bounds_the_users_it_counts_and_no_others(text: str, audience: str, home: Surface) -> None:
    lexicon = default_lexicon()
    tokens = lexicon.read(spelled_out(text, lexicon))
    reading = read_audience(tokens, read_quantities(tokens, lexicon), home, lexicon, build_gazetteer(home, lexicon))
    assert same_audience(home, reading.expression(home), audience), (reading.expression(home), reading.troubles)
