"""What one unit costs: one parameter, a second read, a whole surface, every experiment."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.assignment.measure import Figure, latency, per_call_us
from benchmarks.assignment.workload import NOW, requests, snapshot
from counterpoint.config import compile_snapshot

# Shared machines have slow spells of seconds: every figure is taken in turns, with new units each time.
N_ROUNDS = 5


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """One thing to time: `per` calls of it at a time, of new units, or of none."""

    name: str
    call: Callable[[object], object]
    promised: str
    per: int = 1
    of_units: bool = True


def run() -> list[Figure]:
    """Return the figures, each from the quietest of the rounds."""
    asked = _asked()
    warm_up = requests("other", 10_000)
    rounds: dict[str, list[tuple[float, float]]] = {each.name: [] for each in asked}
    for n in range(N_ROUNDS):
        units = requests(f"user{n}", 10_000)
        for each in asked:
            inputs, known = (units, warm_up) if each.of_units else (range(50), ())
            rounds[each.name].append(per_call_us(each.call, inputs, warm_up=known))
    return [latency(each.name, min(rounds[each.name]), each.promised, per=each.per) for each in asked]


def _asked() -> list[_Asked]:
    asked = []
    for n_experiments in (100, 1_000, 10_000):
        compiled = compile_snapshot(snapshot(n_experiments, max(37, n_experiments // 3)))

        def one(item, compiled=compiled):
            unit, context = item
            return compiled.resolve(unit, context, NOW).value("layer00005.dial")

        asked.append(_Asked(name=f"one parameter, {n_experiments} live", call=one, promised="<= 2"))
    compiled = compile_snapshot(snapshot(100, 37))
    config = compiled.resolve("u", requests("reader", 1)[0][1], NOW)
    config.value("layer00005.dial")
    reads = 1_000

    def again(_):
        value = config.value
        for _ in range(reads):
            value("layer00005.dial")

    def whole(item):
        unit, context = item
        return compiled.resolve(unit, context, NOW).read_all()

    def singly(item):
        unit, context = item
        config = compiled.resolve(unit, context, NOW)
        for key in compiled.programs:
            config.value(key)

    everything = compile_snapshot(snapshot(100, 100, share=1.0))

    def every(item):
        unit, context = item
        return everything.resolve(unit, context, NOW).enrolled

    bound = "<= 12, p99 <= 50"
    return [
        *asked,
        _Asked(name="read again", call=again, promised="<= 0.2", per=reads, of_units=False),
        _Asked(name="whole surface (37), 100 live", call=whole, promised=bound),
        _Asked(name="the same 37, read one by one", call=singly, promised=bound),
        _Asked(name="all 100 experiments, 100 % allocated", call=every, promised="<= 20"),
    ]


if __name__ == "__main__":
    from benchmarks.assignment.measure import machine, table

    print(machine())
    print(table(run()))
