"""What a check found, in words: findings with what was expected, what is there, since when, and what to do."""

from collections.abc import Iterator, Mapping
from typing import Any

Document = dict[str, Any]


def standing_key(backend: str, surface: str) -> str:
    """Return the key under which what a check of a backend on a surface saw is noted."""
    return f"standing/{backend}/{surface}"


def findings_of(note: Mapping[str, Any]) -> Iterator[Document]:
    """Yield what a noted check has found."""
    backend, surface, experiment = note.get("backend", ""), note.get("surface", ""), note.get("experiment")
    common = {"backend": backend, "surface": surface, "experiment": experiment}
    if note.get("down"):
        yield {
            **common,
            "code": "backend_down",
            "path": "",
            "since": note["down"]["since"],
            "message": f"{backend} does not answer: {note['down']['why']}",
            "fix": "nothing yet: it is asked again; what it holds is not known meanwhile",
            "expected": None,
            "found": None,
        }
    for path, flag in (note.get("flags") or {}).items():
        yield {
            **common,
            "code": flag["code"],
            "path": path,
            "since": flag["since"],
            "message": _said(flag, backend, path),
            "fix": _fix(flag["code"], backend, surface, experiment),
            "expected": flag["expected"],
            "found": flag["found"],
        }


def _said(flag: Mapping[str, Any], backend: str, path: str) -> str:
    if "why" in flag:
        return str(flag["why"])
    return f"{path} in {backend} is not what was put there: somebody changed it by hand, or a write died halfway"


def _fix(code: str, backend: str, surface: str, experiment: str | None) -> str:
    if code == "flag_taken":
        return "remove or rename it there, or give the backend a prefix"
    if code == "release_altered":
        return "restore the rows of releases and release_parts from a backup; until then nothing new can be published"
    if experiment is not None:
        return f"bring it back there by hand, or move the launch: counterpoint pause, resume or stop {experiment}"
    who = f"--surface {surface} --by WHO --reason WHY"
    return f"counterpoint live reapply {backend} {who}, or counterpoint live adopt {backend} {who}"
