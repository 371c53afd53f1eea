"""The tools that only look: surfaces, catalogue, drafts, validation, preview, power, results, explanations."""

from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from mcp.types import ToolAnnotations
from pydantic import Field

from counterpoint.bootstrap import Agency
from counterpoint.mcp import documents
from counterpoint.mcp.callers import Who, allowed

LOOK = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
DRAFT = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)

Surface = Annotated[str, Field(description="Key of the surface, from list_surfaces.", max_length=256)]
Draft = Annotated[
    str | None,
    Field(description="Id of a draft, from draft_experiment. Give this or `spec`, not both.", max_length=256),
]
Spec = Annotated[
    dict[str, Any] | str | None,
    Field(
        description="A whole experiment spec instead of a draft, as an object or YAML text, in the form that "
        "draft_experiment answers under `spec`."
    ),
]
Experiment = Annotated[
    str, Field(description="Key of the experiment, as every answer about it gives it.", max_length=256)
]


def add_looking(server: MCPServer[Any], agency: Agency, who: Who) -> None:
    """Add the tools that change nothing, or nothing but the agent's own drafts."""
    _add_catalogue(server, agency, who)
    _add_drafting(server, agency, who)
    _add_trying(server, agency, who)
    _add_following(server, agency, who)


def _add_catalogue(server: MCPServer[Any], agency: Agency, who: Who) -> None:
    @server.tool(annotations=LOOK)
    def list_surfaces() -> documents.Surfaces:
        """List the places in the product on which experiments run. Begin here."""
        allowed(who, "read")
        lines = [{"surface": each["key"], "description": each["description"]} for each in agency.surfaces()]
        return documents.Surfaces.model_validate({"surfaces": lines})

    @server.tool(annotations=LOOK)
    def search_catalogue(
        surface: Surface,
        query: Annotated[
            str, Field(description="What to look for, in words; leave it out to see everything.", max_length=500)
        ] = "",
        limit: Annotated[int, Field(ge=1, le=200)] = 20,
    ) -> documents.Catalogue:
        """Find what an experiment on a surface may change (parameters), measure (metrics) and select by (attributes).

        Use it to word a hypothesis in terms that exist. Nothing outside this catalogue can be tested.
        """
        allowed(who, "read")
        return documents.Catalogue.model_validate(agency.search(surface, query, limit=limit))

    @server.tool(annotations=LOOK)
    def search_past_experiments(
        words: Annotated[str, Field(description="What it was about: a hypothesis, or some words.", max_length=4_000)],
        surface: Annotated[str | None, Field(description="Only of this surface.", max_length=256)] = None,
        metric: Annotated[str | None, Field(description="Also its history of effects.", max_length=256)] = None,
        limit: Annotated[int, Field(ge=1, le=50)] = 10,
    ) -> documents.Past:
        """Find ended experiments like the one you have in mind, with what they found and what was decided."""
        allowed(who, "read")
        found = agency.control.search_past(words, surface=surface, metric=metric, limit=limit)
        return documents.Past.model_validate(found)

    @server.tool(annotations=LOOK)
    def my_budget() -> documents.Budget:
        """Say what you may put at risk: largest share, concurrent launches, required guardrails, who approves."""
        return documents.Budget.model_validate(agency.budget(allowed(who, "read")))


