"""`/api/tags`, `/api/show` and `/api/ps`: listed, shown and loaded models."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.client import (
    CHAT,
    GENERATE,
    GPT,
    OPENAI,
    QWEN,
    complete,
    list_models,
    post,
    request_body,
    show_model,
)
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
    """Return a client of an app that has loaded no model yet."""
    return make_client()


def remaining_s(client: FlaskClient) -> dict[str, float]:
    """Return the seconds until each loaded model expires."""
    now = datetime.now(UTC)
    return {
        entry["name"]: (
            datetime.fromisoformat(entry["expires_at"]) - now
        ).total_seconds()
        for entry in client.get("/api/ps").json["models"]
    }


def approximately(minutes: float) -> Any:
    return pytest.approx(minutes * 60, abs=5)


def test_newest_model_is_listed_and_recommended_first(make_client: MakeClient) -> None:
    client = make_client(models=[{"id": GPT}, ABLE, {"id": QWEN}])

    recommended = client.get("/api/experimental/model-recommendations").json

    names = ["new-model-9b", QWEN, GPT]
    assert list(list_models(client)) == [f"{name}:latest" for name in names]
    assert [entry["model"] for entry in recommended["recommendations"]] == names


def test_unknown_upstream_model_is_described_by_its_public_entry(
    make_client: MakeClient,
) -> None:
    client = make_client(models=[ABLE])

    [entry] = list_models(client).values()
    model = show_model(client, "new-model:9b")

    assert entry["capabilities"] == ["completion", "vision", "tools"]
    assert entry["details"]["parameter_size"] == "9B"
    assert entry["details"]["context_length"] == 32_000
    assert model["capabilities"] == entry["capabilities"]
    assert model["remote_model"] == "new-model-9b"


def test_lists_and_show_send_nothing_upstream(client: FlaskClient, fake: Fake) -> None:
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
def test_model_is_shown_by_any_of_its_names(
    client: FlaskClient, body: dict[str, str]
) -> None:
    assert client.post("/api/show", json=body).json["remote_model"] == GPT


def test_show_is_not_cached_across_different_requests(client: FlaskClient) -> None:
    def show(agent: str = "curl", **fields: object) -> dict[str, object]:
        body = {"model": "gpt-oss:120b", **fields}
        response = client.post("/api/show", json=body, headers={"User-Agent": agent})
        return dict(response.get_json())

    plain = show()

    assert "Be terse." in str(show(system="Be terse.")["modelfile"])
    assert "general.basename': 'gpt-oss:120b'" in str(show("GitHubCopilotChat/1"))
    assert show() == plain
    assert "Be terse." not in str(plain)


def test_unknown_name_is_the_default_model_but_a_blank_one_is_not(
    make_client: MakeClient,
) -> None:
    client = make_client(CAI_MODEL="qwen3.8:27b")

    assert show_model(client, "llama3.2:1b")["remote_model"] == QWEN
    assert complete(client, CHAT, model="llama3.2:1b")["remote_model"] == QWEN
    assert post(client, CHAT, model="").status_code == 400


@pytest.mark.parametrize("path", [CHAT, GENERATE, OPENAI])
def test_used_model_is_loaded(fresh: FlaskClient, path: str) -> None:
    post(fresh, path, model="gpt-oss:120b")

    assert remaining_s(fresh) == {f"{GPT}:latest": approximately(minutes=5)}


@pytest.mark.parametrize("path", [CHAT, GENERATE])
@pytest.mark.parametrize(
    ("keep_alive", "minutes"), [("1h", 60), (90, 1.5), (90.0, 1.5), (None, 5)]
)
def test_keep_alive_sets_the_expiry(
    fresh: FlaskClient, path: str, keep_alive: Any, minutes: float
) -> None:
    for fields in ({}, {"prompt": "", "messages": []}):
        fresh.post(path, json=request_body(path, keep_alive=keep_alive) | fields)
        [remaining] = remaining_s(fresh).values()
        assert remaining == approximately(minutes)


def test_missing_keep_alive_keeps_the_former_expiry(fresh: FlaskClient) -> None:
    fresh.post(GENERATE, json={"model": GPT, "keep_alive": "1h"})

    post(fresh, OPENAI)

    [remaining] = remaining_s(fresh).values()
    assert remaining == approximately(60)


@pytest.mark.parametrize("path", [CHAT, GENERATE])
@pytest.mark.parametrize("keep_alive", [0, "0", "0s", 0.0])
def test_unload_removes_the_model_from_ps(
    fresh: FlaskClient, path: str, keep_alive: Any
) -> None:
    fresh.post(GENERATE, json={"model": GPT})
    fresh.post(GENERATE, json={"model": QWEN})

    unloaded = fresh.post(path, json={"model": GPT, "keep_alive": keep_alive})
    again = fresh.post(path, json={"model": GPT, "keep_alive": keep_alive})

    assert list(remaining_s(fresh)) == [f"{QWEN}:latest"]
    assert unloaded.get_json()["done_reason"] == "unload"
    assert again.get_json()["done_reason"] == "unload"


def test_message_with_keep_alive_0_is_answered_and_unloads(
    fresh: FlaskClient,
) -> None:
    fresh.post(GENERATE, json={"model": GPT})

    body = complete(fresh, CHAT, keep_alive=0)

    assert body["done_reason"] == "stop"
    assert body["message"]["content"]
    assert remaining_s(fresh) == {}


def test_refused_request_loads_nothing(fresh: FlaskClient) -> None:
    for fields in ({"options": {"seed": "x"}}, {"think": "ultra"}, {"format": "xml"}):
        assert post(fresh, CHAT, **fields).status_code == 400

    assert remaining_s(fresh) == {}


def test_ollama_keep_alive_sets_the_default_expiry(make_client: MakeClient) -> None:
    client = make_client(OLLAMA_KEEP_ALIVE="30m")

    client.post(GENERATE, json={"model": GPT})

    [remaining] = remaining_s(client).values()
    assert remaining == approximately(30)
