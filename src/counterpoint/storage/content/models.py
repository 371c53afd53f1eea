"""Trained models as files: one NumPy archive per version, and a list of versions that is replaced in one rename."""

import os
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from counterpoint.errors import DependencyFailure, NotFound
from counterpoint.recommend import Trained

_ARRAY = "array_"


class FileModelStore:
    """Keeps trained models in a folder, which is made on the first write.

    Args:
        folder: Where the files are; nobody else may write to it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, model: Trained) -> None:
        """Store `model` as the newest of its name; see `ModelStore.put`."""
        about = {"items": model.items, "facts": dict(model.facts)}
        content: dict[str, Any] = {_ARRAY + key: value for key, value in model.arrays.items()}
        content["about"] = np.frombuffer(msgspec.json.encode(about), dtype=np.uint8)
        versions = [version for version in self.versions(model.name) if version != model.version]
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            partial = self._folder / f"{model.name}.{os.getpid()}.partial"
            with partial.open("wb") as file:
                np.savez_compressed(file, **content)
            partial.replace(self._file(model.name, model.version))
            partial.write_bytes(msgspec.json.encode([*versions, model.version]))
            partial.replace(self._index(model.name))
        except OSError as error:
            raise DependencyFailure(
                "model_not_written",
                f"model {model.name} could not be stored ({error.strerror or error})",
                where=str(self._folder),
                fix="check permissions and free space",
            ) from error

    def get(self, name: str, version: str | None = None) -> Trained:
        """Return a stored version; see `ModelStore.get`."""
        versions = self.versions(name)
        wanted = version or (versions[-1] if versions else None)
        if wanted is None or wanted not in versions:
            raise NotFound(
                "unknown_model_version",
                f"model {name} has no version {wanted}" if wanted else f"model {name} was never trained",
                fix="train it, or name one of " + ", ".join(versions) if versions else "train it",
            )
        path = self._file(name, wanted)
        try:
            with np.load(path, allow_pickle=False) as archive:
                about = msgspec.json.decode(archive["about"].tobytes())
                arrays = {key.removeprefix(_ARRAY): archive[key] for key in archive.files if key.startswith(_ARRAY)}
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, msgspec.DecodeError) as error:
            raise _unreadable(path) from error
        return Trained(name=name, version=wanted, items=tuple(about["items"]), arrays=arrays, facts=about["facts"])

    def versions(self, name: str) -> tuple[str, ...]:
        """Return stored versions of `name`, oldest first."""
        path = self._index(name)
        try:
            return msgspec.json.decode(path.read_bytes(), type=tuple[str, ...])
        except FileNotFoundError:
            return ()
        except (OSError, msgspec.DecodeError) as error:
            raise _unreadable(path) from error

    def _file(self, name: str, version: str) -> Path:
        return self._folder / f"{name}-{version}.npz"

    def _index(self, name: str) -> Path:
        return self._folder / f"{name}.json"


def _unreadable(path: Path) -> DependencyFailure:
    return DependencyFailure(
        "model_unreadable", "the stored model cannot be read", where=str(path), fix="remove the file and train again"
    )
