"""An engine is chosen by its name, and what it lacks is said in one sentence before anything is read."""

import subprocess
import sys
from pathlib import Path

import pytest

from counterpoint.errors import InvalidInput
from counterpoint.metrics import ENGINES, roll_up, rollup_engine, table_engine
from counterpoint.metrics.engines.spark import session
from counterpoint.settings import ROLLUP_ENGINES, read_settings


def test_the_setting_names_the_engines_that_there_are_and_duckdb_is_the_one_without_it() -> None:
    assert ROLLUP_ENGINES == ENGINES
    assert rollup_engine(read_settings({}).rollup_engine) is roll_up
    assert read_settings({"COUNTERPOINT_ROLLUP_ENGINE": "spark"}).rollup_engine == "spark"
    with pytest.raises(InvalidInput, match="COUNTERPOINT_ROLLUP_ENGINE"):
        read_settings({"COUNTERPOINT_ROLLUP_ENGINE": "hive"})


def test_an_engine_that_there_is_not_is_refused() -> None:
    with pytest.raises(InvalidInput, match="use one of duckdb, spark") as refused:
        table_engine("hive")
    assert refused.value.code == "unknown_engine"


def test_spark_without_its_extra_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "find_spec", lambda name: None)
    for choose in (rollup_engine, table_engine):
        with pytest.raises(InvalidInput) as refused:
            choose("spark")
        assert refused.value.code == "spark_not_installed"
        assert "pip install 'counterpoint[spark]'" in refused.value.fix


@pytest.mark.parametrize("home", [None, "nowhere"])
def test_spark_without_java_is_refused_and_says_where_it_was_looked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, home: str | None
) -> None:
    monkeypatch.setattr(session, "find_spec", lambda name: object())
    monkeypatch.setenv("PATH", str(tmp_path))
    if home is None:
        monkeypatch.delenv("JAVA_HOME", raising=False)
    else:
        monkeypatch.setenv("JAVA_HOME", str(tmp_path / home))
    with pytest.raises(InvalidInput) as refused:
        rollup_engine("spark")
    assert refused.value.code == "java_not_found"
    assert refused.value.where == ("PATH" if home is None else "JAVA_HOME")


def test_nothing_needs_pyspark_to_be_imported() -> None:
    # None in place of a module makes its import an error, as though it were not installed.
    code = (
        "import sys; sys.modules['pyspark'] = sys.modules['py4j'] = None\n"
        "import counterpoint.metrics.engines.spark, counterpoint.cli, counterpoint.bootstrap"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
