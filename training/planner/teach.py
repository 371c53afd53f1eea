"""Teaches the network and writes what the platform ships: `python -m training.planner.teach --help`."""

import argparse
import json
import math
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from counterpoint.agents.offline.reader.wordpieces import encode
from counterpoint.config import load_surface
from training.planner.encoder import Reader, pretrained
from training.planner.labels import Example, Names, example_of, load_cases, names_of, read_case
from training.planner.mixing import mixed, parted
from training.planner.pieces import kept_pieces
from training.planner.resume import resume
from training.planner.ship import ship

_BATCH = 16
_HIDDEN = 0.08
"""Share of the pieces that are hidden in some texts, so that no single word is relied on."""
_HIDES = 0.6
"""Share of the texts in which pieces are hidden."""
_MIXED = 0.4
"""Share of the plans whose goal is a sentence of its own that are given the goal of another one, anew each round."""
_N_FROZEN = 1
"""Layers, after the embeddings, whose pretrained weights stay as they are."""


def main() -> None:
    """Read the cases, teach, and ship."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="+", type=Path, help="files of labelled hypotheses")
    parser.add_argument("--surface", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, required=True, help="folder with model.safetensors and vocab.txt")
    parser.add_argument("--to", type=Path, required=True, help="folder to write reader.onnx and reader.json to")
    parser.add_argument("--from", dest="shipped", type=Path, help="folder of a network to go on with, not a new one")
    parser.add_argument("--pace", type=float, default=1.0, help="factor of the learning rates; 0.2 to go on")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    torch.manual_seed(asked.seed)
    random.seed(asked.seed)
    surface = load_surface(asked.surface.read_text("utf-8"), source=str(asked.surface))
    names = names_of(surface)
    chance = random.Random(asked.seed)  # noqa: S311 - draws examples, keeps no secret
    read = [(case, read_case(case, surface)) for case in load_cases(asked.cases)]
    examples = [example_of(case, reading, surface, names) for case, reading in read]
    parts = [parted(case, reading, surface) for case, reading in read]
    before = json.loads((asked.shipped / "reader.json").read_text("utf-8")) if asked.shipped else {}
    texts = [example.words for example in examples]
    pieces = kept_pieces(asked.encoder / "vocab.txt", texts, before.get("pieces", ()))
    reader = Reader(pretrained(asked.encoder, pieces), names)
    if asked.shipped:
        resume(reader, asked.shipped / "reader.onnx")
    apart = [each for each in parts if each is not None]
    print(f"{len(examples)} hypotheses, {len(apart)} of them in parts, {len(pieces)} word pieces", flush=True)

    def this_round() -> list[Example]:
        """Return the hypotheses, with some of those in parts mixed with others."""
        found = []
        for example, part in zip(examples, parts, strict=True):
            if part is None or len(apart) < 2 or chance.random() >= _MIXED:
                found.append(example)
                continue
            case = mixed(part, chance.choice(apart), chance)
            found.append(example_of(case, read_case(case, surface), surface, names))
        return found

    teach(reader, this_round, pieces, names, n_rounds=asked.rounds, pace=asked.pace)
    ship(reader, pieces, names, asked.to, before.get("weights"))


def teach(
    reader: Reader,
    this_round: Callable[[], Sequence[Example]],
    pieces: Sequence[str],
    names: Names,
    *,
    n_rounds: int,
    pace: float = 1.0,
) -> None:
    """Teach a network, in place.

    Args:
        this_round: Gives the hypotheses of a round, of which there are always as many.
        pace: Factor of the learning rates.
    """
    frozen = [reader.encoder.word, reader.encoder.pos, reader.encoder.typ, reader.encoder.ln]
    for module in [*frozen, *reader.encoder.layers[:_N_FROZEN]]:
        module.requires_grad_(False)
    taught = [p for p in reader.parameters() if p.requires_grad]
    inner = {id(p) for p in reader.encoder.parameters()}
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for p in taught if id(p) in inner], "lr": pace * 1.5e-4},
            {"params": [p for p in taught if id(p) not in inner], "lr": pace * 3e-3},
        ],
        weight_decay=0.01,
        fused=True,
    )
    vocabulary = {piece: n for n, piece in enumerate(pieces)}
    examples = this_round()
    n_steps = n_rounds * math.ceil(len(examples) / _BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, step / (0.08 * n_steps)) * max(0.0, 1 - step / n_steps) + 1e-3
    )
    for n in range(n_rounds):
        examples, total = this_round() if n else examples, 0.0
        encoded = [encode(example.words, vocabulary) for example in examples]
        for batch in _batches([len(ids) for ids, _ in encoded]):
            chosen = [examples[i] for i in batch]
            inputs = _inputs([encoded[i] for i in batch], chosen, vocabulary["[MASK]"])
            with torch.autocast("cpu", dtype=torch.bfloat16):
                scores, _, *of_quantities = reader(*inputs)
            loss = _loss(scores.float(), [each.float() for each in of_quantities], chosen, names)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch declares no type for it
            torch.nn.utils.clip_grad_norm_(taught, 1.0)
            optimizer.step()
            schedule.step()
            total += loss.item() * len(batch)
        print(f"round {n + 1}: loss {total / len(examples):.3f}", flush=True)


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield texts of like length together, in a new order each round."""
    order = list(range(len(lengths)))
    random.shuffle(order)
    found = []
    for start in range(0, len(order), 8 * _BATCH):
        near = sorted(order[start : start + 8 * _BATCH], key=lambda n: lengths[n])
        found += [near[n : n + _BATCH] for n in range(0, len(near), _BATCH)]
    random.shuffle(found)
    yield from found


