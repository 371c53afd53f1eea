"""The documents of a folder that are no experiments: what a baseline, a holdout and a domain shall be."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeAlias

import msgspec

from counterpoint.config import BaselineRule
from counterpoint.errors import InvalidInput
from counterpoint.vocabulary import Scalar, digest

Share = Annotated[float, msgspec.Meta(gt=0, le=1)]
AsOf = Annotated[int, msgspec.Meta(ge=0)]


class BaselinePart(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="baseline"
):
    """Values that everybody in no experiment shall get, and the ordered rules.

    Attributes:
        values: Parameters that are not named are left as they are.
        rules: All of them, in order; None leaves them as they are.
        as_of: The release that its author had seen. What others changed later is drift, and is not written over.
        acknowledges: Running experiments whose control it knowingly moves.
    """

    surface: str
    values: dict[str, Scalar] = {}
    rules: tuple[BaselineRule, ...] | None = None
    as_of: AsOf = 0
    acknowledges: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """There is one of a surface."""
        return "baseline"


class HoldoutPart(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="holdout"
):
    """Units that shall be kept out of experiments until `ends_at`; a later end is a renewal.

    Attributes:
        share: Of the units, in each of its two halves; in (0, 0.5].
        unit: The surface's own when None.
        as_of: As in a baseline.
    """

    key: str
    surface: str
    owner: str
    share: Annotated[float, msgspec.Meta(gt=0, le=0.5)]
    ends_at: Annotated[datetime, msgspec.Meta(tz=True)]
    unit: str | None = None
    layers: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    as_of: AsOf = 0


class DomainPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="domain"):
    """Units that shall be reserved for a programme."""

    key: str
    surface: str
    owner: str
    share: Share
    as_of: AsOf = 0


Part: TypeAlias = BaselinePart | HoldoutPart | DomainPart
_TYPES: dict[str, Any] = {"baseline": BaselinePart, "holdout": HoldoutPart, "domain": DomainPart}
KINDS = tuple(_TYPES)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredPart:
    """One document of the desired state that is no experiment.

    Attributes:
        file: Where it was read, named in what is said of it.
    """

    part: Part
    file: str

    @property
    def kind(self) -> str:
        """`baseline`, `holdout` or `domain`."""
        return kind_of(self.part)

    @property
    def place(self) -> tuple[str, str, str]:
        """What no other document may declare, too."""
        return self.kind, self.part.surface, self.part.key


def kind_of(part: Part) -> str:
    """Return `baseline`, `holdout` or `domain`."""
    return str(type(part).__struct_config__.tag)


def parse_part(document: Mapping[str, Any], *, source: str) -> DeclaredPart:
    """Return the part that a document of one of `KINDS` declares.

    Raises:
        InvalidInput: Code `malformed_document`, with the field that is at fault.
    """
    kind = _TYPES[document["kind"]]
    try:
        part: Part = msgspec.convert(dict(document), kind)
    except (msgspec.ValidationError, TypeError) as error:
        raise InvalidInput(
            "malformed_document",
            str(error),
            where=source,
            fix="write it like one that `counterpoint import` writes",
        ) from error
    return DeclaredPart(part=part, file=source)


def claim(source: str) -> str:
    """Return how the reasons of all changes begin that a folder makes."""
    return f"{source} declares "


def reason_for(part: Part, source: str) -> str:
    """Return the reason of a change that a folder makes: by it the same text is known again, whoever published it."""
    text = digest(msgspec.to_builtins(part))[:8]
    return f"{claim(source)}{kind_of(part)} {part.key} so ({text})"
