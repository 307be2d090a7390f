"""What models there are, what each is, and which count as loaded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.talking import CHAT, GENERATE, GPT, OPENAI, QWEN, asking
from tests.cerebras import Fake

ABLE = {
    "id": "new-model-9b",
    "created": 1_900_000_000,
    "owned_by": "Someone",
    "capabilities": {"vision": True, "tools": True, "reasoning": False},
    "limits": {"max_context_length": 32_000, "max_completion_tokens": 8_000},
}


@pytest.fixture
def fresh(make_client: MakeClient) -> FlaskClient:
    """With nothing loaded yet."""
    return make_client()


def loaded(client: FlaskClient) -> dict[str, timedelta]:
    """The models that count as loaded, and for how long they still will."""
    listed = client.get("/api/ps").get_json()["models"]
    now = datetime.now(UTC)
    return {
        model["name"]: datetime.fromisoformat(model["expires_at"]) - now
        for model in listed
    }


def about(minutes: float) -> Any:
    return pytest.approx(minutes * 60, abs=5)


def test_tags_list_what_the_upstream_serves(client: FlaskClient) -> None:
    models = client.get("/api/tags").get_json()["models"]

    assert {model["name"] for model in models} == {f"{GPT}:latest", f"{QWEN}:latest"}
    assert len({model["digest"] for model in models}) == 2


def test_the_newest_model_is_listed_first(make_client: MakeClient) -> None:
    client = make_client(models=[{"id": GPT}, ABLE, {"id": QWEN}])

    names = [model["name"] for model in client.get("/api/tags").get_json()["models"]]

    assert names == ["new-model-9b:latest", f"{QWEN}:latest", f"{GPT}:latest"]


def test_a_model_nobody_has_heard_of_is_served_all_the_same(
    make_client: MakeClient,
) -> None:
    client = make_client(models=[ABLE])

    [tag] = client.get("/api/tags").get_json()["models"]
    shown = client.post("/api/show", json={"model": "new-model:9b"}).get_json()

    assert tag["capabilities"] == ["completion", "vision", "tools"]
    assert tag["details"]["parameter_size"] == "9B"
    assert tag["details"]["context_length"] == 32_000
    assert shown["capabilities"] == tag["capabilities"]
    assert shown["remote_model"] == "new-model-9b"


def test_tags_and_show_ask_the_upstream_nothing(
    client: FlaskClient, fake: Fake
) -> None:
    client.get("/api/tags")
    client.get("/v1/models")
    client.post("/api/show", json={"model": GPT})

    assert fake.requests() == []


@pytest.mark.parametrize(
    "body",
    [
        {"model": GPT},
        {"name": GPT},
        {"model": "", "name": f"{GPT}:latest"},
        {"model": f" {GPT} "},
        {"model": "gpt-oss:120b"},
        {"model": "GPT-OSS:120B-cloud"},
        {"MODEL": "gpt-oss-120b:cloud"},
    ],
    ids=str,
)
def test_a_model_is_shown_by_each_of_its_names(
    client: FlaskClient, body: dict[str, str]
) -> None:
    shown = client.post("/api/show", json=body).get_json()

    assert shown["remote_model"] == GPT


def test_what_one_client_asks_to_see_reaches_no_other(client: FlaskClient) -> None:
    def shown(agent: str = "curl", **asked: object) -> dict[str, object]:
        body = {"model": "gpt-oss:120b", **asked}
        reply = client.post("/api/show", json=body, headers={"User-Agent": agent})
        return dict(reply.get_json())

    plain = shown()

    assert "Be terse." in str(shown(system="Be terse.")["modelfile"])
    assert "general.basename': 'gpt-oss:120b'" in str(shown("GitHubCopilotChat/1"))
    assert shown() == plain
    assert "Be terse." not in str(plain)


def test_every_unknown_name_is_the_default_models(
    make_client: MakeClient, fake: Fake
) -> None:
    client = make_client(CAI_MODEL="qwen3.8:27b")

    shown = client.post("/api/show", json={"model": "llama3.2:1b"})
    said = client.post(CHAT, json=asking(CHAT, model="llama3.2:1b", stream=False))
    nameless = client.post(CHAT, json=asking(CHAT, model=""))

    assert shown.get_json()["remote_model"] == QWEN
    assert said.get_json()["model"] == "llama3.2:1b"
    assert said.get_json()["remote_model"] == QWEN
    assert fake.inference_requests()[0]["body"]["model"] == QWEN
    assert nameless.status_code == 400


def test_nothing_is_loaded_at_first(fresh: FlaskClient) -> None:
    assert fresh.get("/api/ps").get_json() == {"models": []}


@pytest.mark.parametrize("path", [CHAT, GENERATE, OPENAI])
def test_a_model_that_is_used_counts_as_loaded(fresh: FlaskClient, path: str) -> None:
    fresh.post(path, json=asking(path, model="gpt-oss:120b"))

    assert {n: left.total_seconds() for n, left in loaded(fresh).items()} == {
        f"{GPT}:latest": about(minutes=5)
    }


@pytest.mark.parametrize("path", [CHAT, GENERATE])
@pytest.mark.parametrize(
    ("keep_alive", "minutes"), [("1h", 60), (90, 1.5), (90.0, 1.5), (None, 5)]
)
def test_a_model_stays_as_long_as_it_was_asked_to(
    fresh: FlaskClient, path: str, keep_alive: Any, minutes: float
) -> None:
    for more in ({}, {"prompt": "", "messages": []}):
        body = asking(path, keep_alive=keep_alive) | more
        fresh.post(path, json=body)
        [left] = loaded(fresh).values()
        assert left.total_seconds() == about(minutes)


def test_a_negative_keep_alive_is_for_ever(fresh: FlaskClient) -> None:
    fresh.post(GENERATE, json={"model": GPT, "keep_alive": -1})

    [left] = loaded(fresh).values()
    assert left.days > 290 * 365


def test_a_use_without_keep_alive_keeps_the_one_before(fresh: FlaskClient) -> None:
    fresh.post(GENERATE, json={"model": GPT, "keep_alive": "1h"})

    fresh.post(OPENAI, json=asking(OPENAI))

    [left] = loaded(fresh).values()
    assert left.total_seconds() == about(60)


@pytest.mark.parametrize("path", [CHAT, GENERATE])
@pytest.mark.parametrize("keep_alive", [0, "0", "0s", 0.0])
def test_unloading_takes_a_model_from_the_list(
    fresh: FlaskClient, path: str, keep_alive: Any
) -> None:
    fresh.post(GENERATE, json={"model": GPT})
    fresh.post(GENERATE, json={"model": QWEN})

    unloaded = fresh.post(path, json={"model": GPT, "keep_alive": keep_alive})
    again = fresh.post(path, json={"model": GPT, "keep_alive": keep_alive})

    assert list(loaded(fresh)) == [f"{QWEN}:latest"]
    assert unloaded.get_json()["done_reason"] == "unload"
    assert again.get_json()["done_reason"] == "unload"


def test_a_question_with_keep_alive_0_is_answered_and_unloads(
    fresh: FlaskClient,
) -> None:
    fresh.post(GENERATE, json={"model": GPT})

    body = asking(CHAT, keep_alive=0, stream=False)
    answer = fresh.post(CHAT, json=body).get_json()

    assert answer["done_reason"] == "stop"
    assert answer["message"]["content"]
    assert loaded(fresh) == {}


def test_the_one_that_stays_longest_is_listed_first(fresh: FlaskClient) -> None:
    fresh.post(GENERATE, json={"model": GPT, "keep_alive": "1m"})
    fresh.post(GENERATE, json={"model": QWEN, "keep_alive": "2m"})

    assert list(loaded(fresh)) == [f"{QWEN}:latest", f"{GPT}:latest"]


def test_a_refused_request_loads_nothing(fresh: FlaskClient) -> None:
    for more in ({"options": {"seed": "x"}}, {"think": "ultra"}, {"format": "xml"}):
        assert fresh.post(CHAT, json=asking(CHAT, **more)).status_code == 400

    assert loaded(fresh) == {}


def test_all_workers_of_an_instance_agree(make_client: MakeClient) -> None:
    one, other = make_client(), make_client()

    one.post(GENERATE, json={"model": GPT, "keep_alive": "1h"})
    assert list(loaded(other)) == [f"{GPT}:latest"]

    other.post(GENERATE, json={"model": GPT, "keep_alive": 0})
    assert loaded(one) == {}


def test_how_long_models_stay_is_a_setting(make_client: MakeClient) -> None:
    client = make_client(OLLAMA_KEEP_ALIVE="30m")

    client.post(GENERATE, json={"model": GPT})

    [left] = loaded(client).values()
    assert left.total_seconds() == about(30)
