"""What one unit costs: one parameter, a second read, a whole surface, every experiment."""

from benchmarks.assignment.measure import Figure, latency, per_call_us
from benchmarks.assignment.workload import NOW, requests, snapshot
from counterpoint.config import compile_snapshot


def run() -> list[Figure]:
    figures = []
    asked, warm_up = requests("user", 10_000), requests("other", 10_000)
    for n_experiments in (100, 1_000, 10_000):
        compiled = compile_snapshot(snapshot(n_experiments, max(37, n_experiments // 3)))
        key = "layer00005.dial"

        def one(item, compiled=compiled, key=key):
            unit, context = item
            return compiled.resolve(unit, context, NOW).value(key)

        figures.append(
            latency(f"one parameter, {n_experiments} live", per_call_us(one, asked, warm_up=warm_up), "<= 2")
        )
    compiled = compile_snapshot(snapshot(100, 37))
    config = compiled.resolve("u", asked[0][1], NOW)
    config.value("layer00005.dial")
    reads = 1_000

    def again(_):
        value = config.value
        for _ in range(reads):
            value("layer00005.dial")

    figures.append(latency("read again", per_call_us(again, range(50)), "<= 0.2", per=reads))

    def whole(item):
        unit, context = item
        return compiled.resolve(unit, context, NOW).read_all()

    figures.append(
        latency("whole surface (37), 100 live", per_call_us(whole, asked, warm_up=warm_up), "<= 12, p99 <= 50")
    )

    def singly(item):
        unit, context = item
        config = compiled.resolve(unit, context, NOW)
        for key in compiled.programs:
            config.value(key)

    figures.append(
        latency("the same 37, read one by one", per_call_us(singly, asked, warm_up=warm_up), "<= 12, p99 <= 50")
    )
    everything = compile_snapshot(snapshot(100, 100, share=1.0))

    def every(item):
        unit, context = item
        return everything.resolve(unit, context, NOW).enrolled

    figures.append(latency("all 100 experiments, 100 % allocated", per_call_us(every, asked, warm_up=warm_up), "<= 20"))
    return figures


if __name__ == "__main__":
    from benchmarks.assignment.measure import machine, table

    print(machine())
    print(table(run()))
