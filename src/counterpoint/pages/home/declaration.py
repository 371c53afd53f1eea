"""Home, declared: its shelves, rules and parameters; a new shelf is one source and one line here."""

from counterpoint.pages.home.gates import HasPlays, Switch
from counterpoint.pages.home.history import ListenerHistory
from counterpoint.pages.home.policy import POLICY
from counterpoint.pages.home.scorers import AsFetched, ByPodcastRanker, ByRanking
from counterpoint.pages.home.sources import (
    Charts,
    Discover,
    Followed,
    Frequent,
    Generated,
    Genre,
    LikeLastPlayed,
    MadeForYou,
    Mood,
    NewReleases,
    Podcasts,
    Recent,
    Throwback,
)
from counterpoint.pages.home.taste import NEW, RECOMMENDED
from counterpoint.pages.select import pick
from counterpoint.pages.stages import PageDeclaration, Selection, ShelfDeclaration

_PLAIN = Selection()
_RANKED = Selection(explores=True, diversifies=True, caps_artists=True)
_LIKE = Selection(caps_artists=True)


def _genre(nth: int) -> ShelfDeclaration:
    return ShelfDeclaration(
        key=f"genre_{nth + 1}",
        title="Your genre",
        source=Genre(nth=nth, key=f"genre_{nth + 1}"),
        taste=RECOMMENDED,
        scorer=ByRanking(),
        selection=_RANKED,
    )


HOME = PageDeclaration(
    surface="home",
    hydrator=ListenerHistory(),
    policy=POLICY,
    selector=pick,
    max_shelves="layout.max_shelves",
    hero_shelf="made_for_you",
    presentation={
        "density": "layout.density",
        "card_size": "visual.card_size",
        "show_captions": "visual.show_captions",
        "autoplay_preview": "visual.autoplay_preview",
    },
    shelves=(
        ShelfDeclaration(
            key="shortcuts",
            title="Shortcuts",
            source=Frequent(),
            scorer=AsFetched(),
            selection=Selection(size="layout.shortcuts_count"),
        ),
        ShelfDeclaration(
            key="jump_back_in",
            title="Jump back in",
            gates=(HasPlays(), Switch("jump_back_in.enabled")),
            source=Recent(),
            scorer=AsFetched(),
            selection=Selection(size="jump_back_in.max_items"),
        ),
        ShelfDeclaration(
            key="made_for_you",
            title="Made for you",
            source=MadeForYou(),
            taste=RECOMMENDED,
            scorer=ByRanking(),
            selection=_RANKED,
            essential=True,
            falls_back=True,
        ),
        ShelfDeclaration(
            key="genrec",
            title="Generated for you",
            gates=(Switch("genrec.enabled"),),
            remote=Generated(),
            taste=RECOMMENDED,
            scorer=AsFetched(),
            selection=_PLAIN,
            position="genrec.shelf_position",
        ),
        ShelfDeclaration(
            key="new_releases",
            title="New releases",
            source=NewReleases(),
            taste=NEW,
            scorer=ByRanking(),
            selection=_LIKE,
            position="new_releases.shelf_position",
        ),
        ShelfDeclaration(
            key="more_like_1",
            title="More like what you played",
            source=LikeLastPlayed(nth=0, key="more_like_1"),
            taste=RECOMMENDED,
            scorer=AsFetched(),
            selection=_LIKE,
        ),
        ShelfDeclaration(
            key="podcasts",
            title="Podcasts",
            source=Podcasts(),
            taste=RECOMMENDED,
            scorer=ByPodcastRanker(),
            selection=Selection(size="podcasts.max_items"),
            position="podcasts.shelf_position",
        ),
        ShelfDeclaration(
            key="mood",
            title="For this hour",
            source=Mood(),
            taste=RECOMMENDED,
            scorer=ByRanking(),
            selection=_RANKED,
            position="layout.mood_shelf_position",
        ),
        ShelfDeclaration(
            key="charts",
            title="Charts",
            source=Charts(),
            scorer=AsFetched(),
            selection=_PLAIN,
            position="layout.charts_shelf_position",
            falls_back=True,
        ),
        _genre(0),
        _genre(1),
        _genre(2),
        ShelfDeclaration(
            key="more_like_2",
            title="More like what you played",
            source=LikeLastPlayed(nth=1, key="more_like_2"),
            taste=RECOMMENDED,
            scorer=AsFetched(),
            selection=_LIKE,
        ),
        ShelfDeclaration(
            key="followed",
            title="From artists you follow",
            source=Followed(),
            taste=RECOMMENDED,
            scorer=ByRanking(),
            selection=_LIKE,
        ),
        ShelfDeclaration(
            key="throwback",
            title="Throwback",
            source=Throwback(),
            taste=RECOMMENDED,
            scorer=ByRanking(),
            selection=_LIKE,
        ),
        ShelfDeclaration(
            key="discover",
            title="Off the beaten track",
            source=Discover(),
            taste=RECOMMENDED,
            scorer=ByRanking(),
            selection=_RANKED,
        ),
    ),
)
