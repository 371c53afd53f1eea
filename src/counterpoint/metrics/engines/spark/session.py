"""Opens Spark, and says in one sentence what is missing when it cannot be opened."""

import contextlib
import logging
import os
import shutil
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from counterpoint.errors import CannotCompute, DependencyFailure, InvalidInput

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_LOG4J = Path(__file__).with_name("log4j2.properties")
# What the first session of a process is opened with; a master, memory and the like are Spark's own settings.
_OPENED_WITH = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile=file:{_LOG4J}",
}
# What every reading is done with, whoever opened Spark.
_READ_WITH = {"spark.sql.ansi.enabled": "true", "spark.sql.session.timeZone": "UTC"}
# Without any of these Spark runs on this machine, and need listen to nobody else.
_TELL_WHERE = ("SPARK_CONF_DIR", "SPARK_HOME", "PYSPARK_SUBMIT_ARGS", "MASTER")
_LOCAL = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
_TOO_LARGE = ("OVERFLOW", "NUMERIC_VALUE_OUT_OF_RANGE")
_OPENING = Lock()


def require_spark() -> None:
    """Refuse a process that cannot have Spark.

    Raises:
        InvalidInput: `spark_not_installed` without the package's extra, `java_not_found` without Java.
    """
    if find_spec("pyspark") is None:
        raise InvalidInput(
            "spark_not_installed",
            "the engine spark needs an extra, which is not installed",
            where="pyspark",
            fix="pip install 'counterpoint[spark]', or use the engine duckdb",
        )
    home = os.environ.get("JAVA_HOME")
    found = Path(home, "bin", "java").is_file() if home else shutil.which("java") is not None
    if not found:
        raise InvalidInput(
            "java_not_found",
            "Spark runs on Java, and no java was found",
            where="JAVA_HOME" if home else "PATH",
            fix="install Java 17 or newer and put java on PATH, or use the engine duckdb",
        )


@contextlib.contextmanager
def reading() -> Iterator["SparkSession"]:
    """Yield a session whose views are its own; the cluster or the JVM beneath it is one for the process.

    Raises:
        InvalidInput: `spark_not_installed` or `java_not_found`.
        CannotCompute: `metric_overflow` when values are too large to be summed exactly.
        DependencyFailure: `spark_unavailable` when Spark cannot be started or is gone, `query_failed` when it refuses.
    """
    session = _open().newSession()
    for name, value in _READ_WITH.items():
        session.conf.set(name, value)
    if session.sparkContext.master.startswith("local"):
        # Spark's own default is meant for a cluster, and takes seconds to share a little out among 200.
        session.conf.set("spark.sql.shuffle.partitions", str(2 * session.sparkContext.defaultParallelism))
    from py4j.protocol import Py4JError, Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        yield session
    except (PySparkException, Py4JJavaError) as error:
        raise _told(error) from error
    except (Py4JError, OSError) as error:
        raise _gone(error) from error


@contextlib.contextmanager
def local_spark(*, threads: int) -> Iterator["SparkSession"]:
    """Yield Spark on some threads of this machine, for readings meanwhile; it ends afterwards."""
    session = _open(f"local[{threads}]")
    try:
        yield session
    finally:
        session.stop()


def _open(master: str | None = None) -> "SparkSession":
    require_spark()
    with _OPENING, warnings.catch_warnings():
        # Of the libraries that pyspark could use beside what is used here.
        warnings.simplefilter("ignore")
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession

        # Every refused query, with the whole trace of the JVM, would go to the standard error.
        logging.getLogger("SQLQueryContextLogger").disabled = True
        active = SparkSession.getActiveSession()
        if active is not None:
            return active
        builder = SparkSession.builder.appName("counterpoint")
        if master is not None:
            builder = builder.master(master)
        local = master is not None or not any(os.environ.get(name) for name in _TELL_WHERE)
        for name, value in (_OPENED_WITH | (_LOCAL if local else {})).items():
            builder = builder.config(name, value)
        try:
            return builder.getOrCreate()
        except (PySparkException, RuntimeError, OSError) as error:
            raise _gone(error) from error


def literal_path(path: Path) -> str:
    """Return a file's path as Spark reads it; its own name must not be taken for a pattern of names."""
    return "".join(f"\\{c}" if c in "\\{}[]*?" else c for c in str(path))


def _told(error: Any) -> CannotCompute | DependencyFailure:
    # What Spark has no name for comes as Java threw it.
    condition = getattr(error, "getCondition", str)() or ""
    if any(each in condition for each in _TOO_LARGE):
        return CannotCompute(
            "metric_overflow",
            "values of a metric are too large to be summed exactly",
            fix="record them in a larger unit",
        )
    return DependencyFailure("query_failed", f"the event records cannot be read ({first_line(error)})")


def _gone(error: BaseException) -> DependencyFailure:
    return DependencyFailure(
        "spark_unavailable",
        f"Spark cannot be reached ({first_line(error)})",
        fix="check that java is 17 or newer, and what Spark's own configuration says",
    )


def first_line(error: BaseException) -> str:
    """Return the first line of what went wrong, without the trace of the JVM."""
    thrown = getattr(error, "java_exception", None)
    lines = str(error if thrown is None else thrown.getMessage()).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")
