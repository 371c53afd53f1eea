"""The platform's own metrics, in the form that Prometheus scrapes."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_PAGE_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5)
_STEP_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)


class Meters:
    """What one process counts; each process has its own registry, so tests and embedded roles do not collide."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.pages = Counter(
            "counterpoint_pages_total",
            "Pages served, by how complete they were.",
            ["surface", "status"],
            registry=self.registry,
        )
        self.page_seconds = Histogram(
            "counterpoint_page_seconds",
            "Time to serve a page.",
            ["surface"],
            buckets=_PAGE_BUCKETS_S,
            registry=self.registry,
        )
        self.events = Counter(
            "counterpoint_events_total", "Events received, by kind of answer.", ["answer"], registry=self.registry
        )
        self.requests = Counter(
            "counterpoint_http_requests_total",
            "HTTP answers, by route and status.",
            ["route", "status"],
            registry=self.registry,
        )
        self.step_seconds = Histogram(
            "counterpoint_launch_step_seconds",
            "Time of one step of a launch.",
            ["step"],
            buckets=_STEP_BUCKETS_S,
            registry=self.registry,
        )
        self.snapshot_release = Gauge(
            "counterpoint_snapshot_release", "Release that this process serves.", ["surface"], registry=self.registry
        )

    def exposition(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)
