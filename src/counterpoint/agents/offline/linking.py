"""Linking: which mentions stand, and what each quantity of the text belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from counterpoint.agents.offline import choices, settings
from counterpoint.agents.offline.catalogue import Catalogue
from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.mentions import Mention
from counterpoint.agents.offline.movements import fits_metric, moves_in
from counterpoint.agents.offline.quantities import Kind, Quantity
from counterpoint.agents.offline.schedule import is_allocation, is_duration
from counterpoint.agents.offline.text import Token, distance, words_set
from counterpoint.config import Surface
from counterpoint.vocabulary import ParameterType

# Verbs that any change can be put in: they tie no words to one parameter.
_LIGHT = words_set("show shows showing give make add use put keep let take set try")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A hypothesis, read: its tokens, their terms, its quantities, and what the audience explains."""

    tokens: tuple[Token, ...]
    terms: list[frozenset[str]]
    quantities: list[Quantity]
    audience: set[int]
    lexicon: Lexicon
    catalogue: Catalogue

    @property
    def surface(self) -> Surface:
        """The surface it is read for."""
        return self.catalogue.surface


@dataclass(slots=True)
class Links:
    """The mentions that stand and the quantities of each."""

    parameters: list[Mention] = field(default_factory=list)
    metrics: list[Mention] = field(default_factory=list)
    values: dict[str, list[Quantity]] = field(default_factory=dict)
    effects: dict[str, list[Quantity]] = field(default_factory=dict)


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
    _assign(links, text)
    _adopt(links, text)
    return links


def _adopt_position(links: Links, text: Text, q: Quantity) -> None:
    """Give "at position 2" to the shelf spoken of just before, when that shelf has a place that can be set."""
    here = text.tokens[q.start].sentence
    if any(
        settings.is_position(text.surface.parameters[m.key]) and text.tokens[m.start].sentence == here
        for m in links.parameters
    ):
        return
    before = [m for m in links.parameters if m.end <= q.start and here - text.tokens[m.start].sentence <= 1]
    if not before:
        return
    nearest = max(before, key=lambda m: m.end)
    space = nearest.key.partition(".")[0]
    dials = [
        p for p in text.surface.parameters.values() if p.key.partition(".")[0] == space and settings.is_position(p)
    ]
    if len(dials) == 1:
        adopted = replace(nearest, key=dials[0].key, tokens=frozenset(range(q.start, q.end)), coverage=0.8, rival=0.0)
        links.parameters.append(adopted)
        links.values.setdefault(dials[0].key, []).append(q)


def _adopt_place(links: Links, text: Text) -> None:
    """Let "at the top" beside a part's name speak for the place of that part: "put the generated shelf at the top"."""
    mentioned = {m.key for m in links.parameters}
    for m in [m for m in links.parameters if text.surface.parameters[m.key].type is ParameterType.BOOL]:
        dials = [
            p
            for p in text.surface.parameters.values()
            if p.key.partition(".")[0] == m.key.partition(".")[0] and settings.is_position(p)
        ]
        if len(dials) != 1 or dials[0].key in mentioned:
            continue
        end = min(m.end + 5, _clause_of(m, text.tokens)[1])
        place = choices.anchored(dials[0], m, text.tokens, text.lexicon, (m.end, end))
        if place is not None and not any(set(range(place.at, place.end)) & o.tokens for o in links.parameters):
            words = frozenset(range(place.at, place.end))
            links.parameters.append(replace(m, key=dials[0].key, tokens=words, coverage=0.8, rival=0.0))


def _adopt_values(links: Links, text: Text) -> None:
    """Let a named value beside its shelf's name, or one that is nobody else's, speak for its parameter: "by ALS"."""
    mentioned = {m.key for m in links.parameters}
    for key in text.catalogue.values:
        if key not in mentioned and (adopted := _value_mention(links, text, key)) is not None:
            links.parameters.append(adopted)


def _value_mention(links: Links, text: Text, key: str) -> Mention | None:
    taken = {i for m in [*links.parameters, *links.metrics] for i in m.tokens} | text.audience
    space = set(text.lexicon.stems(key.partition(".")[0].replace("_", " ")))
    for value, words in text.catalogue.values[key].items():
        for i, token in enumerate(text.tokens):
            if len(words) != 1 or token.stem not in words[0] or i in taken or value == "none":
                continue
            clause = [t for t in text.tokens[max(0, i - 3) : i + 4] if t.clause == token.clause]
            near = [t.index for t in clause if t.stem in space]
            lonely = all(text.tokens[m.start].sentence != token.sentence for m in links.parameters)
            if near or (lonely and _is_only_its(text, value, key)):
                return Mention(key, "parameter", 1.5, 0.85, frozenset({i, *near[:1]}), value)
    return None


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


def _is_only_its(text: Text, value: str, key: str) -> bool:
    """Return whether a value is a word that nothing else on the surface is called: "compact", "progressive"."""
    stems = set(text.lexicon.stems(value))
    ordinary = words_set("small medium large none full mood activity discovery popularity video plain newest relevance")
    elsewhere = any(a.key != key and any(w & stems for w in a.words) for a in text.catalogue.aliases)
    return value not in ordinary and not elsewhere


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


def _counts_otherwise(mention: Mention, text: Text) -> bool:
    """Return whether a number of the mention counts something else: "five per shelf" are not five shelves."""
    for q in text.quantities:
        if q.start in mention.tokens and len(mention.tokens) == 2:
            noun = max(mention.tokens)
            if any(text.tokens[i].text in ("per", "each", "every", "on", "in", "of") for i in range(q.end, noun)):
                return True
    return False


