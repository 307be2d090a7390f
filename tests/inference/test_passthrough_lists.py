"""Models of Cerebras and of a real Ollama behind us, listed as one server's."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.apps import MakeClient
from tests.stand_in_ollama import StandIn, process, tag

DEAD = "http://127.0.0.1:9"


@pytest.fixture
def client(make_client: MakeClient, ollama: StandIn) -> FlaskClient:
    return make_client(OLLAMA_PASSTHROUGH_URL=ollama.url)


def names_of(response: TestResponse) -> list[str]:
    return [entry["name"] for entry in response.json["models"]]  # type: ignore[index]


def test_tags_list_both_and_cerebras_first(
    client: FlaskClient, ollama: StandIn
) -> None:
    ollama.names.append("gpt-oss:120b")

    response = client.get("/api/tags")

    assert names_of(response) == [
        "gpt-oss-120b:latest",
        "qwen-3.8-27b:latest",
        "llama3:latest",
        "all-minilm:latest",
    ]
    assert response.json and response.json["models"][2] == tag("llama3:latest")


def test_ps_lists_both_and_cerebras_first(client: FlaskClient) -> None:
    client.post("/api/generate", json={"model": "gpt-oss-120b"})

    response = client.get("/api/ps")

    assert names_of(response) == ["gpt-oss-120b:latest", "llama3:latest"]
    assert response.json and response.json["models"][1] == process("llama3:latest")


def test_openais_list_has_both_and_cerebras_first(client: FlaskClient) -> None:
    response = client.get("/v1/models")

    assert response.json
    assert [entry["id"] for entry in response.json["data"]] == [
        "gpt-oss-120b:latest",
        "qwen-3.8-27b:latest",
        "llama3:latest",
        "all-minilm:latest",
    ]


def test_a_model_of_the_passthrough_is_told_of_under_v1(client: FlaskClient) -> None:
    response = client.get("/v1/models/llama3")

    assert response.json and response.json["id"] == "llama3"


@pytest.mark.parametrize(
    ("path", "key"),
    [("/api/tags", "models"), ("/api/ps", "models"), ("/v1/models", "data")],
)
def test_a_dead_passthrough_hides_nothing_of_ours(
    make_client: MakeClient, path: str, key: str
) -> None:
    client = make_client(OLLAMA_PASSTHROUGH_URL=DEAD)
    client.post("/api/generate", json={"model": "gpt-oss-120b"})

    response = client.get(path)

    assert response.status_code == 200
    assert response.json and response.json[key]


def test_without_an_answer_of_cerebras_the_passthrough_is_listed(
    make_client: MakeClient, ollama: StandIn
) -> None:
    client = make_client(OLLAMA_PASSTHROUGH_URL=ollama.url, CEREBRAS_BASE_URL=DEAD)

    assert "llama3:latest" in names_of(client.get("/api/tags"))


def test_a_list_that_comes_back_to_us_is_ours_alone(
    client: FlaskClient, ollama: StandIn
) -> None:
    client.post("/api/embed", json={"model": "m"})
    hops = ollama.asked("/api/embed")[0].headers["Cerellama-Hops"]

    listed = client.get("/api/tags", headers={"Cerellama-Hops": hops})

    assert names_of(listed) == ["gpt-oss-120b:latest", "qwen-3.8-27b:latest"]
    assert len(ollama.requests) == 1
