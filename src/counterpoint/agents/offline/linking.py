"""Linking: which mentions stand when each word may speak of one thing only."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from counterpoint.agents.offline import choices, dials, settings
from counterpoint.agents.offline.adoption import adopt, literal_values
from counterpoint.agents.offline.idioms import merged
from counterpoint.agents.offline.mentions import Mention, find_mentions
from counterpoint.agents.offline.movements import fits_metric, moves_in
from counterpoint.agents.offline.ownership import assign
from counterpoint.agents.offline.quantities import Kind
from counterpoint.agents.offline.reading import Links, Text, clause_of
from counterpoint.agents.offline.text import Token, distance, words_set
from counterpoint.vocabulary import ParameterType

# Verbs that any change can be put in: they tie no words to one parameter.
_LIGHT = words_set("show shows showing give make add use put keep let take set try")

# Words of keys that say how a dial counts, and not what.
_DIAL_WORDS = words_set("max min item count per rat siz numb")


def mentions_of(text: Text) -> list[Mention]:
    """Return where a text speaks of anything on the surface, by name or by idiom."""
    named = find_mentions(text.tokens, text.terms, text.catalogue, text.audience)
    return merged(named, text.said, text.tokens)


def link(text: Text, found: Sequence[Mention]) -> Links:
    """Return the mentions that stand when each word may speak of one thing only, with the quantities of each."""
    links = Links()
    found = [_without_counted(m, text) for m in [*found, *literal_values(text)]]
    spaces = {m.key.partition(".")[0] for m in found if m.group == "parameter" and m.score >= 1.7}
    ranked = sorted(((m, _standing(m, text, spaces)) for m in found), key=lambda r: (-r[1], r[0].key, r[0].start))
    number_tokens = {i for q in text.quantities for i in range(q.start, q.end)} | {
        t.index for t in text.tokens if t.text in ("more", "fewer", "many", "extra", "additional")
    }
    owner: dict[int, Mention] = {}
    taken_numbers: set[int] = set()
    kept: list[tuple[Mention, float]] = []
    for mention, standing in ranked:
        words = mention.tokens - number_tokens or mention.tokens
        free = [i for i in words if i not in owner]
        clash = {owner[i].key for i in words if i in owner}
        if mention.group == "metric" and any(q.is_place and set(range(*q.span)) & words for q in text.quantities):
            continue  # "three rows further down" is where a shelf goes, not how far anybody scrolls
        if mention.group == "metric" and any(_names_its_part(owner[i], text) for i in words if i in owner):
            continue  # "jump back in click-through rate" is not the page's as well
        own = sum(text.catalogue.weight(text.terms[i]) for i in free if text.tokens[i].text not in _LIGHT)
        whole = sum(text.catalogue.weight(text.terms[i]) for i in words) or 1.0
        # A shelf that has two dials shares its name between them; two metrics, or a metric and a dial, do not.
        family = (
            all(k.partition(".")[0] == mention.key.partition(".")[0] for k in clash) and mention.group == "parameter"
        )
        # A name that stands in one piece lends its words to nothing else: "shelves seen per visit" are no shelves.
        torn = any(i in owner and owner[i].group != mention.group and _is_whole(owner[i], text) for i in words)
        # One that needs none of the words in dispute: "the number of suggestions raises result clicks".
        needless = torn and mention.coverage >= 0.99 and _is_named_by(mention, free, text)
        if (
            clash
            and not needless
            and own / whole < (0.8 if torn else (0.15 if mention.coverage >= 0.95 else 0.3) if family else 0.55)
        ):
            for n, (holder, strength) in enumerate(kept):
                if (
                    holder.key in clash
                    and holder.key != mention.key
                    and holder.group == mention.group
                    and mention.n_literal >= holder.n_literal
                    and not (mention.group == "metric" and _is_of_an_unnamed_part(mention, text, found))
                    and not (family and holder.group == "parameter")
                    and len(words & holder.tokens) >= 0.6 * len(holder.tokens - number_tokens or holder.tokens)
                ):
                    kept[n] = (replace(holder, rival=max(holder.rival, standing / strength)), strength)
            continue
        if (
            mention.coverage * mention.score < 0.55
            or _counts_otherwise(mention, text)
            or _is_homeless(mention, text, found)
            or _is_faint(mention, text, number_tokens)
            or _is_a_step(mention, text, found)
            or _is_a_unit(mention, text, found)
            or _is_a_lone_part(mention, text, number_tokens)
            or _is_of_an_unnamed_switch(mention, text)
            or _is_a_shared_noun(mention, text, found, number_tokens)
            or _lacks_its_noun(mention, text)
        ):
            continue
        own_words = _without_borrowed(mention, owner, taken_numbers)
        taken_numbers |= own_words.tokens & number_tokens
        owner |= dict.fromkeys(free, own_words)
        for i in _value_words(own_words, text):
            owner.setdefault(i, own_words)
        kept.append((own_words, standing))
    links.parameters = sorted((m for m, _ in kept if m.group == "parameter"), key=lambda m: m.start)
    links.metrics = sorted((m for m, _ in kept if m.group == "metric"), key=lambda m: m.start)
    links.metrics = [m for m in links.metrics if not _is_in_apposition(m, links, text)]
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
            + 0.4 * _is_whole(mention, text)
            + 0.45 * bool(moves_in(window, mention, text.lexicon))
            + 0.35 * (near and not own_time)
            + 0.3 * text.lexicon.has("goal", window)
            + 0.6 * _names_its_part(mention, text)
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


def _is_named_by(mention: Mention, free: Sequence[int], text: Text) -> bool:
    """Return whether the words of a mention's name all stand among `free` tokens."""
    name = {stem for stem in text.lexicon.stems(mention.alias) if stem not in text.lexicon.stop}
    return len(name) > 1 and name <= {text.tokens[i].stem for i in free}


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


