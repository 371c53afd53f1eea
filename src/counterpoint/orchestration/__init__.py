"""Orchestration: one durable workflow from approval to shipped or rolled back, over every backend."""

from counterpoint.orchestration.backends import (
    AnalysisPlans,
    Backend,
    ContentBackend,
    Desired,
    Diff,
    Edit,
    Goal,
    MeasurementBackend,
    SurfaceBackend,
)
from counterpoint.orchestration.desk import (
    LaunchDesk,
    amend_text,
    approve,
    find,
    move,
    next_due_at,
    open_desk,
    reject,
    submit,
    tick,
    withdraw,
)
from counterpoint.orchestration.launch import (
    ENDED,
    PLATFORM,
    Approval,
    Launch,
    LaunchState,
    Receipt,
    TimelineEntry,
)
from counterpoint.orchestration.ports import Clock, Executor, LaunchStore, Outcome, Progress, Steps, Workflow
from counterpoint.orchestration.recording import spec_of
from counterpoint.orchestration.running import SMOKE_STEP
from counterpoint.orchestration.schedule import end_of, stages
from counterpoint.orchestration.steering import Verb
from counterpoint.orchestration.steps import STEPS, StepPolicy
from counterpoint.orchestration.timings import Timings, timings
from counterpoint.orchestration.world import Inspection, LaunchWorld, Learning, Shipping, StagedShip, Verdict

__all__ = [
    "ENDED",
    "PLATFORM",
    "SMOKE_STEP",
    "STEPS",
    "AnalysisPlans",
    "Approval",
    "Backend",
    "Clock",
    "ContentBackend",
    "Desired",
    "Diff",
    "Edit",
    "Executor",
    "Goal",
    "Inspection",
    "Launch",
    "LaunchDesk",
    "LaunchState",
    "LaunchStore",
    "LaunchWorld",
    "Learning",
    "MeasurementBackend",
    "Outcome",
    "Progress",
    "Receipt",
    "Shipping",
    "StagedShip",
    "StepPolicy",
    "Steps",
    "SurfaceBackend",
    "TimelineEntry",
    "Timings",
    "Verb",
    "Verdict",
    "Workflow",
    "amend_text",
    "approve",
    "end_of",
    "find",
    "move",
    "next_due_at",
    "open_desk",
    "reject",
    "spec_of",
    "stages",
    "submit",
    "tick",
    "timings",
    "withdraw",
]
