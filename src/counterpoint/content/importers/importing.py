"""Importing files into the store: recognise, parse, join, place in space, and replace all or nothing."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from counterpoint.content.embedding import SOUND_SPACE, WORD_SPACE, music_embedding, talk_embeddings
from counterpoint.content.importers import music, native, podcasts
from counterpoint.content.importers.parsing import RowRefused
from counterpoint.content.importers.reading import SUFFIXES, RawTable, Row, read_table, unreadable
from counterpoint.content.importers.report import ImportReport, TableReport
from counterpoint.content.item import Item, family_of
from counterpoint.content.store import ContentStore
from counterpoint.errors import InvalidInput

# Most specific first: a table with these columns is that table, whatever the file is called.
_TABLES: tuple[tuple[str, frozenset[str]], ...] = (
    ("items", native.NATIVE_COLUMNS),
    ("tracks", music.TRACK_COLUMNS),
    ("audio features", music.FEATURE_COLUMNS),
    ("podcasts", podcasts.PODCAST_COLUMNS),
    ("genres", music.GENRE_COLUMNS),
)
_FUTURE = timedelta(days=730)  # a release announced further ahead than this is a typing error

K = TypeVar("K", int, str)
V = TypeVar("V")


def import_files(paths: Sequence[Path], store: ContentStore, *, now: datetime) -> ImportReport:
    """Import catalogue files into `store`, and return what became of every row.

    Items that the files do not mention stay as they are; the same files twice change nothing the second time.

    Args:
        paths: Files, or folders whose files are taken. Tables are recognised by their columns: tracks with genres and
            audio features, podcasts, or items in our own form.
        store: Replaced in one step at the end; untouched when anything raises.
        now: The instant of the import, aware UTC; dates more than two years later are refused.

    Raises:
        InvalidInput: A file is missing, unreadable, damaged, empty or of no known table, or nothing in it is an item.
        Conflict: Somebody else wrote to the store meanwhile; import again.
    """
    tables, skipped = _recognised(paths)
    before = store.read()
    parsed = _Parsed(now + _FUTURE)
    for name, raw in tables:
        parsed.take(name, raw)
    fresh = parsed.items()
    if not fresh:
        raise InvalidInput(
            "nothing_to_import",
            "not one row is an item: " + "; ".join(f"{report.path} ({report.table})" for report in parsed.reports()),
            fix="import tracks, podcasts or items; genres and audio features only describe tracks",
            facts={
                "tables": [
                    {"path": r.path, "refused": {k: v.n_rows for k, v in r.refused.items()}} for r in parsed.reports()
                ]
            },
        )
    old = {item.id: item for item in before.items}
    merged = _placed({**old, **fresh})
    changed = [item_id for item_id, item in merged.items() if old.get(item_id) != item]
    version = store.write(merged.values(), expected=before.version) if changed else before.version
    return ImportReport(
        tables=parsed.reports(),
        skipped=skipped,
        n_added=len(fresh.keys() - old.keys()),
        n_updated=sum(item_id in old for item_id in changed),
        n_unchanged=len(fresh) - sum(item_id in fresh for item_id in changed),
        n_stored=len(merged),
        version=version,
    )


class _Parsed:
    """Grows table by table during one import."""

    def __init__(self, latest: datetime) -> None:
        self._latest = latest
        self._tracks: dict[int, music.Track] = {}
        self._genres: dict[str, str] = {}
        self._features: dict[int, dict[str, float]] = {}
        self._items: dict[str, Item] = {}
        self._listed: set[tuple[str, str]] = set()
        self._taken: list[tuple[str, RawTable, int]] = []

    def take(self, name: str, raw: RawTable) -> None:
        """Parse every row of one table; what cannot be parsed is refused with its reason."""
        collect: dict[str, Callable[[], int]] = {
            "items": lambda: _collect(raw, self._items, self._native),
            "tracks": lambda: _collect(raw, self._tracks, self._track),
            "audio features": lambda: _collect(raw, self._features, music.parse_features),
            "podcasts": lambda: _collect(raw, self._items, self._podcast),
            "genres": lambda: _collect(raw, self._genres, music.parse_genre),
        }
        self._taken.append((name, raw, collect[name]()))

    def items(self) -> dict[str, Item]:
        """Return every item of the tables taken, joined."""
        joined = music.join_tracks(list(self._tracks.values()), self._genres, self._features)
        return {**{item.id: item for item in joined}, **self._items}

    def reports(self) -> tuple[TableReport, ...]:
        """Return what became of each table."""
        return tuple(
            TableReport(
                path=str(raw.path),
                table=name,
                n_rows=len(raw.rows) + raw.n_malformed,
                n_accepted=n_accepted,
                refused=raw.refusals.by_code(),
                notes=self._notes(name),
            )
            for name, raw, n_accepted in self._taken
        )

    def _notes(self, name: str) -> tuple[str, ...]:
        n_joined = len(self._tracks.keys() & self._features.keys())
        if name == "tracks":
            nameless = sum(not any(g in self._genres for g in track.genre_ids) for track in self._tracks.values())
            return (
                f"{n_joined} of {len(self._tracks)} tracks have audio features; the others are placed by genre alone",
                *(
                    [f"{nameless} tracks have only their top genre's name: import the genres table with them"]
                    if nameless
                    else []
                ),
            )
        if name == "audio features":
            return (f"{len(self._features) - n_joined} rows describe tracks that are not in this import",)
        return ()

    def _native(self, row: Row) -> tuple[str, Item]:
        item = native.parse_item(row, self._latest)
        return item.id, item

    def _track(self, row: Row) -> tuple[int, music.Track]:
        track = music.parse_track(row, self._latest)
        return track.key, track

    def _podcast(self, row: Row) -> tuple[str, Item]:
        item = podcasts.parse_podcast(row, self._listed)
        return item.id, item


def _collect(raw: RawTable, into: dict[K, V], parse: Callable[[Row], tuple[K, V]]) -> int:
    n_accepted = 0
    for row in raw.rows:
        try:
            key, value = parse(row)
            if key in into:
                raise RowRefused("duplicate_id", f"{key} stands in an earlier row")
        except RowRefused as refused:
            raw.refusals.refuse(refused.code, f"row {row.number}: {refused.why}")
        else:
            into[key] = value
            n_accepted += 1
    return n_accepted


def _recognised(paths: Sequence[Path]) -> tuple[list[tuple[str, RawTable]], dict[str, str]]:
    tables: list[tuple[str, RawTable]] = []
    skipped: dict[str, str] = {}
    for path in paths:
        named = not path.is_dir()
        try:
            found = [path] if named else sorted(child for child in path.iterdir() if child.is_file())
        except OSError as error:
            raise unreadable(path, error) from error
        for file in found:
            if not named and file.suffix.lower() not in SUFFIXES:
                skipped[str(file)] = "not a table"
                continue
            raw = read_table(file)
            name = next((table for table, columns in _TABLES if columns <= raw.columns), None)
            if name is not None:
                tables.append((name, raw))
            elif named:
                raise InvalidInput(
                    "unknown_table",
                    f"these columns are those of no table we know: {', '.join(sorted(raw.columns)[:12])}",
                    where=str(file),
                    fix="; ".join(f"{table} need {', '.join(sorted(columns))}" for table, columns in _TABLES),
                )
            else:
                skipped[str(file)] = "its columns are those of no table we know"
    if not tables:
        raise InvalidInput(
            "nothing_to_import",
            "there is no table to import",
            where=", ".join(map(str, paths)) or None,
            fix=f"name a folder or files ending in {', '.join(SUFFIXES)}",
            facts={"skipped": skipped},
        )
    return tables, skipped


def _placed(items: dict[str, Item]) -> dict[str, Item]:
    """Place what nobody has placed: talk all together, because its axes depend on every description."""
    placed = dict(items)
    talk = [
        item for _, item in sorted(items.items()) if family_of(item.kind) == "talk" and item.space in ("", WORD_SPACE)
    ]
    vectors = talk_embeddings([f"{item.title} {' '.join(item.genres)} {item.description}" for item in talk])
    for item, vector in zip(talk, vectors, strict=True):
        placed[item.id] = replace(item, embedding=vector, space=WORD_SPACE if vector else "")
    for item in items.values():
        if not item.space and family_of(item.kind) == "music" and (vector := music_embedding(item.genres, None)):
            placed[item.id] = replace(item, embedding=vector, space=SOUND_SPACE)
    return placed
