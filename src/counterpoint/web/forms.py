"""Read the forms of the pages: fields that a browser sent from this very site."""

from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request

from counterpoint.errors import Forbidden, InvalidInput

ANONYMOUS = "anonymous@localhost"
ACTOR_HEADER = "X-Counterpoint-Actor"
_MAX_BYTES = 64_000
_MAX_FIELDS = 50
# As the fields of the pages say to browsers; whoever sends a form without one is held to the same.
_LONGEST = {"reason": 4_000, "note": 4_000, "hypothesis": 4_000, "actor": 128, "owner": 128}


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form, the last of each name, without the spaces around them.

    Raises:
        Forbidden: code `cross_site`, when another site's page sent it.
        InvalidInput: code `bad_form`, when it is too long or not a form; `too_long`, when one of its texts is.
    """
    _refuse_other_sites(request)
    body = await request.body()
    if len(body) > _MAX_BYTES:
        raise InvalidInput("bad_form", f"the form is longer than {_MAX_BYTES:,} bytes", fix="shorten the text")
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict")
    except (UnicodeDecodeError, ValueError) as error:
        raise InvalidInput("bad_form", "the form cannot be read", fix="go back and send it again") from error
    if any("\x00" in each for values in fields.values() for each in values):
        raise InvalidInput("bad_form", "the form holds a null byte", fix="type the text again")
    found = {name: values[-1].strip() for name, values in fields.items()}
    for name, longest in _LONGEST.items():
        if len(found.get(name, "")) > longest:
            raise InvalidInput(
                "too_long", f"it has {len(found[name]):,} characters", where=name, fix=f"say it in at most {longest:,}"
            )
    return found


def required(fields: dict[str, str], name: str, fix: str) -> str:
    """Return a field that must not be empty.

    Raises:
        InvalidInput: code `field_missing`, with `fix`.
    """
    if not fields.get(name):
        raise InvalidInput("field_missing", "this field is empty", where=name, fix=fix)
    return fields[name]


def _refuse_other_sites(request: Request) -> None:
    # A page on another site must not launch an experiment from a visitor's browser.
    origin = request.headers.get("Origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("Host")
    if foreign or request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}:
        raise Forbidden("cross_site", "the form was sent from another site", where=origin, fix="send it from this page")
