"""What the tools answer: the fields that an agent may rely on, each with its meaning; further ones may come."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Json = dict[str, Any]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class SurfaceLine(_Answer):
    """One place in the product on which experiments run."""

    surface: Annotated[str, Field(description="Its key, which other tools take.")]
    description: str


class Surfaces(_Answer):
    """Where experiments run."""

    surfaces: list[SurfaceLine]


class Entry(_Answer):
    """One thing of a surface's catalogue: bounds, live value, unit and the like are given where it has them."""

    kind: Annotated[str, Field(description="parameter (may be changed), metric (is measured) or attribute (selects).")]
    key: str
    description: str


class Catalogue(_Answer):
    """What was found on a surface, the best first."""

    surface: str
    unit: Annotated[str, Field(description="What is randomised.")]
    policy: Annotated[Json, Field(description="What the surface's owners insist on.")]
    n_found: int
    entries: list[Entry]


class FindingLine(_Answer):
    """One thing that the validator or the risk budget says of a spec."""

    code: str
    severity: Annotated[str, Field(description="`error` refuses, `warning` is worth a look, `info` explains.")]
    path: Annotated[str, Field(description="Dotted path of the field; empty for the whole spec.")]
    message: str
    fix: Annotated[Json, Field(description="Dotted path -> value that mends it; revise_draft takes it as `changes`.")]


class Drafted(_Answer):
    """How a hypothesis was understood."""

    draft: Annotated[str | None, Field(description="Id of the draft, which other tools take; null when one must ask.")]
    outcome: Annotated[str, Field(description="plan, clarify (answer `question` in the hypothesis) or reject.")]
    question: Annotated[
        str | None, Field(description="What must be settled first, or why it is rejected; null when nothing is open.")
    ]
    plan: Annotated[
        Json,
        Field(
            description="Every field, with `provenance`: its source, the words it was read from, and how sure that is "
            "(`confidence` from 0 to 1, null where nobody measured it). `residue`: words that were not understood."
        ),
    ]
    spec: Annotated[Json | None, Field(description="The experiment as it would be launched.")]
    findings: list[FindingLine]


class Judged(_Answer):
    """A spec and everything that speaks against it."""

    draft: Annotated[str | None, Field(description="Id of the draft; null when a spec was given.")]
    spec: Json
    launchable: Annotated[bool, Field(description="Whether no finding refuses it.")]
    findings: list[FindingLine]


class Previewed(_Answer):
    """What the variants do to pages, on recorded or synthetic requests."""

    experiment: str
    known: Annotated[bool, Field(description="False when it cannot be told; `reason` says why.")]
    n_pages: Annotated[int | None, Field(description="Pages composed of each variant.")] = None
    source: Annotated[str | None, Field(description="Recorded or synthetic requests.")] = None
    trigger_rate: Annotated[
        float | None, Field(description="Share of pages that read a parameter of the experiment.")
    ] = None
    variants: Annotated[
        list[Json] | None,
        Field(
            description="Of each variant `share_changed`, pages that differ from control's, and `share_empty`, pages "
            "without a shelf; both from 0 to 1."
        ),
    ] = None
    reason: Annotated[Json | None, Field(description="Why it is not known: code and message.")] = None


class Powered(_Answer):
    """On which day the experiment is ready for its decision, or never, or that it is not known."""

    experiment: str
    known: Annotated[bool, Field(description="False when the history does not tell; `reason` says why.")]
    sentence: Annotated[str, Field(description="The answer in words.")]
    days_planned: Annotated[int | None, Field(description="As the draft has it.")] = None
    reason: Annotated[Json | None, Field(description="Why it is not known: code and message.")] = None


class Parked(_Answer):
    """A write that was asked for, and exactly what it would do. Nothing has been done until it is `executed`."""

    write: Annotated[str, Field(description="Its id, which confirm_write and write_status take.")]
    action: str
    surface: str
    experiment: str
    state: Annotated[
        str,
        Field(
            description="awaiting_approval (a person must approve it), awaiting_confirmation (confirm_write carries it "
            "out), executing, executed, failed, rejected or expired."
        ),
    ]
    needed: Annotated[int, Field(description="How many people must approve it.")]
    approved_by: list[str]
    expires_at: str
    digest: Annotated[str, Field(description="Of what is stored, which is what will be carried out.")]
    consequence: Annotated[Json, Field(description="What it changes: in words, as edits, findings, blast radius.")]
    result: Annotated[Json | None, Field(description="`launch` and its `state` once it was carried out.")]
    next: Annotated[str, Field(description="Who has to do what now.")]


class Writes(_Answer):
    """The agent's parked writes, the last written first."""

    writes: list[Parked]


class Standing(_Answer):
    """Where an experiment stands."""

    experiment: str
    surface: str
    launch: str
    state: Annotated[
        str,
        Field(
            description="planned, validated (waits for approval), approved, applied, verified, running, paused, "
            "stopped, decided; or ended as shipped, rolled_back, archived, refused or failed."
        ),
    ]
    share: Annotated[float, Field(description="Share of all buckets that it holds now.")]
    ends_at: str | None
    reason: Annotated[str, Field(description="Why it is in this state.")]
    decision: Annotated[Json | None, Field(description="What was shipped, or null in `ship`, with the reasons.")]


class Results(_Answer):
    """The scorecard: sample ratio, units per variant, effects with their intervals. Unknown figures say why."""

    experiment: str
    decision: Annotated[Json, Field(description="What the platform would do, or did; `ship` is null for nothing.")]
    decided: Annotated[bool, Field(description="Whether that is the decision, and not the rule as of now.")]
    summary: Annotated[
        list[Json] | None, Field(description="The scorecard in sentences (`text`), each with the figures it states.")
    ] = None
    srm: Annotated[
        Json | None,
        Field(description="The test of the split; with `mismatch` no effect below it can be trusted. Null: too early."),
    ] = None
    metrics: Annotated[
        list[Json] | None,
        Field(
            description="One row for each metric and treatment: `role`, `estimate`, `relative_effect` with their "
            "intervals, or `reason` when there is no figure."
        ),
    ] = None


class Explained(_Answer):
    """Why an experiment stands where it stands and, for a unit, why it gets the values it gets."""

    experiment: str
    state: str
    because: str
    timeline: list[Json]


class Budget(_Answer):
    """What this agent may put at risk, whatever it asks for."""

    actor: str
    largest_share: float
    concurrent_launches: int
    n_under_way: int
    required_guardrails: list[str]
    approvals: int
    approvers: list[str]
    surfaces: Annotated[list[str], Field(description="Where it may act; everywhere when empty.")]


class Past(_Answer):
    """Ended experiments, the nearest first, with what they found."""