def _add_drafting(server: MCPServer[Any], agency: Agency, who: Who) -> None:
    @server.tool(annotations=DRAFT)
    def draft_experiment(
        hypothesis: Annotated[
            str,
            Field(
                description="One hypothesis in plain words: what changes to what, for whom, which metric moves which "
                "way and by how much, what must not get worse, for how long, on what share.",
                min_length=1,
                max_length=4_000,
            ),
        ],
        surface: Surface,
        owner: Annotated[str, Field(description="The team that answers for it.", min_length=1, max_length=256)],
    ) -> documents.Drafted:
        """Turn a hypothesis into a draft: a validated experiment spec that is kept for you under an id.

        When `outcome` is clarify, answer `question` by wording the hypothesis more exactly and call this again; ask
        whoever you work for when you do not know. When it is reject, `question` says what cannot be done, and no other
        wording of the same will. When it is plan, check each field of `spec`: words that were not understood are in
        `plan.residue`. Nothing is launched; validate_experiment comes next.
        """
        proposal = agency.drafts.propose(hypothesis, surface=surface, owner=owner, actor=allowed(who, "read"))
        plan = proposal["plan"]
        why = plan["explanation"] if plan["outcome"] == "reject" else plan.get("question")
        open_question = {"outcome": plan["outcome"], "question": why}
        return documents.Drafted.model_validate({**proposal, **open_question})

    @server.tool(annotations=DRAFT)
    def revise_draft(
        draft: Annotated[str, Field(description="Id of the draft, from draft_experiment.", max_length=256)],
        changes: Annotated[
            dict[str, Any],
            Field(
                description='Dotted path -> new value, such as {"allocation": 0.05}, {"schedule.days": 21}, '
                '{"variants.1.set.podcasts.shelf_position": 2} for one parameter of the first treatment, or '
                '{"metrics.guardrails": [{"metric": "home_empty_rate", "margin": 0.02}]} for a whole list. What is not '
                "named stays as it is."
            ),
        ] = {},  # noqa: B006 - read only; a schema shows it
        remove: Annotated[list[str], Field(description="Dotted paths to take away.", max_length=100)] = [],  # noqa: B006
        apply_fixes: Annotated[bool, Field(description="Also apply the fixes that findings carry.")] = False,
    ) -> documents.Judged:
        """Change named fields of a draft, and see what then speaks against it.

        A finding's `fix` may be given as `changes` as it stands.
        """
        actor = allowed(who, "read")
        agency.drafts.revise(draft, actor=actor, changes=changes, remove=remove, apply_fixes=apply_fixes)
        spec, _ = agency.drafts.spec_of(draft, None, actor)
        return documents.Judged.model_validate({"draft": draft, **agency.validate(spec, actor)})


def _add_trying(server: MCPServer[Any], agency: Agency, who: Who) -> None:
    @server.tool(annotations=LOOK)
    def validate_experiment(draft: Draft = None, spec: Spec = None) -> documents.Judged:
        """Check a draft or a spec against everything that could refuse its launch, your risk budget included.

        While `launchable` is false, mend the findings of severity error: with their `fix`, or as their message says.
        Read the warnings too; a person who approves will.
        """
        actor = allowed(who, "read")
        meant, _ = agency.drafts.spec_of(draft, spec, actor)
        return documents.Judged.model_validate({"draft": draft, **agency.validate(meant, actor)})

    @server.tool(annotations=LOOK)
    def preview_experiment(draft: Draft = None, spec: Spec = None) -> documents.Previewed:
        """Try every variant on recorded requests: how many pages would change, and how. Nobody sees it.

        A treatment that changes no page measures nothing; one that leaves pages empty is refused.
        """
        meant, _ = agency.drafts.spec_of(draft, spec, allowed(who, "read"))
        return documents.Previewed.model_validate(agency.preview(meant))

    @server.tool(annotations=LOOK)
    def power_of_experiment(draft: Draft = None, spec: Spec = None) -> documents.Powered:
        """Say on which day the experiment would be ready for its decision, or that it never would be.

        When it is never ready, or later than the planned days, look for a larger effect, share or audience, or for more
        days, and revise the draft.
        """
        meant, _ = agency.drafts.spec_of(draft, spec, allowed(who, "read"))
        return documents.Powered.model_validate(agency.power(meant))


def _add_following(server: MCPServer[Any], agency: Agency, who: Who) -> None:
    @server.tool(annotations=LOOK)
    def experiment_status(experiment: Experiment) -> documents.Standing:
        """Say in which state an experiment is, and why.

        It ramps, stops on a breached guardrail, pauses on a wrong split and concludes by itself: look now and then.
        """
        allowed(who, "read")
        found = agency.control.experiment(experiment)
        line = {name: found[name] for name in documents.Standing.model_fields if name in found}
        return documents.Standing.model_validate({**line, "experiment": found["key"], "launch": found["launch"]["id"]})

    @server.tool(annotations=LOOK)
    def experiment_results(experiment: Experiment) -> documents.Results:
        """Read the scorecard of an experiment, with what the platform would decide on it now.

        Repeat `summary` when you tell people: each sentence states only figures of this scorecard. Before the planned
        end a difference that looks large is no result; `decision` says what holds.
        """
        allowed(who, "read")
        results = agency.control.results(experiment)
        return documents.Results.model_validate({**results, "experiment": experiment})

    @server.tool(annotations=LOOK)
    def explain_experiment(
        experiment: Experiment,
        unit: Annotated[
            str | None, Field(description="A unit, to see which values it gets and why; looking does not count it.")
        ] = None,
        context: Annotated[
            dict[str, bool | int | float | str], Field(description="Attributes of the unit and of the request.")
        ] = {},  # noqa: B006 - as above
    ) -> documents.Explained:
        """Explain how an experiment came to where it stands and, for a unit, why it gets the values it gets."""
        allowed(who, "read")
        return documents.Explained.model_validate(agency.explain(experiment, unit=unit, context=context))
