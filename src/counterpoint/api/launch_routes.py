"""The routes that make things happen: plan, validate, launch, approve, and whatever is done to a launch by hand."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from counterpoint.api import examples
from counterpoint.api.actor import actor_of
from counterpoint.api.answers import answers, listed
from counterpoint.api.bodies import AmendmentBody, ApprovalBody, LaunchBody, MoveBody, PlanBody, ValidationBody
from counterpoint.api.ports import Control, Document

Actor = Annotated[str, Depends(actor_of)]
LaunchName = Annotated[str, Path(description="Id of the launch, or key of its experiment.", max_length=256)]
_MOVES = {
    "pause": "Everybody in it gets the baseline until it is resumed.",
    "resume": "Every unit finds the variant that it had.",
    "hold": "It stops and nothing is decided: its units keep their places until it is restarted, stopped or archived.",
    "restart": "A held launch goes on at its stage; every unit finds the variant that it had.",
    "stop": "It ends, is decided on what was measured, and ships or rolls back; a held launch too.",
    "kill": "The kill switch: the baseline for everybody at once, whatever else moves the launch; then it is held.",
    "archive": "A held launch ends without a decision: others get its buckets, and what was learnt is kept.",
}


def launch_routes(control: Control) -> APIRouter:
    """Return the routes that ask `control` to act."""
    routes = APIRouter(prefix="/v1", tags=["launching"])

    @routes.post(
        "/plans",
        summary="Plan a hypothesis",
        description="Reads a hypothesis, says where each field of the plan came from, generates a spec and validates "
        "it. Nothing is stored, except what a language model was asked and answered, where one is configured.",
        responses=answers(examples.PLANNED, 400, 404, 413, 415, 422, 503),
    )
    def plan_hypothesis(body: PlanBody) -> Document:
        return control.plan(body.hypothesis, surface=body.surface, owner=body.owner)

    @routes.post(
        "/validations",
        summary="Validate a spec",
        description="Returns the findings; none of severity `error` means that it may be launched. Nothing is stored.",
        responses=answers(examples.VALIDATED, 400, 404, 413, 415, 422),
    )
    def validate_spec(body: ValidationBody) -> Document:
        return control.validate(body.spec)

    @routes.post(
        "/launches",
        status_code=201,
        summary="Launch a hypothesis or a spec",
        description="Begins a durable launch, which goes on whatever happens to this connection. A refusal by the "
        "validator is an answer too: `state` is `refused` and `findings` say why.",
        responses=answers(examples.LAUNCHED, 400, 403, 404, 409, 413, 415, 422, 503, status=201),
    )
    def submit_launch(body: LaunchBody, actor: Actor, response: Response) -> Document:
        surface = body.surface or _surface_of(body.spec)
        launch = control.submit(
            surface=surface, author=actor, hypothesis=body.hypothesis, spec=body.spec, wait_s=body.wait_s
        )
        response.headers["Location"] = f"/v1/launches/{launch['id']}"
        return launch

    @routes.get("/launches", summary="List launches", responses=answers(listed("launches", examples.LAUNCHED), 404))
    def list_launches(surface: Annotated[str | None, Query(description="Only of this surface.")] = None) -> Document:
        return {"launches": control.launches(surface)}

    @routes.get("/launches/{name}", summary="Read a launch", responses=answers(examples.LAUNCHED, 404))
    def read_launch(name: LaunchName) -> Document:
        return control.launch(name)

    @routes.post(
        "/launches/{name}/approvals",
        summary="Approve a launch",
        description="One person's yes; nobody approves a launch of their own.",
        responses=answers(examples.LAUNCHED, 400, 403, 404, 409, 415, 422),
    )
    def approve_launch(name: LaunchName, body: ApprovalBody, actor: Actor) -> Document:
        return control.approve(name, by=actor, note=body.note)

    @routes.post(
        "/launches/{name}/withdrawals",
        summary="Take an approval back",
        description="One's own, of a launch that has not begun.",
        responses=answers(examples.LAUNCHED, 400, 403, 404, 409, 415, 422),
    )
    def withdraw_approval(name: LaunchName, body: MoveBody, actor: Actor) -> Document:
        return control.withdraw(name, by=actor, reason=body.reason)

    @routes.post(
        "/launches/{name}/rejections",
        summary="Refuse a launch for good",
        description="One that has not begun; its author may too.",
        responses=answers(examples.LAUNCHED, 400, 403, 404, 409, 415, 422),
    )
    def reject_launch(name: LaunchName, body: MoveBody, actor: Actor) -> Document:
        return control.reject(name, by=actor, reason=body.reason)

    @routes.post(
        "/launches/{name}/amendments",
        summary="Amend the text of a running launch",
        description="The whole spec with what changes: the ramp ahead, stricter rules and margins, the end of an "
        "always-valid test. What would change the registered error rates is refused, and so is what would expose more "
        "than people have approved.",
        responses=answers(examples.LAUNCHED, 400, 403, 404, 409, 413, 415, 422, 503),
    )
    def amend_launch(name: LaunchName, body: AmendmentBody, actor: Actor) -> Document:
        return control.amend(name, body.spec, actor=actor, reason=body.reason)

    for goal, consequence in _MOVES.items():
        _add_move(routes, control, goal, consequence)
    return routes


def _surface_of(spec: Document | str | None) -> str:
    named = spec.get("surface") if isinstance(spec, dict) else None
    return str(named or "home")


def _add_move(routes: APIRouter, control: Control, goal: str, consequence: str) -> None:
    @routes.post(
        f"/launches/{{name}}/{goal}",
        name=f"{goal}_launch",
        summary=f"{goal.capitalize()} a launch",
        description=consequence,
        responses=answers(examples.LAUNCHED, 400, 403, 404, 409, 415, 422, 503),
    )
    def move_launch(name: LaunchName, body: MoveBody, actor: Actor) -> Document:
        return control.move(name, goal, actor=actor, reason=body.reason)
