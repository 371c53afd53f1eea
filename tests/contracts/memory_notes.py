"""The fake of `Notes`: records in a dictionary, as JSON, with the same promises."""

import json
from collections.abc import Callable
from typing import Any

Note = dict[str, Any]


class MemoryNotes:
    def __init__(self) -> None:
        self.rows: dict[str, str] = {}

    def get(self, key: str) -> Note | None:
        return None if key not in self.rows else json.loads(self.rows[key])

    def change(self, key: str, change: Callable[[Note | None], Note]) -> Note:
        after = change(self.get(key))
        self.rows[key] = json.dumps(after)
        return after
