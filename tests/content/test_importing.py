"""Imports: tables recognised by their columns, rows refused with reasons, nothing changed twice."""

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contracts.memory_content_store import MemoryContentStore
from counterpoint.content import AUDIO_FEATURES, Item, import_files
from counterpoint.errors import InvalidInput

NOW = datetime(2026, 11, 22, tzinfo=UTC)
REAL = Path(__file__).parents[2] / "../shared/data/catalogue"


def write_music(folder: Path) -> None:
    tracks = [
        {"track_id": 1, "title": "One", "genre_top": "Rock", "genres": [12, 25], "listens": 10, "duration_s": 60},
        {"track_id": 2, "title": "Two", "genre_top": "Rock", "genres": [12], "listens": 900, "duration_s": 61},
        {"track_id": 3, "title": "  ", "genre_top": "Rock", "genres": [12], "listens": 5, "duration_s": 62},
        {"track_id": 2, "title": "Two again", "genre_top": "Rock", "genres": [], "listens": 5, "duration_s": 63},
        {"track_id": 5, "title": "Five", "genre_top": "Rock", "genres": [12], "listens": -5, "duration_s": 64},
        {"track_id": 6, "title": "Six Shit", "genre_top": "Rock", "genres": [12], "listens": None, "duration_s": None},
    ]
    for row in tracks:
        row["date_created"] = datetime(2010, 3, 4, 5, 6)  # noqa: DTZ001  naive, as the source has it
    pq.write_table(pa.Table.from_pylist(tracks), folder / "any name.parquet")
    (folder / "g.csv").write_text("genre_id,title,parent_id\n12,Rock,0\n25,Punk,12\n")
    sound = dict.fromkeys(AUDIO_FEATURES, 0.6) | {"tempo": 120.0, "speechiness": 0.1}
    rows = [{"track_id": 1, **sound}, {"track_id": 2, **sound, "energy": 1.5}, {"track_id": 77, **sound}]
    (folder / "f.jsonl").write_bytes(msgspec.json.Encoder().encode_lines(rows))


def test_tracks_genres_and_features_are_joined_whatever_the_files_are_called(tmp_path):
    write_music(tmp_path)
    store = MemoryContentStore()
    report = import_files([tmp_path], store, now=NOW)
    one, two, six = (store.by_id()[f"track:{key}"] for key in (1, 2, 6))
    assert one.genres == ("Punk", "Rock")
    assert one.released_at == datetime(2010, 3, 4, 5, 6, tzinfo=UTC)
    assert (one.popularity, two.popularity, six.popularity) == (25.0, 75.0, None)
    assert (one.explicit, two.explicit, six.explicit) == (False, None, True)
    assert one.artist is None
    assert any(one.embedding[: len(AUDIO_FEATURES)]) and not any(two.embedding[: len(AUDIO_FEATURES)])
    refused = {table.table: {code: rows.n_rows for code, rows in table.refused.items()} for table in report.tables}
    assert refused == {
        "tracks": {"missing_title": 1, "duplicate_id": 1, "out_of_range": 1},
        "genres": {},
        "audio features": {"out_of_range": 1},
    }
    assert "row 4" in next(t for t in report.tables if t.table == "tracks").refused["duplicate_id"].examples[0]
    assert all(table.n_rows == table.n_accepted + table.n_refused for table in report.tables)


def test_the_same_files_twice_change_nothing_the_second_time(tmp_path):
    write_music(tmp_path)
    store = MemoryContentStore()
    first = import_files([tmp_path], store, now=NOW)
    second = import_files([tmp_path], store, now=NOW)
    assert (first.n_added, first.n_updated, first.n_unchanged) == (3, 0, 0)
    assert (second.n_added, second.n_updated, second.n_unchanged) == (0, 0, 3)
    assert store.n_writes == 1 and second.version == first.version


def test_a_changed_row_updates_its_item_and_leaves_the_others(tmp_path):
    file = tmp_path / "items.csv"
    file.write_text("id,kind,title,genres\n1,track,One,Rock|Punk\n2,track,Two,Rock\n")
    store = MemoryContentStore()
    import_files([file], store, now=NOW)
    file.write_text("id,kind,title,genres\n1,track,Eins,Rock|Punk\n")
    report = import_files([file], store, now=NOW)
    assert (report.n_added, report.n_updated, report.n_unchanged, report.n_stored) == (0, 1, 0, 2)
    assert store.by_id()["track:1"].title == "Eins"
    assert store.by_id()["track:1"].genres == ("Rock", "Punk")


def test_our_own_form_keeps_every_fact_and_refuses_impossible_ones(tmp_path):
    rows = [
        {
            "id": "album:9",
            "kind": "album",
            "title": "Nine",
            "artist": "Nobody",
            "markets": ["se", "no"],
            "available_from": "2026-01-01T00:00:00Z",
            "explicit": False,
            "tier": "premium",
            "popularity": 12.5,
            "embedding": [0.5, 0.5],
        },
        {"id": "1", "kind": "song", "title": "x"},
        {"id": "track:1", "kind": "album", "title": "x"},
        {"id": "2", "kind": "track", "title": "x", "popularity": 101},
        {"id": "3", "kind": "track", "title": "x", "tier": "gold"},
        {"id": "4", "kind": "track", "title": "x", "markets": ["Sweden"]},
        {"id": "5", "kind": "track", "title": "x", "released_at": "yesterday"},
        {"id": "6", "kind": "track", "title": "x", "released_at": "2031-01-01"},
        {"id": "7", "kind": "track", "title": "x", "available_from": "2026-01-02", "available_until": "2026-01-01"},
        {"id": "8", "kind": "track", "title": "x", "embedding": ["a"]},
        {"id": "9", "kind": "track", "title": "x", "explicit": "maybe"},
        {"id": "10", "kind": "track"},
    ]
    file = tmp_path / "items.ndjson"
    file.write_bytes(msgspec.json.Encoder().encode_lines(rows) + b"{broken\n[1]\n")
    store = MemoryContentStore()
    report = import_files([file], store, now=NOW)
    (album,) = store.read().items
    assert (album.markets, album.tier, album.artist, album.explicit) == (("NO", "SE"), "premium", "Nobody", False)
    assert (album.embedding, album.popularity) == ((0.5, 0.5), 12.5)
    assert {code: rows.n_rows for code, rows in report.tables[0].refused.items()} == {
        "bad_date": 2,
        "bad_embedding": 1,
        "bad_id": 1,
        "bad_market": 1,
        "empty_window": 1,
        "malformed_json": 1,
        "missing_title": 1,
        "not_an_object": 1,
        "out_of_range": 1,
        "unknown_kind": 1,
        "unknown_tier": 1,
        "wrong_type": 1,
    }


