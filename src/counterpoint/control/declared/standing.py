"""What is known of a part that a folder declares: who changed it last, and what became of what was proposed for it."""

from dataclasses import dataclass

from counterpoint.control.changes import Proposal
from counterpoint.control.configuring import Configuring
from counterpoint.control.declared.parts import claim
from counterpoint.releases import AuditEntry, ReleaseNote

_N_PROPOSALS = 50
_N_NOTES = 50
_ADOPT = "adopt_part"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Reads history and proposals as one folder's own or somebody else's.

    Attributes:
        source: Name of the folder.
    """

    configuring: Configuring
    source: str

    def is_ours(self, reason: str) -> bool:
        """Return whether this folder gave that reason."""
        return reason.startswith(claim(self.source))

    def last(self, surface: str, path: str) -> ReleaseNote | None:
        """Return the newest release that changed a part of the state; None when none ever did."""
        notes = self.configuring.desk.releases.history(surface, path=path, limit=1)
        return notes[0] if notes else None

    def changed_by_hand(self, surface: str, paths: dict[str, str], as_of: int) -> tuple[str, ...]:
        """Return a sentence for each part that somebody else changed after release `as_of`.

        Args:
            paths: Path of the part -> how it is called in the document.
        """
        said = []
        for path, name in paths.items():
            note = self.last(surface, path)
            if note is not None and note.number > as_of and not self.is_ours(note.reason):
                said.append(f"{name} was changed in release {note.number} by {note.author}: {note.reason}")
        return tuple(said)

    def began(self, surface: str, path: str) -> bool:
        """Return whether this folder began or renewed what stands at `path`, or has adopted it since."""
        notes = self.configuring.desk.releases.history(surface, path=path, limit=_N_NOTES)
        entries = self.configuring.desk.audit.entries(subject=f"surfaces/{surface}/{path}", limit=_N_NOTES)
        adopted = next((each for each in entries if each.action == _ADOPT), None)
        if adopted is not None and adopted.after is not None and adopted.after["source"] == self.source:
            return True
        # What another folder has adopted is its own, until this one says something of it again.
        return any(self.is_ours(each.reason) for each in notes if adopted is None or each.created_at > adopted.at)

    def adopt(self, surface: str, path: str) -> None:
        """Make this folder the one that declares what stands at `path`; the audit log keeps that."""
        if self.began(surface, path):
            return
        desk = self.configuring.desk
        desk.audit.record(
            AuditEntry(
                id=f"{_ADOPT}:{desk.new_id()}",
                at=desk.clock(),
                actor=self.source,
                action=_ADOPT,
                subject=f"surfaces/{surface}/{path}",
                reason=f"imported into {self.source}, which declares it from now on",
                before=None,
                after={"source": self.source},
            )
        )

    def proposed(self, surface: str) -> tuple[Proposal, ...]:
        """Return what this folder proposed on a surface, the last touched first."""
        found = self.configuring.desk.proposals.list(surface, limit=_N_PROPOSALS)
        return tuple(each for each in found if self.is_ours(each.reason))
