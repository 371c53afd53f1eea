"""The journey of a question: which experiments were there ever, whoever launched them."""

from api.asgi_client import AsgiClient
from counterpoint.api import create_app
from counterpoint.cli import main
from live_platform import live_platform, spec


def test_experiments_are_found_by_state_owner_and_words_after_they_ended_too(tmp_path, capsys):
    with live_platform(tmp_path) as (platform, _):
        platform.control.submit(surface="home", author="ada", spec=spec())
        client = AsgiClient(create_app(platform))

        def keys(query=""):
            return [each["key"] for each in client.get(f"/v1/registry{query}").json()["experiments"]]

        assert keys() == keys("?state=running") == keys("?owner=podcasts") == ["podcasts-second"]
        assert keys("?search=second%20place") == keys("?search=podcasts.shelf_position") == ["podcasts-second"]
        assert keys("?search=tractor") == keys("?state=stopped") == keys("?surface=search") == keys("?offset=1") == []
        platform.control.move("podcasts-second", "stop", actor="ada", reason="enough")
        assert keys("?state=running") == []
        one = client.get("/v1/registry/home/podcasts-second").json()
        assert (one["state"], one["spec"]["allocation"]) == ("archived", 0.1)
        assert client.get("/v1/registry/home/nothing").status_code == 404
        assert client.get("/v1/registry?limit=0").status_code == 422
    assert main(["--data", str(tmp_path), "experiments", "--search", "second place"]) == 0
    assert "podcasts-second" in capsys.readouterr().out
    assert main(["--data", str(tmp_path), "experiments", "--search", "tractor"]) == 0
    assert "No experiment" in capsys.readouterr().out
