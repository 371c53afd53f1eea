"""Backends: every system that a launch touches, behind plan, apply, verify and revert."""

from counterpoint.orchestration.backends.content import ContentBackend
from counterpoint.orchestration.backends.flagd_file import FlagdFile
from counterpoint.orchestration.backends.flagd_http import FlagdHttp
from counterpoint.orchestration.backends.held import HeldBackend, Holder, Note, Notes
from counterpoint.orchestration.backends.measurement import AnalysisPlans, MeasurementBackend
from counterpoint.orchestration.backends.outlook import Outlook, Render, Rendered, split_caveats
from counterpoint.orchestration.backends.parts import Make, Parts
from counterpoint.orchestration.backends.protocol import Backend, Desired, Diff, Edit, Goal, notes_of
from counterpoint.orchestration.backends.reach import ReachBackend
from counterpoint.orchestration.backends.signing import HEADER, REPLAY_WINDOW_S, is_signed, signature
from counterpoint.orchestration.backends.surface import SurfaceBackend
from counterpoint.orchestration.backends.unleash import UnleashProject
from counterpoint.orchestration.backends.unleash_features import render_unleash
from counterpoint.orchestration.backends.webhook import Patience, WebhookBackend

__all__ = [
    "HEADER",
    "REPLAY_WINDOW_S",
    "AnalysisPlans",
    "Backend",
    "ContentBackend",
    "Desired",
    "Diff",
    "Edit",
    "FlagdFile",
    "FlagdHttp",
    "Goal",
    "HeldBackend",
    "Holder",
    "Make",
    "MeasurementBackend",
    "Note",
    "Notes",
    "Outlook",
    "Parts",
    "Patience",
    "ReachBackend",
    "Render",
    "Rendered",
    "SurfaceBackend",
    "UnleashProject",
    "WebhookBackend",
    "is_signed",
    "notes_of",
    "render_unleash",
    "signature",
    "split_caveats",
]