def _is_in_apposition(mention: Mention, links: Links, text: Text) -> bool:
    """Return whether a metric stands in brackets behind another one: "jump back in clicks (ctr)"."""
    before = text.tokens[mention.start - 1].text if mention.start else ""
    after = text.tokens[mention.end].text if mention.end < len(text.tokens) else ""
    return (before, after) == ("(", ")") and any(m.end == mention.start - 1 for m in links.metrics)


def _value_words(mention: Mention, text: Text) -> Iterator[int]:
    """Yield the tokens of values of several words, which belong to their dial: "latest episodes of followed shows"."""
    values = text.catalogue.values.get(mention.key)
    if mention.group != "parameter" or mention.coverage < 0.8 or not values:
        return
    parameter, spans = text.surface.parameters[mention.key], [_sentence_of(mention, text.tokens, 2)]
    for s in choices.named_values(parameter, [mention], text.tokens, text.terms, text.catalogue, spans, text.audience):
        if len(values[str(s.value)]) > 1:
            yield from range(s.at, s.end)


def _without_borrowed(mention: Mention, owner: Mapping[int, Mention], numbers: set[int]) -> Mention:
    """Return a mention without the words that a stronger one of another part has taken."""
    space = mention.key.partition(".")[0] if mention.group == "parameter" else ""
    borrowed = {
        i
        for i in mention.tokens
        if i in owner and owner[i].key != mention.key and owner[i].key.partition(".")[0] != space
    }
    borrowed |= mention.tokens & numbers
    left = mention.tokens - borrowed
    return replace(mention, tokens=left) if left and borrowed else mention


def _without_counted(mention: Mention, text: Text) -> Mention:
    """Return a choice's mention without a noun counted far off: "compact spacing and, with it, 18 shelves"."""
    if mention.group != "parameter" or dials.is_number(text.surface.parameters[mention.key]):
        return mention
    ends = {q.end for q in text.quantities if q.kind is Kind.NUMBER}
    counted = {i for i in mention.tokens & ends if all(abs(i - j) > 3 for j in mention.tokens - {i})}
    return replace(mention, tokens=mention.tokens - counted) if counted and mention.tokens - counted else mention


