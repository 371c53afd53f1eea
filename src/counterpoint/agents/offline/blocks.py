"""Blocks: arms that a text describes one after the other, each read by itself and put together again."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from counterpoint.agents.offline.changes import ChangeReading, read_changes
from counterpoint.agents.offline.guesses import guessed_change
from counterpoint.agents.offline.labels import arm_labels
from counterpoint.agents.offline.linking import link, mentions_of
from counterpoint.agents.offline.quantities import Kind
from counterpoint.agents.offline.reading import Links, Text
from counterpoint.agents.offline.text import Token, words_set
from counterpoint.vocabulary import Scalar

Span = tuple[int, int]
Arm = dict[str, Scalar]

_AGAIN = (
    "does that as well",
    "does the same",
    "does so too",
    "does that too",
    "gets that",
    "has that",
    "the same",
    "same",
    "that",
    "this",
    "as above",
    "all that",
    "all of that",
    "the first",
    "arm a",
    "arm one",
)
_ALL = (
    "both",
    "the two",
    "everything",
    "all of it",
    "the combination",
    "the lot",
    "the pair",
    "all three",
    "them both",
)
_JOINTS = frozenset({"and", "or", "versus", "against", "then", "next"})
_AS_NOW = (
    "control",
    "nothing changes",
    "nothing at all",
    "as now",
    "as today",
    "today's page",
    "no change",
    "the page as it is",
)


def read_change(text: Text, links: Links) -> ChangeReading:
    """Return the change that a text asks for: arm by arm where it describes them apart, otherwise as a whole."""
    for blocks, before in (_labelled(text), _set_against(text), _announced(text), _named_again(text, links)):
        reading = _read_blocks(text, links, blocks, before) if len(blocks) > 1 else None
        if reading is not None:
            return reading
    reading = read_changes(text, links)
    if not reading.arms and (guessed := guessed_change(text, links, reading)) is not None:
        reading, again = guessed
        links.parameters, links.metrics = again.parameters, again.metrics
        links.values, links.effects = again.values, again.effects
    return reading


def _labelled(text: Text) -> tuple[list[Span], Span]:
    """Return the blocks behind the labels of arms, and what stands before the first of them."""
    labels = arm_labels(text.tokens)
    if not labels:
        return [], (0, 0)
    last = text.tokens[labels[-1].start]
    end = next((t.index for t in text.tokens[labels[-1].end :] if t.sentence != last.sentence), len(text.tokens))
    ends = [label.start for label in labels[1:]] + [end]
    return [(label.end, stop) for label, stop in zip(labels, ends, strict=True)], (0, labels[0].start)


def _announced(text: Text) -> tuple[list[Span], Span]:
    """Return as many pieces as arms were announced: "three arms: A; B; the two together", "It is A. Or B. Or both."."""
    tokens = text.tokens
    nouns = words_set("arms variants versions options treatments ideas candidates tests changes groups things")
    for q in text.quantities:
        counted = {t.text for t in tokens[q.end : q.end + 3]} & nouns
        if q.kind is not Kind.NUMBER or not counted or not 2 <= q.bare <= 4:
            continue
        here = tokens[q.start].sentence
        colon = next((t.index for t in tokens[q.end :] if t.text == ":" and t.sentence == here), None)
        if colon is not None:
            stop = next((t.index for t in tokens[colon:] if t.text in ".!?"), len(tokens))
            cuts = [t.index for t in tokens[colon:stop] if t.text == ";"]
            pieces = list(zip([colon + 1, *(c + 1 for c in cuts)], [*cuts, stop], strict=True))
            if len(pieces) == q.bare:
                return pieces, (0, colon)
        starts = [t.index for t in tokens if t.sentence > here and tokens[t.index - 1].text in ".!?;"]
        ors = [i for i in starts if tokens[i].text == "or"]
        if ors and len(ors) == q.bare - 1:
            ends = [next((s for s in starts if s > i), len(tokens)) for i in [starts[0], *ors]]
            return list(zip([starts[0], *(i + 1 for i in ors)], ends, strict=True)), (0, starts[0])
    return [], (0, 0)


def _set_against(text: Text) -> tuple[list[Span], Span]:
    """Return the two sides of "A against B" or "A versus B" in one sentence."""
    tokens = text.tokens
    joints = [t for t in tokens if t.text in ("against", "versus") and t.index not in text.audience]
    if len(joints) != 1:
        return [], (0, 0)
    at = joints[0].index
    inside = [t.index for t in tokens if t.sentence == joints[0].sentence]
    return [(inside[0], at), (at + 1, inside[-1] + 1)], (0, inside[0])


def _named_again(text: Text, links: Links) -> tuple[list[Span], Span]:
    """Return the two halves of "the sequence model as it is, and the sequence model with a shorter memory"."""
    tokens = text.tokens
    for one, other in pairwise(sorted((m for m in links.parameters if m.value), key=lambda m: m.start)):
        if (one.key, one.value) != (other.key, other.value) or tokens[other.start].sentence - tokens[
            one.start
        ].sentence > 1:
            continue
        joint = next((i for i in range(other.start - 1, one.end - 1, -1) if tokens[i].text in _JOINTS), None)
        if joint is not None and other.start - joint <= 4:
            inside = [t.index for t in tokens if t.sentence == tokens[one.start].sentence]
            end = max(t.index for t in tokens if t.sentence == tokens[other.start].sentence) + 1
            return [(inside[0], joint), (other.start, end)], (0, inside[0])
    return [], (0, 0)


def _read_blocks(text: Text, links: Links, blocks: Sequence[Span], before: Span) -> ChangeReading | None:
    """Return the arms of the blocks, or None when one of them cannot be read by itself."""
    spoken = [m for m in links.parameters if before[0] <= m.start < before[1] and m.coverage >= 0.8]
    shared = [before] if spoken else []
    arms: list[Arm] = []
    whole = ChangeReading(by_arm=True)
    labelled = text.tokens[blocks[0][1]].text not in ("against", "versus")
    for n, block in enumerate(blocks):
        words = " ".join(t.text for t in text.tokens[block[0] : block[1]]).strip(" .,;:")
        if n and words.startswith(_ALL) and len(words.split()) <= 7:
            arms.append({k: v for arm in arms for k, v in arm.items()})
            whole.used |= set(range(*block))
            continue
        if words.startswith(_AS_NOW) and len(words.split()) <= 6:
            arms.append({})
            continue
        again = n > 0 and arms and words.startswith(_AGAIN)
        reading = _read_alone(text, [*shared, block])
        if shared and len(reading.arms) != 1 and reading.reject is None:
            reading = _read_alone(text, [block])
        if reading.reject is not None and str(reading.reject) == "out_of_bounds":
            return reading
        if len(reading.arms) != 1 and not (again and not reading.arms and reading.missing is None):
            return None
        arms.append({**(arms[0] if again else {}), **(reading.arms[0] if reading.arms else {})})
        known = reading.used | text.audience
        if any(block[0] <= q.start < block[1] and not set(range(*q.span)) & known for q in text.quantities):
            return None  # "paging with four, versus paging with six": a number that only the whole explains
        whole.used |= reading.used
        whole.placed |= reading.placed
        whole.words |= {k: v for k, v in reading.words.items() if k not in whole.words}
        whole.confidence |= {k: min(v, whole.confidence.get(k, 1.0)) for k, v in reading.confidence.items()}
    whole.arms = [arm for n, arm in enumerate(arms) if arm and arm not in arms[:n]]
    return whole if len(whole.arms) > 1 or (labelled and whole.arms and {} in arms) else None


def _read_alone(text: Text, spans: Sequence[Span]) -> ChangeReading:
    """Return the change that some spans of a text ask for, as if nothing else had been written."""
    kept = [i for start, end in spans for i in range(start, end)]
    new = {old: n for n, old in enumerate(kept)}
    tokens: list[Token] = [replace(text.tokens[old], index=n) for n, old in enumerate(kept)]
    quantities = [
        replace(q, start=new[q.start], end=new[q.end - 1] + 1)
        for q in text.quantities
        if q.start in new and q.end - 1 in new
    ]
    part = replace(
        text,
        tokens=tuple(tokens),
        terms=[text.terms[old] for old in kept],
        quantities=quantities,
        audience={new[i] for i in text.audience if i in new},
        said=tuple(replace(m, tokens=frozenset(new[i] for i in m.tokens)) for m in text.said if m.tokens <= set(kept)),
    )
    reading = read_changes(part, link(part, mentions_of(part)))
    reading.used = {kept[i] for i in reading.used if i < len(kept)}
    reading.placed = {kept[i] for i in reading.placed if i < len(kept)}
    return reading
