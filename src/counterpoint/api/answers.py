"""What OpenAPI says about answers: the example of each route, the schema read off it, and the refusals it can give."""

from typing import Any

from counterpoint.api.bodies import ErrorAnswer
from counterpoint.api.examples import Example

Responses = dict[int | str, dict[str, Any]]

_REFUSED = {
    400: "The request is malformed or out of bounds.",
    401: "The token proves nobody, or none came where one is needed.",
    403: "A policy or a missing permission refuses it.",
    404: "The named thing does not exist.",
    409: "It collides with what somebody else holds, or with the state it is in.",
    413: "The body is longer than the API reads.",
    415: "The body is not declared as JSON.",
    422: "A field is missing, unknown or of the wrong type, or the data do not determine the figure.",
    500: "Counterpoint is at fault.",
    503: "Something that Counterpoint relies on failed; try again.",
}


def answers(example: Example, *refused: int, status: int = 200, what: str = "The document.") -> Responses:
    """Return the `responses` of a route that answers in the form of `example`.

    Args:
        example: One true answer; its keys and types are the schema.
        refused: Statuses with which the route can refuse, 500 apart, which all can.
        status: Of the answer.
        what: The answer in words.
    """
    content = {"application/json": {"schema": schema_of(example), "example": example}}
    responses: Responses = {status: {"description": what, "content": content}}
    for each in sorted({*refused, 500}):
        responses[each] = {"description": _REFUSED[each], "model": ErrorAnswer}
    return responses


def listed(key: str, example: Example) -> Example:
    """Return the example of a list of such documents under `key`."""
    return {key: [example]}


def schema_of(value: Any) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) that is read off an example: keys are promised, further keys may come."""
    match value:
        case None:
            return {}
        case bool():
            return {"type": "boolean"}
        case int() | float():
            return {"type": "number"}
        case str():
            return {"type": ["string", "null"]}
        case list():
            return {"type": "array", "items": schema_of(value[0])} if value else {"type": "array", "items": {}}
        case dict():
            keys = {key: schema_of(each) for key, each in value.items() if "." not in key}
            return {"type": "object", "properties": keys}
        case _:
            raise TypeError(f"{type(value).__name__} is not JSON")