def test_a_podcast_listed_in_two_categories_is_imported_once(tmp_path):
    file = tmp_path / "p.csv"
    file.write_text(
        "podcast_id,title,category,subcategory,url,description,host,frequency,runtime\n"
        "1,Talk,Python,,https://t.example,About snakes,Ann,Weekly,~45 mins\n"
        "2,talk,Web,,https://t.example,About snakes,Ann,Weekly,~45 mins\n"
        "3,Other,Web,,,About nets,,Weekly,varies\n"
        "4,Short,Web\n"
    )
    store = MemoryContentStore()
    report = import_files([file], store, now=NOW)
    assert set(store.by_id()) == {"podcast:1", "podcast:3"}
    assert store.by_id()["podcast:1"].duration_s == 2700
    assert store.by_id()["podcast:3"].duration_s is None
    assert store.by_id()["podcast:1"].popularity is None
    assert set(report.tables[0].refused) == {"listed_twice", "wrong_field_count"}


def test_files_in_a_folder_that_are_no_tables_are_left_alone_and_named(tmp_path):
    write_music(tmp_path)
    (tmp_path / "README.md").write_text("hello")
    (tmp_path / "sales.csv").write_text("month,eur\n1,2\n")
    report = import_files([tmp_path], MemoryContentStore(), now=NOW)
    assert {Path(path).name for path in report.skipped} == {"README.md", "sales.csv"}


def whole_parquet(path: Path) -> bytes:
    pq.write_table(pa.table({"track_id": list(range(500))}), path)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("absent.csv", None, "file_not_found"),
        ("empty.parquet", b"", "empty_file"),
        ("header.csv", b"id,kind,title\n", "empty_file"),
        ("notes.txt", b"hello", "unknown_file_kind"),
        ("wrong.csv", b"month,eur\n1,2\n", "unknown_table"),
        ("noise.parquet", b"PAR1 this is no table PAR1", "damaged_file"),
        ("truncated.parquet", "half", "damaged_file"),
        ("noise.jsonl", b"\xff\xfe nothing\n{also nothing\n", "damaged_file"),
        ("latin.csv", "id,kind,title\n1,track,Gr\u00fcn\n".encode("latin-1"), "damaged_file"),
        ("quotes.csv", b'id,kind,title\n1,track,"open\n', "damaged_file"),
        ("genres.csv", b"genre_id,title,parent_id\n1,Rock,0\n", "nothing_to_import"),
        ("refused.csv", b"id,kind,title\n1,song,x\n", "nothing_to_import"),
    ],
)
def test_a_bad_file_is_one_sentence_with_where_and_what_to_do_and_stores_nothing(tmp_path, name, content, code):
    path = tmp_path / name
    if content == "half":
        content = whole_parquet(path)[:600]
    if content is not None:
        path.write_bytes(content)
    store = MemoryContentStore([Item(id="track:1", kind="track", title="Kept")])
    with pytest.raises(InvalidInput) as caught:
        import_files([path], store, now=NOW)
    assert caught.value.code == code
    assert name in caught.value.sentence and caught.value.fix
    assert store.n_writes == 1 and set(store.by_id()) == {"track:1"}


def test_a_folder_that_the_system_will_not_list_is_said_to_be_unreadable(tmp_path, monkeypatch):
    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(InvalidInput, match="Permission denied") as caught:
        import_files([tmp_path], MemoryContentStore(), now=NOW)
    assert caught.value.code == "unreadable_file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_said_to_be_unreadable(tmp_path):
    file = tmp_path / "items.csv"
    file.write_text("id,kind,title\n1,track,One\n")
    file.chmod(0)
    with pytest.raises(InvalidInput) as caught:
        import_files([file], MemoryContentStore(), now=NOW)
    assert caught.value.code == "unreadable_file"


def test_an_empty_folder_has_nothing_to_import(tmp_path):
    with pytest.raises(InvalidInput, match="no table"):
        import_files([tmp_path], MemoryContentStore(), now=NOW)


@pytest.mark.skipif(not REAL.exists(), reason="needs ../shared/data/catalogue")
def test_the_real_catalogue_is_taken_whole_but_for_podcasts_listed_twice():
    store = MemoryContentStore()
    report = import_files([REAL], store, now=NOW)
    accepted = {table.table: (table.n_accepted, table.n_refused) for table in report.tables}
    assert accepted == {
        "tracks": (17_734, 0),
        "genres": (163, 0),
        "audio features": (13_129, 0),
        "podcasts": (282, 2),
    }
    assert report.n_added == 17_734 + 282
