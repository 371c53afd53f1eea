"""Items, whether each may be shown, the catalogue in memory, its store, and importers."""

from counterpoint.content.availability import Unavailable, Viewer, unavailability
from counterpoint.content.catalogue import Catalogue, LiveCatalogue, build_catalogue, rebase_releases
from counterpoint.content.embedding import AUDIO_FEATURES, music_embedding, talk_embeddings
from counterpoint.content.importers import ImportReport, RefusedRows, TableReport, import_files
from counterpoint.content.item import KINDS, TIERS, Family, Item, Kind, Tier, family_of
from counterpoint.content.store import EMPTY_VERSION, ContentStore, StoredContent

__all__ = [
    "AUDIO_FEATURES",
    "EMPTY_VERSION",
    "KINDS",
    "TIERS",
    "Catalogue",
    "ContentStore",
    "Family",
    "ImportReport",
    "Item",
    "Kind",
    "LiveCatalogue",
    "RefusedRows",
    "StoredContent",
    "TableReport",
    "Tier",
    "Unavailable",
    "Viewer",
    "build_catalogue",
    "family_of",
    "import_files",
    "music_embedding",
    "rebase_releases",
    "talk_embeddings",
    "unavailability",
]
