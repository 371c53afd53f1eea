"""The simulated listening log: real items, before the run, and worth learning from."""

from datetime import UTC, datetime

from counterpoint.recommend import evaluate, split_log, train
from counterpoint.simulation import Population, is_simulated, listening_log

START = datetime(2026, 11, 1, tzinfo=UTC)


def test_the_log_is_everybodys_history_and_lies_before_the_run(catalogue, surface):
    population = Population.generate(catalogue, surface, 60, seed=3)
    log = listening_log(population, START)
    assert len(log) == sum(len(listener.history) for listener in population)
    assert all(map(is_simulated, log.units)) and log.at_s.max() < START.timestamp()
    assert all(item in catalogue.row_of for item in log.items)
    assert log.amount.min() > 0


def test_taste_can_be_learnt_from_it(catalogue, surface):
    log = listening_log(Population.generate(catalogue, surface, 500, seed=3), START)
    learnt, held_out = split_log(log, by="time", share=0.2, seed=1)
    recall = {
        name: evaluate(train(name, learnt, data="sim", seed=1), catalogue, learnt, held_out, k=10).recall_at_k
        for name in ("popularity", "als")
    }
    assert recall["als"] > 1.1 * recall["popularity"]