def _is_whole(mention: Mention, text: Text) -> bool:
    """Return whether a name of several words stands in one piece: "podcast minutes", "saves per item shown"."""
    inside = (text.tokens[i] for i in range(mention.start, mention.end) if i not in mention.tokens)
    return (
        len(mention.tokens) > 1
        and mention.coverage >= 0.9
        and all(t.is_word and t.text in text.lexicon.stop for t in inside)
    )


def _names_its_part(mention: Mention, text: Text) -> bool:
    """Return whether a metric of one part of the page is named with that part, in words that stand together."""
    spaces = {p.partition(".")[0] for p in text.surface.parameters if "." in p}
    space = next((s for s in sorted(spaces, key=len, reverse=True) if mention.key.startswith(f"{s}_")), None)
    if space is None or mention.group != "metric" or mention.end - mention.start > len(mention.tokens) + 3:
        return False
    names = {s for s in text.lexicon.stems(space.replace("_", " ")) if s not in text.lexicon.stop}
    return names <= {text.tokens[i].stem for i in mention.tokens}


def _lacks_its_noun(mention: Mention, text: Text) -> bool:
    """Return whether a count is described without the noun of its key: "10 cards per shelf" are no max_per_artist."""
    if mention.group != "parameter" or mention.coverage >= 0.9:
        return False
    parameter = text.surface.parameters[mention.key]
    counted = any(q.start in mention.tokens and q.kind is Kind.NUMBER for q in text.quantities)
    if parameter.type is not ParameterType.INT or parameter.unit or dials.is_position(parameter) or not counted:
        return False
    nouns = set(text.lexicon.stems(mention.key.rpartition(".")[2].replace("_", " "))) - _DIAL_WORDS
    said = {term.removeprefix("~") for i in mention.tokens for term in text.terms[i]}
    return bool(nouns) and not nouns & said


def _is_faint(mention: Mention, text: Text, numbers: set[int]) -> bool:
    """Return whether a mention rests on one word that names nothing alone, unless it is the whole of a name given."""
    words = mention.tokens - numbers if mention.group == "parameter" else mention.tokens
    if len(words or mention.tokens) > 1:
        return False
    if mention.group == "parameter" and mention.tokens - words and not mention.n_literal:
        # "Two or three albums" count something on a page only where somebody asks for them.
        clause = [t for t in text.tokens if t.clause == text.tokens[mention.start].clause]
        things = words_set("cards items tiles shelves rows shortcuts podcasts shows episodes")
        if not text.lexicon.has("act", clause) and not {t.text for t in clause} & things:
            return True
    token = text.tokens[min(words, default=mention.start)]
    whole = token.text == mention.alias and mention.coverage >= 0.99
    return not whole and text.lexicon.lists["faint"].at((token,), 0) is not None


def _is_a_step(mention: Mention, text: Text, found: Sequence[Mention]) -> bool:
    """Return whether a mention rests on the noun of a step that something else takes: "the mood shelf up two rows"."""
    if mention.group != "parameter" or dials.is_position(text.surface.parameters[mention.key]):
        return False
    if any(q.is_place and set(range(*q.span)) & mention.tokens for q in text.quantities):
        return True
    noun = text.tokens[mention.start]
    if len(mention.tokens - {i for q in text.quantities for i in range(*q.span)}) == 1 and noun.text in words_set(
        "row shelf"
    ):
        before = text.tokens[mention.start - 1].text if mention.start else ""
        after = text.tokens[mention.end].text if mention.end < len(text.tokens) else ""
        if before in words_set("last first top bottom next same this that each every at on") or after.isdecimal():
            return True  # "the last row", "at row 5": a place
    for q in text.quantities:
        around = [t.text for t in text.tokens[max(0, q.start - 2) : q.start] + text.tokens[q.end : q.end + 2]]
        if q.end in mention.tokens and set(around) & words_set("up down higher lower upwards downwards"):
            here = text.tokens[q.start].sentence
            return any(
                m.group == "parameter"
                and dials.is_position(text.surface.parameters[m.key])
                and text.tokens[m.start].sentence == here
                for m in found
            )
    return False


