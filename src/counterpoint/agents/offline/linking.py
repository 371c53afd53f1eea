"""Linking: which mentions stand when each word may speak of one thing only."""

from collections.abc import Sequence
from dataclasses import replace

from counterpoint.agents.offline import choices, dials, settings
from counterpoint.agents.offline.adoption import adopt
from counterpoint.agents.offline.mentions import Mention
from counterpoint.agents.offline.movements import fits_metric, moves_in
from counterpoint.agents.offline.ownership import assign
from counterpoint.agents.offline.reading import Links, Text, clause_of
from counterpoint.agents.offline.text import Token, distance, words_set
from counterpoint.vocabulary import ParameterType

# Verbs that any change can be put in: they tie no words to one parameter.
_LIGHT = words_set("show shows showing give make add use put keep let take set try")


def link(text: Text, found: Sequence[Mention]) -> Links:
    """Return the mentions that stand when each word may speak of one thing only, with the quantities of each."""
    links = Links()
    spaces = {m.key.partition(".")[0] for m in found if m.group == "parameter" and m.score >= 1.7}
    ranked = sorted(((m, _standing(m, text, spaces)) for m in found), key=lambda r: (-r[1], r[0].key, r[0].start))
    number_tokens = {i for q in text.quantities for i in range(q.start, q.end)} | {
        t.index for t in text.tokens if t.text in ("more", "fewer", "many", "extra", "additional")
    }
    owner: dict[int, Mention] = {}
    kept: list[tuple[Mention, float]] = []
    for mention, standing in ranked:
        words = mention.tokens - number_tokens or mention.tokens
        free = [i for i in words if i not in owner]
        clash = {owner[i].key for i in words if i in owner}
        own = sum(text.catalogue.weight(text.terms[i]) for i in free if text.tokens[i].text not in _LIGHT)
        whole = sum(text.catalogue.weight(text.terms[i]) for i in words) or 1.0
        # A shelf that has two dials shares its name between them; two metrics, or a metric and a dial, do not.
        family = (
            all(k.partition(".")[0] == mention.key.partition(".")[0] for k in clash) and mention.group == "parameter"
        )
        if clash and own / whole < (0.3 if family else 0.55):
            for n, (holder, strength) in enumerate(kept):
                if (
                    holder.key in clash
                    and holder.key != mention.key
                    and holder.group == mention.group
                    and len(words & holder.tokens) >= 0.6 * len(holder.tokens - number_tokens or holder.tokens)
                ):
                    kept[n] = (replace(holder, rival=max(holder.rival, standing / strength)), strength)
            continue
        if (
            mention.coverage * mention.score < 0.55
            or _counts_otherwise(mention, text)
            or _is_homeless(mention, text, found)
        ):
            continue
        for i in free:
            owner[i] = mention
        if (
            mention.group == "parameter"
            and mention.coverage >= 0.8
            and (values := text.catalogue.values.get(mention.key))
        ):
            # A value of several words belongs to its parameter: "latest episodes of followed shows".
            for s in choices.named_values(
                text.surface.parameters[mention.key],
                [mention],
                text.tokens,
                text.terms,
                text.catalogue,
                [_sentence_of(mention, text.tokens, 2)],
                text.audience,
            ):
                if len(values[str(s.value)]) > 1:
                    for i in range(s.at, s.end):
                        owner.setdefault(i, mention)
        kept.append((mention, standing))
    links.parameters = sorted((m for m, _ in kept if m.group == "parameter"), key=lambda m: m.start)
    links.metrics = sorted((m for m, _ in kept if m.group == "metric"), key=lambda m: m.start)
    assign(links, text)
    adopt(links, text)
    return links


