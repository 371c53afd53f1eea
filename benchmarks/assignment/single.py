"""What one unit costs: one parameter, a second read, a whole surface, every experiment."""

from benchmarks.assignment.measure import Figure, per_call_us
from benchmarks.assignment.workload import NOW, contexts, snapshot
from counterpoint.config import compile_snapshot


def run() -> list[Figure]:
    figures = []
    asked = [(f"user-{place}", context) for place, context in enumerate(contexts(1_000))]
    for n_experiments in (100, 1_000, 10_000):
        compiled = compile_snapshot(snapshot(n_experiments, max(37, n_experiments // 3)))
        key = "layer00005.dial"

        def one(item, compiled=compiled, key=key):
            unit, context = item
            return compiled.resolve(unit, context, NOW).value(key)

        median, p99 = per_call_us(one, asked)
        figures.append(Figure(name=f"one parameter, {n_experiments} live", measured=median, unit="us", promised="<= 2", p99=p99))
    compiled = compile_snapshot(snapshot(100, 37))
    config = compiled.resolve("u", asked[0][1], NOW)
    config.value("layer00005.dial")
    reads = 1_000

    def again(_):
        value = config.value
        for _ in range(reads):
            value("layer00005.dial")

    median, p99 = per_call_us(again, range(50))
    figures.append(Figure(name="read again", measured=median / reads, unit="us", promised="<= 0.2", p99=p99 / reads))

    def whole(item):
        unit, context = item
        return compiled.resolve(unit, context, NOW).read_all()

    median, p99 = per_call_us(whole, asked)
    figures.append(Figure(name="whole surface (37), 100 live", measured=median, unit="us", promised="<= 12, p99 <= 50", p99=p99))

    def singly(item):
        unit, context = item
        config = compiled.resolve(unit, context, NOW)
        for key in compiled.programs:
            config.value(key)

    median, p99 = per_call_us(singly, asked)
    figures.append(Figure(name="the same 37, read one by one", measured=median, unit="us", promised="", p99=p99))
    everything = compile_snapshot(snapshot(100, 100, share=1.0))

    def every(item):
        unit, context = item
        return everything.resolve(unit, context, NOW).enrolled

    median, p99 = per_call_us(every, asked)
    figures.append(Figure(name="all 100 experiments, 100 % allocated", measured=median, unit="us", promised="<= 20", p99=p99))
    return figures


if __name__ == "__main__":
    from benchmarks.assignment.measure import machine, table

    print(machine())
    print(table(run()))