def _is_a_unit(mention: Mention, text: Text, found: Sequence[Mention]) -> bool:
    """Return whether a metric is taken from the unit of another one's size: "podcast minutes +2 minutes per user"."""
    units = {i for q in text.quantities if q.kind is Kind.TIME for i in range(q.start, q.end)}
    if mention.group == "parameter":
        # "Scroll depth +0.5 shelves": the shelves are the unit of the size before them.
        sized = [q for q in text.quantities if q.sign and q.kind is Kind.NUMBER and q.end in mention.tokens]
        return bool(sized) and any(
            m.group == "metric" and dict(text.surface.metrics)[m.key].unit == text.tokens[sized[0].end].text
            for m in found
        )
    if mention.group != "metric" or not mention.tokens & units or len(mention.tokens - units) > 1:
        return False
    if mention.coverage >= 1.0 and (mention.n_literal > 2 or (mention.n_literal > 1 and mention.tokens - units)):
        return False  # an idiom: "active on 0.2 more days"
    if mention.tokens <= units:
        return True  # "7 days" name no metric
    if not any(i - 1 in units or i + 1 in units for i in mention.tokens - units):
        return True  # "5 minutes, but only the podcast shelf"
    here = text.tokens[mention.start].sentence
    return any(
        m.group == "metric" and not m.tokens & units and m.coverage >= 0.85 and text.tokens[m.start].sentence == here
        for m in found
    )


def _is_a_lone_part(mention: Mention, text: Text, numbers: set[int]) -> bool:
    """Return whether a count rests on one part of the page, and not on how many: "row three", "that shelf"."""
    nouns = mention.tokens - numbers
    if (
        mention.group != "parameter"
        or len(nouns) != 1
        or text.surface.parameters[mention.key].type is not ParameterType.INT
    ):
        return False
    noun = text.tokens[next(iter(nouns))]
    if noun.text not in words_set("shelf row shelf's carousel rail"):
        return False
    counts = [q for q in text.quantities if 0 <= noun.index - q.end <= 1 and q.start in mention.tokens]
    least = text.surface.parameters[mention.key].min or 0
    return not any(q.bare <= 1 for q in counts) or least > 1


def _is_of_an_unnamed_switch(mention: Mention, text: Text) -> bool:
    """Return whether a value was named of a part that is off today, and nothing names that part: "how they feel"."""
    if mention.group != "parameter" or not mention.value or not text.surface.parameters[mention.key].requires:
        return False
    space = mention.key.partition(".")[0]
    kin = {f"~{c}" for c, words in text.lexicon.raw["thesaurus"].items() if space in words}
    return bool(kin) and not any(kin & terms for terms in text.terms)


def _is_a_shared_noun(mention: Mention, text: Text, found: Sequence[Mention], numbers: set[int]) -> bool:
    """Return whether a count rests on one noun that a dial named in full counts as well: "up front: one shelf"."""
    nouns = mention.tokens - numbers
    if mention.group != "parameter" or mention.tokens == nouns or len(nouns) != 1:
        return False
    noun = next(iter(nouns))
    sentence = text.tokens[noun].sentence
    for other in found:
        apart = other.group == "parameter" and other.key != mention.key and other.coverage >= 0.9
        if not apart or text.tokens[other.start].sentence != sentence or len(other.tokens) < 2 or noun in other.tokens:
            continue
        named = (a for a in text.catalogue.aliases if a.key == other.key)
        if other.start < noun and any(text.terms[noun] & w for a in named for w in a.words):
            return text.surface.parameters[other.key].type is ParameterType.INT
    return False


def _counts_otherwise(mention: Mention, text: Text) -> bool:
    """Return whether a number of the mention counts something else: "five per shelf" are not five shelves."""
    for q in text.quantities:
        if q.start in mention.tokens and len(mention.tokens) == 2:
            noun = max(mention.tokens)
            if any(
                text.tokens[i].text in words_set("per each every on in of and away off out") for i in range(q.end, noun)
            ):
                return True
    return False


def _sentence_of(mention: Mention, tokens: Sequence[Token], reach: int) -> tuple[int, int]:
    inside = [t.index for t in tokens if 0 <= t.sentence - tokens[mention.start].sentence <= reach]
    return inside[0], inside[-1] + 1
