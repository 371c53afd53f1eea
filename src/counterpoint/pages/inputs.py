"""Everything a page took from outside its process, recorded: with it the page can be made again, exactly."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from counterpoint.pages.evidence import StageRecord, StageStatus
from counterpoint.pages.last_pages import LastPage
from counterpoint.pages.listener import NO_HISTORY, History


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteResult:
    """What one remote source answered to one question.

    Attributes:
        items: Ids, best first.
        title: Title of the shelf when the source names it; empty otherwise.
        explanation: Why, for the listener; None when it gave no reason.
        reason: Why it is not OK, an identifier.
        expires_at_s: From when on it may not be shown any more, epoch seconds; None when its source sets no end.
    """

    status: StageStatus
    items: tuple[str, ...] = ()
    title: str = ""
    explanation: str | None = None
    reason: str = ""
    expires_at_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Recorded results of one page's hydrators and remote sources.

    Attributes:
        history_status: OK, or why `history` is the declared default (nobody known).
        remote: Question (source key and what was asked, such as `genrec/mood`) -> answer.
        last_page: The unit's last complete page, shown again when an essential shelf fails.
        stages: Records of the stages that ran to gather this.
    """

    history: History = NO_HISTORY
    history_status: StageStatus = StageStatus.OK
    remote: Mapping[str, RemoteResult] = field(default_factory=dict)
    last_page: LastPage | None = None
    stages: tuple[StageRecord, ...] = ()