def _adopt(links: Links, text: Text) -> None:
    """Give a length of time that stands beside a shelf's name to the only dial of that shelf that takes it."""
    given = [q for qs in (*links.values.values(), *links.effects.values()) for q in qs]
    _adopt_values(links, text)
    _adopt_place(links, text)
    for q in text.quantities:
        if q not in given and not set(range(q.start, q.end)) & text.audience and settings.says_position(q, text.tokens):
            _adopt_position(links, text, q)
        if (
            q in given
            or q.kind is not Kind.TIME
            or set(range(q.start, q.end)) & text.audience
            or is_duration(q, text.tokens, text.lexicon)
        ):
            continue
        near = [m for m in links.parameters if text.tokens[m.start].clause == text.tokens[q.start].clause]
        if not near:
            here = text.tokens[q.start].sentence
            before = [m for m in links.parameters if m.end <= q.start and here - text.tokens[m.start].sentence <= 1]
            near = [max(before, key=lambda m: m.end)] if before else []
        spaces = {m.key.partition(".")[0] for m in near if "." in m.key}
        dials = [
            p
            for p in text.surface.parameters.values()
            if p.key.partition(".")[0] in spaces and settings.takes_time(p, q)
        ]
        if len(dials) == 1 and all(m.key != dials[0].key for m in links.parameters):
            links.parameters.append(
                replace(near[0], key=dials[0].key, tokens=frozenset(range(q.start, q.end)), coverage=0.7, rival=0.0)
            )
            links.values.setdefault(dials[0].key, []).append(q)


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
    if settings.is_number(parameter):
        fits = [
            settings.fit(q, parameter, mention, tokens) * max(0.0, 1 - 0.09 * distance(tokens, q.span, mention.span))
            for q in text.quantities
        ]
        anchor = choices.anchored(parameter, mention, tokens, text.lexicon, _clause_of(mention, tokens))
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


def _clause_of(mention: Mention, tokens: Sequence[Token]) -> tuple[int, int]:
    clauses = {tokens[i].clause for i in mention.tokens}
    inside = [t.index for t in tokens if t.clause in clauses]
    return inside[0], inside[-1] + 1


def _sentence_of(mention: Mention, tokens: Sequence[Token], reach: int) -> tuple[int, int]:
    inside = [t.index for t in tokens if 0 <= t.sentence - tokens[mention.start].sentence <= reach]
    return inside[0], inside[-1] + 1


def _assign(links: Links, text: Text) -> None:
    """Give each quantity to what it fits best: a dial, a metric, or neither (allocation, duration, audience)."""
    tokens = text.tokens
    for q in text.quantities:
        # "day 7 retention", "95th percentile": a number in a metric's name measures nothing.
        named = any(set(range(q.start, q.end)) <= m.tokens for m in links.metrics)
        listed = any(
            o is not q
            and o.kind is q.kind
            and tokens[o.start].sentence == tokens[q.start].sentence
            and {t.text for t in tokens[min(o.end, q.end) : max(o.start, q.start)]}
            <= words_set("and or , versus / against")
            for o in text.quantities
        )
        if named or set(range(q.start, q.end)) & text.audience or is_allocation(q, tokens, text.lexicon):
            continue
        options: list[tuple[float, str, str]] = []
        before = [t.text for t in tokens[max(0, q.start - 3) : q.start]]
        by = "by" in before
        for m in links.parameters:
            fit = settings.fit(q, text.surface.parameters[m.key], m, tokens)
            if fit > 0:
                cost = _distance_to(q, m, text) - 4.0 * (fit - 1)
                if settings.is_share(text.surface.parameters[m.key]) and (by or set(before) & {"least", "up", "down"}):
                    cost += 6
                if q.start in m.tokens:
                    cost -= 4
                if listed:
                    cost -= 8  # values come in lists, effects do not
                options.append((cost, "value", m.key))
        for m in links.metrics:
            if fits_metric(q, text.surface.metrics[m.key], tokens, text.lexicon):
                cost = (
                    _distance_to(q, m, text)
                    - 4 * (q.sign != 0)
                    - 2 * by
                    - (2 if set(before) & {"least", "most", "than", "within"} else 0)
                )
                options.append((cost, "effect", m.key))
        if is_duration(q, tokens, text.lexicon):
            dial = [o for o in options if o[1] == "value"]
            alone = not any(
                t.clause == tokens[q.start].clause
                and t.is_word
                and not q.start <= t.index < q.end
                and t.text not in text.lexicon.stop
                for t in tokens
            )
            lists = any(
                o is not q
                and o.kind is q.kind
                and abs(o.start - q.start) <= 4
                and tokens[o.start].sentence == tokens[q.start].sentence
                for o in text.quantities
            )
            if not dial or (min(dial)[0] > (5.5 if not alone else 2.5) and not lists):
                continue
        if options and min(options)[0] < 24:
            _, role, key = min(options)
            (links.values if role == "value" else links.effects).setdefault(key, []).append(q)


def _distance_to(q: Quantity, m: Mention, text: Text) -> float:
    """Return the distance of a quantity to the nearest word of a mention; the audience between does not count."""
    tokens = text.tokens
    nearest = min(m.tokens, key=lambda i: abs(i - q.start) if i not in range(q.start, q.end) else 99)
    low, high = min(nearest, q.start), max(nearest, q.start)
    hidden = sum(i in text.audience for i in range(low, high))
    joint = 1.5 * sum(tokens[i].text in ("and", "but", "then") for i in range(low, high))
    joint += 4.0 * sum(tokens[i].text in ("without", "while", "whereas") for i in range(low, high))
    return distance(tokens, q.span, (nearest, nearest + 1)) - hidden + joint