def _inputs(
    encoded: Sequence[tuple[list[int], list[int]]], examples: Sequence[Example], hidden: int
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    longest = max(len(ids) for ids, _ in encoded)
    ids, mask = torch.zeros(len(encoded), longest, dtype=torch.long), torch.zeros(len(encoded), longest)
    spans = []
    for n, ((mine, first), example) in enumerate(zip(encoded, examples, strict=True)):
        ids[n, : len(mine)] = torch.tensor(mine)
        mask[n, : len(mine)] = 1
        spans += [(n, first[q.start], max(first[q.end], first[q.start] + 1)) for q in example.quantities]
    hide = (torch.rand(ids.shape) < _HIDDEN) & (mask > 0) & (torch.rand(len(encoded), 1) < _HIDES)
    hide[:, 0] = False
    for n, start, end in spans:
        hide[n, start:end] = False
    ids[hide] = hidden
    which, starts, ends = (torch.tensor([span[k] for span in spans], dtype=torch.long) for k in range(3))
    return ids, mask, which, starts, ends


def _loss(scores: Tensor, of_quantities: Sequence[Tensor], examples: Sequence[Example], names: Names) -> Tensor:
    """Return the loss of a batch; what only plans have is averaged over its plans."""
    by_group = dict(zip(names.groups, scores.split([len(each) for each in names.groups.values()], dim=1), strict=True))
    loss = _one_of(by_group["answer"], [(n, e.answers) for n, e in enumerate(examples)])
    plans = [n for n, e in enumerate(examples) if e.dials is not None]
    if not plans:
        return loss
    loss = loss + _one_of(by_group["metric"], [(n, examples[n].metrics) for n in plans if examples[n].metrics])
    loss = loss + _one_of(by_group["direction"], [(n, (int(not examples[n].increases),)) for n in plans])
    for group, field, weight in (
        ("dial", "dials", 1.0),
        ("value", "values", 1.0),
        ("attribute", "attributes", 0.5),
        ("anchor", "anchors", 1.0),
    ):
        truth = torch.tensor([getattr(examples[n], field) for n in plans])
        each = functional.binary_cross_entropy_with_logits(by_group[group][plans], truth, reduction="sum")
        loss = loss + weight * each / len(plans)
    loss = loss + 0.3 * _one_of(by_group["arms"], [(n, (examples[n].n_arms,)) for n in plans])
    shaped = [(n, (shape,)) for n in plans if (shape := examples[n].shape) is not None]
    if shaped:
        loss = loss + _one_of(by_group["shape"], shaped) * len(shaped) / len(plans)
    return loss + _loss_of_quantities(of_quantities, examples) / len(plans)


def _one_of(scores: Tensor, accepted: Sequence[tuple[int, Sequence[int]]]) -> Tensor:
    """Return the mean of minus the logarithm of what the accepted names have together."""
    shares = scores.log_softmax(-1)
    return -torch.stack([shares[n, list(each)].logsumexp(0) for n, each in accepted]).mean()


def _loss_of_quantities(of_quantities: Sequence[Tensor], examples: Sequence[Example]) -> Tensor:
    """Return the loss of the quantities, summed over the plans of a batch."""
    is_value, dial_of, way_of = of_quantities
    of_plan = torch.tensor([e.dials is not None for e in examples for _ in e.quantities])
    blank = [[-1] * len(e.quantities) for e in examples]
    given = torch.tensor([g for e, none in zip(examples, blank, strict=True) for g in (e.given or none)])
    ways = torch.tensor([w for e, none in zip(examples, blank, strict=True) for w in (e.ways or none)])
    n_plans = sum(e.dials is not None for e in examples)
    loss = torch.zeros(())
    if len(of_plan) and of_plan.any():
        truth = (given >= 0).float()[of_plan]
        loss = loss + 2 * functional.binary_cross_entropy_with_logits(is_value[of_plan], truth, reduction="sum")
    if len(given) and (given >= 0).any():
        named = functional.cross_entropy(dial_of, given, ignore_index=-1)
        told = functional.cross_entropy(way_of, ways, ignore_index=-1)
        loss = loss + 0.5 * n_plans * (named + told)
    return loss


if __name__ == "__main__":
    main()
