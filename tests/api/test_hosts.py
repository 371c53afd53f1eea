"""Which names a process answers to: what a page of another site says in its Host header is refused."""

import asyncio

import httpx
import pytest

from api.fake_platform import FakePlatform
from counterpoint.api import Hosts, create_app
from counterpoint.errors import InvalidInput
from counterpoint.settings import read_settings

LISTED = ("app.example.org", "*.internal")


def answer(host, *, bound="127.0.0.1", allowed=LISTED, path="/healthz"):
    app = Hosts(create_app(FakePlatform()), bound=bound, allowed=allowed)

    async def ask():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1") as client:
            return await client.get(path, headers={"Host": host})

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("host", "bound"),
    [
        *((host, "127.0.0.1") for host in ("127.0.0.1:8321", "localhost", "LOCALHOST:1", "[::1]:8321", "a.localhost")),
        *((host, "127.0.0.1") for host in ("10.1.2.3", "app.example.org:443", "App.Example.org.", "one.internal")),
        *((host, "0.0.0.0") for host in ("control:8321", "delivery-7")),
        ("box.example.net:8321", "box.example.net"),
    ],
)
def test_a_process_answers_under_its_addresses_and_the_names_that_are_its_own(host, bound):
    assert answer(host, bound=bound).status_code == 200


@pytest.mark.parametrize("path", ["/v1/surfaces", "/", "/healthz", "/v1/feed/events"])
@pytest.mark.parametrize("bound", ["127.0.0.1", "0.0.0.0"])
def test_a_name_that_another_site_owns_is_refused_whatever_it_asks_for(path, bound):
    refused = answer("rebound.example.com:8321", bound=bound, path=path)
    assert refused.status_code == 421
    error = refused.json()["error"]
    assert (error["code"], error["where"]) == ("host_not_allowed", "Host")
    assert "COUNTERPOINT_ALLOWED_HOSTS" in error["fix"]


@pytest.mark.parametrize(
    "host", ["", "control", "localhost.evil.example", "127.0.0.1.evil.example", "app.example.org.evil.example", "*"]
)
def test_a_process_of_one_machine_answers_to_no_name_that_only_looks_like_its_own(host):
    assert answer(host).status_code == 421


def test_a_host_of_ten_thousand_letters_is_refused_in_one_sentence():
    assert len(answer("x" * 10_000 + ".example").json()["error"]["message"]) < 250


def test_further_names_are_a_setting_and_an_address_is_none():
    read = read_settings({"COUNTERPOINT_ALLOWED_HOSTS": "app.example.org, *.internal"})
    assert read.allowed_hosts == LISTED
    assert read_settings({}).allowed_hosts == ()
    with pytest.raises(InvalidInput) as refused:
        read_settings({"COUNTERPOINT_ALLOWED_HOSTS": "http://app.example.org"})
    assert (refused.value.code, refused.value.where) == ("bad_setting", "COUNTERPOINT_ALLOWED_HOSTS")
