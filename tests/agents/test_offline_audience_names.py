"""Names of users in their surroundings: who is only told of, what belongs to a device, what a list defines."""

import pytest

from counterpoint.agents.equivalence import same_audience
from counterpoint.agents.offline.audience import read_audience
from counterpoint.agents.offline.expressions import read_quantities
from counterpoint.agents.offline.gazetteer import build_gazetteer, spelled_out
from counterpoint.agents.offline.lexicon import default_lexicon
from counterpoint.config import Surface

READ = [
    # somebody who is told of is nobody's audience
    ("The Dutch office wants fewer rows.", "true"),
    ("A Windows designer thinks so; for students.", 'plan == "student"'),
    ("We had complaints from family accounts. For the Irish.", 'country == "IE"'),
    ("Our founder, a family subscriber, hates it.", "true"),
    ("According to a student in the comments it is ugly.", "true"),
    ("In Norway they had it in 2021 already.", "true"),
    ("Covers like those in the desktop app.", "true"),
    ("More listeners become family subscribers.", "true"),
    # what belongs to a device, and what costs nothing, names nobody
    ("Trust the computer's taste, on cellular.", 'network == "cellular"'),
    ("Where the phone is set to Danish.", 'locale.startsWith("da")'),
    ("The rest comes along for free.", "true"),
    # a list behind a group says which of it
    ("Benelux, that is Belgium and Luxembourg.", 'country in ["BE", "LU"]'),
    ("Outside the big two (Spain, Italy).", '!(country in ["ES", "IT"])'),
    ("Not for people on computers (desktop app, web).", '!(platform in ["desktop", "web"])'),
    # what is taken back is not meant
    ("Only on cellular. Nah, only on wifi.", 'network == "wifi"'),
    # names that stand for their users
    ("Web and desktop could do with fewer rows.", 'platform in ["web", "desktop"]'),
    ("The student lot skips a lot.", 'plan == "student"'),
    ("12 % of family.", 'plan == "family"'),
    ("Listeners on a student or a premium subscription.", 'plan in ["student", "premium"]'),
    ("Anyone on a phone.", 'platform in ["ios", "android"]'),
    ("Neither desktop nor web.", '!(platform in ["desktop", "web"])'),
    ("If the plan isn't student.", 'plan != "student"'),
    ("Wifi off, four cards.", 'network != "wifi"'),
    ("Premium in Spain.", 'plan == "premium" && country == "ES"'),
    ("We leave Finland alone.", 'country != "FI"'),
    ("Hands off Peru.", 'country != "PE"'),
    ("It would please students.", 'plan == "student"'),
    ("A third of the families.", 'plan == "family"'),
    ("People whose plan is free.", 'plan == "free"'),
    ("The web is where we try it.", 'platform == "web"'),
    ("People not using Danish.", '!locale.startsWith("da")'),
    # either part is enough
    ("Those who listen to podcasts or have been with us for under 20 days.", "listens_podcasts || tenure_days < 20"),
    ("Version 9 and newer, plus anyone on the web.", 'app_version >= "9.0.0" || platform == "web"'),
    (
        "Student in Spain or family in Chile.",
        '(plan == "student" && country == "ES") || (plan == "family" && country == "CL")',
    ),
    ("Free in Spain and Chile.", 'plan == "free" && country in ["ES", "CL"]'),
    # yes or no, said of users in other words
    ("Listeners w/ a podcast habit.", "listens_podcasts"),
    ("Where users already listen to episodes.", "listens_podcasts"),
    ("Everybody without a podcast habit is excluded.", "listens_podcasts"),
    ("Nobody with a podcast habit.", "!listens_podcasts"),
    ("Music people (no episode heard in 28 days).", "!listens_podcasts"),
    ("Podcasts up, as long as the listener has played one lately.", "listens_podcasts"),
    # languages by what stands behind their list, and by their codes
    ("Danish and Finnish clients.", 'locale.startsWith("da") || locale.startsWith("fi")'),
    ("The ko locale.", 'locale.startsWith("ko")'),
    ("Iberian-language clients (es, pt).", 'locale.startsWith("es") || locale.startsWith("pt")'),
    ("That would get the Belgians and the Dutch playing.", 'country in ["BE", "NL"]'),
]


@pytest.mark.parametrize(("text", "audience"), READ)
def test_a_name_is_read_as_its_surroundings_say(text: str, audience: str, home: Surface) -> None:
    lexicon = default_lexicon()
    tokens = lexicon.read(spelled_out(text, lexicon))
    reading = read_audience(tokens, read_quantities(tokens, lexicon), home, lexicon, build_gazetteer(home, lexicon))
    assert same_audience(home, reading.expression(home), audience), (reading.expression(home), reading.troubles)
