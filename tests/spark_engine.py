"""A small Spark in this process, for tests that ask it what they ask DuckDB; skips where Spark cannot be."""

import contextlib
from collections.abc import Iterator

import pytest

from counterpoint.errors import InvalidInput
from counterpoint.metrics.engines.spark import local_spark, require_spark


@contextlib.contextmanager
def spark() -> Iterator[None]:
    """Let this process read on two threads in a JVM, which ends with it."""
    try:
        require_spark()
    except InvalidInput as error:
        pytest.skip(error.sentence)
    with local_spark(threads=2):
        yield