def _standing(mention: Mention, text: Text, spaces: set[str]) -> float:
    """Return the score of a mention with what speaks for it: a value that fits a dial, a movement beside a metric."""
    tokens = text.tokens
    if mention.group == "metric":
        window = [
            t
            for t in tokens[max(0, mention.start - 6) : mention.end + 6]
            if t.sentence == tokens[mention.start].sentence
        ]
        near = any(
            fits_metric(q, text.surface.metrics[mention.key], tokens, text.lexicon)
            and distance(tokens, q.span, mention.span) <= 6
            for q in text.quantities
        )
        own_time = any(q.start in mention.tokens for q in text.quantities)
        return (
            mention.score
            + 0.45 * bool(moves_in(window, mention, text.lexicon))
            + 0.35 * (near and not own_time)
            + 0.3 * text.lexicon.has("goal", window)
        )
    parameter = text.surface.parameters[mention.key]
    bonus = 0.25 if mention.key.partition(".")[0] in spaces else 0.0
    if dials.is_number(parameter):
        fits = [
            settings.fit(q, parameter, mention, tokens) * max(0.0, 1 - 0.09 * distance(tokens, q.span, mention.span))
            for q in text.quantities
        ]
        anchor = choices.anchored(parameter, mention, tokens, text.lexicon, clause_of(mention, tokens))
        return mention.score + bonus + 0.5 * max([*fits, 1.0 if anchor else 0.0])
    if parameter.type is ParameterType.ENUM:
        named = choices.named_values(
            parameter, [mention], tokens, text.terms, text.catalogue, [_sentence_of(mention, tokens, 0)], text.audience
        )
        return mention.score + bonus + (0.6 if named else 0.0)
    window = [
        t for t in tokens[max(0, mention.start - 5) : mention.end + 3] if t.clause == tokens[mention.start].clause
    ]
    acts = text.lexicon.has("act", window) or text.lexicon.has("off", window)
    return mention.score + bonus + (0.35 if acts else 0.1)


def _is_homeless(mention: Mention, text: Text, found: Sequence[Mention]) -> bool:
    """Return whether a mention rests on words that shelves share ("cards"), with its own shelf named nowhere."""
    space = mention.key.partition(".")[0]
    if mention.group == "metric":
        return _is_of_an_unnamed_part(mention, text, found)
    if _is_about_another_shelf(mention, text):
        return True
    sharing = {
        a.key.partition(".")[0] for a in text.catalogue.aliases if a.group == "parameter" and a.text == mention.alias
    }
    if len(sharing) < 2:
        return False
    names = set(text.lexicon.stems(space.replace("_", " ")))
    return not any(t.stem in names for t in text.tokens) and not any(
        m.key.partition(".")[0] == space and m.alias != mention.alias and m.coverage >= 0.9 for m in found
    )


def _is_about_another_shelf(mention: Mention, text: Text) -> bool:
    """Return whether the clause names another shelf, and not the one whose dial the words were taken for."""
    clause = {t.stem for t in text.tokens if t.clause == text.tokens[mention.start].clause}
    shelves = {p.partition(".")[0] for p in text.surface.parameters if p.endswith((".shelf_position", ".enabled"))}
    space = mention.key.partition(".")[0]
    if mention.group != "parameter" or space not in shelves:
        return False
    mine = text.lexicon.stems(space.replace("_", " "))
    others = [text.lexicon.stems(s.replace("_", " ")) for s in shelves - {space}]
    return not set(mine) & clause and any(set(o) <= clause and set(o) - {"new"} for o in others)


def _is_of_an_unnamed_part(mention: Mention, text: Text, found: Sequence[Mention]) -> bool:
    """Return whether a metric of one shelf is taken from words that do not name that shelf: plain "clicks"."""
    spaces = {p.partition(".")[0] for p in text.surface.parameters if "." in p}
    space = next((s for s in sorted(spaces, key=len, reverse=True) if mention.key.startswith(f"{s}_")), None)
    if space is None:
        return False
    names = set(text.lexicon.stems(space.replace("_", " ")))
    if any(text.tokens[i].stem in names for i in mention.tokens):
        return False
    return not any(m.key.partition(".")[0] == space and m.coverage >= 0.85 for m in found)


def _counts_otherwise(mention: Mention, text: Text) -> bool:
    """Return whether a number of the mention counts something else: "five per shelf" are not five shelves."""
    for q in text.quantities:
        if q.start in mention.tokens and len(mention.tokens) == 2:
            noun = max(mention.tokens)
            if any(text.tokens[i].text in ("per", "each", "every", "on", "in", "of") for i in range(q.end, noun)):
                return True
    return False


def _sentence_of(mention: Mention, tokens: Sequence[Token], reach: int) -> tuple[int, int]:
    inside = [t.index for t in tokens if 0 <= t.sentence - tokens[mention.start].sentence <= reach]
    return inside[0], inside[-1] + 1
