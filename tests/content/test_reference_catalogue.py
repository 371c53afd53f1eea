"""The catalogue that ships with the package: small, complete enough for every shelf, and properly attributed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

import counterpoint
from counterpoint.content import import_files
from counterpoint.storage.content import FileContentStore

REFERENCE = Path(counterpoint.__file__).parent / "bootstrap/reference"
NOTICE = Path(__file__).parents[2] / "NOTICE"
OURS = Path(__file__).parents[2] / "../shared/home/surface.yaml"


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    store = FileContentStore(tmp_path_factory.mktemp("content"))
    report = import_files([REFERENCE / "catalogue"], store, now=datetime(2026, 11, 22, tzinfo=UTC))
    return report, store.read().items


def test_every_shipped_track_has_audio_features_and_all_podcasts_are_there(shipped):
    report, items = shipped
    assert {table.table: table.n_accepted for table in report.tables} == {
        "tracks": 1500,
        "audio features": 1500,
        "genres": 163,
        "podcasts": 282,
    }
    assert all(item.embedding for item in items)


def test_no_shipped_track_is_known_to_be_explicit(shipped):
    assert not [item.title for item in shipped[1] if item.explicit]


def test_enough_tracks_are_new_at_the_end_of_the_archive(shipped):
    dates = [item.released_at for item in shipped[1] if item.released_at]
    assert sum(date > max(dates) - timedelta(days=28) for date in dates) >= 40


def test_the_shipped_files_stay_under_half_a_megabyte_and_are_attributed():
    files = [path for path in REFERENCE.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 500_000
    notice = NOTICE.read_text()
    assert all(path.name in notice for path in (REFERENCE / "catalogue").iterdir())
    assert "Creative Commons Attribution 4.0" in notice and "Defferrard" in notice and "CC0 1.0" in notice


def test_the_shipped_home_surface_is_a_surface():
    document = yaml.safe_load((REFERENCE / "surface.yaml").read_text())
    assert document["surface"] == "home" and len(document["parameters"]) > 30


@pytest.mark.skipif(not OURS.exists(), reason="needs ../shared/home/surface.yaml")
def test_the_shipped_home_surface_is_the_reference_surface():
    assert yaml.safe_load((REFERENCE / "surface.yaml").read_text()) == yaml.safe_load(OURS.read_text())
