"""No function by which an edge writes lets an agent through, whoever adds the next one."""

import dataclasses
import inspect
from collections.abc import Iterator
from typing import Any
from unittest.mock import MagicMock

import pytest

from counterpoint.bootstrap import Edit, Platform
from counterpoint.errors import CounterpointError, Forbidden
from live_platform import live_platform

AGENT = "agent:scout"
NAMES = ("actor", "author", "by")
OPEN = {"agency", "forcing"}  # the door for agents; permits to see a variant, which the surface's policy gives
READ_ONLY = {"plan"}  # the declarative plan names an author and changes nothing


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with live_platform(tmp_path_factory.mktemp("doors")) as (opened, _):
        yield opened


def writers(part: object) -> Iterator[tuple[str, Any, str]]:
    """Yield the public methods of a part that name who acts, and by which argument."""
    for name, method in inspect.getmembers(part, inspect.ismethod):
        for argument in inspect.signature(method).parameters:
            if not name.startswith("_") and name not in READ_ONLY and argument in NAMES:
                yield name, method, argument


def test_every_function_that_names_who_acts_refuses_an_agent(platform: Platform) -> None:
    tried = []
    planes = [getattr(platform, field.name) for field in dataclasses.fields(platform) if field.name not in OPEN]
    for part in (*planes, platform.configuring.aside, platform.configuring.boarding):
        for name, method, argument in writers(part):
            asked = inspect.signature(method).parameters
            others = {
                each: MagicMock()
                for each, parameter in asked.items()
                if each != argument and parameter.default is inspect.Parameter.empty
            }
            with pytest.raises(Forbidden) as caught:
                method(**others, **{argument: AGENT})
            assert caught.value.code in {"park_first", "agents_do_not_approve"}, name
            tried.append(name)
    assert {"submit", "approve", "withdraw", "reject", "move", "set_baseline", "abort", "sync", "apply"} <= set(tried)


def test_no_edit_of_the_configuration_can_be_an_agents() -> None:
    with pytest.raises(CounterpointError) as caught:
        Edit(actor=AGENT, reason="why")
    assert caught.value.code == "park_first"
