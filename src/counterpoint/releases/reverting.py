"""Taking releases back: Changes that restore parts of an older state, and who set what."""

from collections.abc import Iterable

from counterpoint.errors import Conflict, NotFound
from counterpoint.releases.operations import Restore
from counterpoint.releases.ports import ReleaseStore
from counterpoint.releases.release import Release, ReleaseNote
from counterpoint.releases.state import changed_parts


def revert_operations(store: ReleaseStore, surface: str, number: int, *, force: bool = False) -> tuple[Restore, ...]:
    """Return the operations of a Change that undoes release `number` alone.

    Args:
        force: Undo it even where later releases have changed the same parts, losing what they did there.

    Raises:
        NotFound: `unknown_release`, also for the first release, before which nothing was.
        Conflict: `touched_since`, when a later release changed the same parts; its facts name parts and releases.
    """
    note = _note(store, surface, number)
    head = store.head(surface)
    if number == 1 or head is None:
        raise NotFound(
            "unknown_release",
            "before release 1 there was nothing",
            where=f"surfaces.{surface}",
            fix="change it instead",
        )
    if not force:
        _refuse_touched(store, surface, note)
    return (_restore(store, surface, number - 1, note.paths),)


def restore_operations(store: ReleaseStore, surface: str, number: int) -> tuple[Restore, ...]:
    """Return the operations of a Change that brings back release `number` as a whole.

    Keys that were retired since stay retired: results are kept under them.

    Raises:
        NotFound: `unknown_release`.
        Conflict: `nothing_changes`, when what is live is equal to it.
    """
    then = store.get(surface, number)
    live = store.latest(surface)
    if live is None:
        raise NotFound("unknown_surface", f"no surface '{surface}'", where="surface")
    paths = [path for path in changed_parts(live.state, then.state) if not path.startswith("retired/")]
    back = {f"experiments/{key}" for key in live.state.retired}
    wanted = [path for path in paths if path not in back and not _would_resume(path, live)]
    if not wanted:
        raise Conflict("nothing_changes", f"what is live equals release {number}", where=f"surfaces.{surface}")
    return (_restore(store, surface, number, wanted),)


def blame(store: ReleaseStore, surface: str, path: str) -> ReleaseNote:
    """Return the release that last changed the part at `path`, such as `baseline/ranking.model`.

    Raises:
        NotFound: `unknown_part`, when no release ever had it.
    """
    notes = store.history(surface, path=path, limit=1)
    if not notes:
        raise NotFound("unknown_part", f"no release of '{surface}' has '{path}'", where=path)
    return notes[0]


def _would_resume(path: str, live: Release) -> bool:
    name, _, key = path.partition("/")
    return name == "rollouts" and key not in live.state.rollouts


def _restore(store: ReleaseStore, surface: str, number: int, paths: Iterable[str]) -> Restore:
    # A rollout that is over is never taken up again: what it had reached is history, and its hours have passed.
    bodies = {
        path: None if path.startswith("rollouts/") else store.part(surface, path, number) for path in sorted(paths)
    }
    return Restore(
        number=number, parts={path: None if body is None else body.decode() for path, body in bodies.items()}
    )


def _note(store: ReleaseStore, surface: str, number: int) -> ReleaseNote:
    notes = store.history(surface, limit=1, before=number + 1)
    if not notes or notes[0].number != number:
        raise NotFound("unknown_release", f"'{surface}' has no release {number}", where=f"surfaces.{surface}")
    return notes[0]


def _refuse_touched(store: ReleaseStore, surface: str, note: ReleaseNote) -> None:
    touched: dict[str, int] = {}
    for path in note.paths:
        last = store.history(surface, path=path, limit=1)
        if last and last[0].number > note.number:
            touched[path] = last[0].number
    if touched:
        first = min(touched)
        raise Conflict(
            "touched_since",
            f"release {touched[first]} changed {first} again",
            where=f"release {note.number}",
            fix="revert that one first, or force it",
            facts={"touched": touched},
        )
