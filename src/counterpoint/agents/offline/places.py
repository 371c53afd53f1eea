"""Places: whether a hypothesis asks for its change on another surface than the one at hand, or leaves open which."""

from collections.abc import Collection
from itertools import pairwise

from counterpoint.agents.offline.lexicon import phrases_of
from counterpoint.agents.offline.reading import Links, Text
from counterpoint.agents.offline.text import Token, words_of, words_set
from counterpoint.config import Surface


def other_place(text: Text, surface: Surface, links: Links, idle: Collection[int] = ()) -> tuple[str, str] | None:
    """Return ("other", name) when the change is for elsewhere, ("either", name) when undecided, else None."""
    places = text.lexicon.raw["surfaces"]["places"]
    own = {surface.key, f"{surface.key} page", f"{surface.key} tab", f"{surface.key} screen"}
    if surface.key == "home":
        own |= {"start page", "home page", "home tab"}
    if surface.key == "search":
        own |= {"search results", "search bar", "search page", "search tab"}
    prepositions = set(text.lexicon.raw["surfaces"]["prepositions"])
    tokens = text.tokens
    taken = {i for m in [*links.metrics, *links.parameters] if len(m.tokens) > 1 for i in m.tokens} | text.audience
    elsewhere: list[tuple[int, int]] = []
    here = False
    names = phrases_of((p, p) for p in {*places, *own}).find(tokens)
    for one, other in pairwise(names):
        joint = {t.text for t in tokens[one[1] : other[0]]}
        both = (one[2] in own) != (other[2] in own) and not {one[0], other[0]} & taken
        if (
            both
            and joint & words_set("or and / & versus +")
            and joint <= words_set("or and / & versus + , the on in at maybe perhaps possibly also even our either")
        ):
            return "either", words_of(tokens, *(other if one[2] in own else one)[:2])
    for start, end, name in names:
        if tokens[start].sentence in idle:
            continue  # "I read the comments in the app store"
        before = tokens[start - 1].text if start else ""
        article = before in words_set("the our your their every each")
        lead = tokens[start - 2].text if article and start > 1 else before
        if name in own:
            here = here or lead in prepositions or before in ("or", "and")
            continue
        opening = start == 0 or not tokens[start - 1].is_word
        joined = before in ("or", "and") or (article and lead in ("or", "and"))
        subject = name in text.lexicon.raw["surfaces"]["strong"] and before in (
            "a",
            "an",
            "the",
            "one",
            "weekly",
            "daily",
        )
        subject = subject and (start < 2 or tokens[start - 2].sentence != tokens[start].sentence)
        label = subject or (
            opening
            and (
                name in text.lexicon.raw["surfaces"]["strong"] or (end < len(tokens) and tokens[end].text in (",", ":"))
            )
        )
        after = tokens[end] if end < len(tokens) else None
        if end - start == 1 and after is not None and _is_noun_after(after, text):
            continue  # "library additions", "search queries": a compound, not a place
        if set(range(start, end)) <= taken or not (
            lead in prepositions - {"to", "from", "of", "for"}
            or (article and end - start > 1 and _is_subject(start - 1, text))
            or (article and end - start > 1 and text.lexicon.lists["act"].at(tokens, start - 2) is not None)
            or joined
            or label
            or (lead in ("to", "of", "for") and end - start > 1)
        ):
            continue
        if joined and not elsewhere and not here:
            continue
        elsewhere.append((start, end))
    if not elsewhere:
        return None
    words = words_of(tokens, *elsewhere[0])
    if here:
        spoken = {t.text for t in tokens[max(0, elsewhere[0][0] - 8) : elsewhere[0][1] + 8]}
        return (
            ("either", words)
            if spoken & words_set("or whether either undecided decided sure and also both as")
            else None
        )
    return ("other", words)


def _is_subject(article: int, text: Text) -> bool:
    """Return whether the article opens what is spoken of: "should the queue view get ..."."""
    before = text.tokens[article - 1] if article else None
    asks = words_set("should would could can does do will may might shall must let did")
    return before is None or before.clause != text.tokens[article].clause or before.text in asks


def _is_noun_after(token: Token, text: Text) -> bool:
    """Return whether the word after the name of a place makes a compound with it: a plural of no grammar word."""
    grammar = ("act", "up", "down", "better", "worse", "modal", "people", "audience_prepositions")
    is_plural = token.text.endswith("s") and token.stem != token.text and len(token.text) > 4
    return is_plural and all(text.lexicon.lists[g].at((token,), 0) is None for g in grammar)
