"""Loads what is shipped: the Home surface's file, and the catalogue into a store that has none."""

from datetime import datetime
from pathlib import Path

from counterpoint.content import EMPTY_VERSION, ContentStore, import_files

REFERENCE_SURFACE = "home"
_HERE = Path(__file__).parent
_MARK = "reference-version"


def surface_files(further: tuple[Path, ...] = ()) -> tuple[Path, ...]:
    """Return the files of all surfaces: the shipped one first."""
    return (_HERE / "surface.yaml", *further)


def load_reference_content(store: ContentStore, *, folder: Path, now: datetime) -> bool:
    """Import the shipped catalogue into a store that is empty, and return whether the store holds just that.

    Args:
        folder: Where to note which version is the shipped one.
    """
    mark = folder / _MARK
    if store.version() == EMPTY_VERSION:
        report = import_files([_HERE / "catalogue"], store, now=now)
        mark.write_text(report.version, encoding="utf-8")
    return mark.exists() and mark.read_text(encoding="utf-8") == store.version()
