"""The in-memory model store: the fake that `test_model_store.py` holds to the same promises as the real one."""

from counterpoint.errors import NotFound
from counterpoint.recommend import Trained


class MemoryModelStore:
    """A `ModelStore` that forgets everything with its process."""

    def __init__(self) -> None:
        self._models: dict[str, dict[str, Trained]] = {}

    def put(self, model: Trained) -> None:
        versions = self._models.setdefault(model.name, {})
        versions.pop(model.version, None)
        versions[model.version] = model

    def get(self, name: str, version: str | None = None) -> Trained:
        versions = self._models.get(name, {})
        if not versions or version not in {*versions, None}:
            raise NotFound("unknown_model_version", f"model {name} has no version {version}")
        return versions[version] if version else list(versions.values())[-1]

    def versions(self, name: str) -> tuple[str, ...]:
        return tuple(self._models.get(name, {}))
