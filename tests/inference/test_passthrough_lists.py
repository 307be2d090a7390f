"""Lists of models: those of Cerebras, then those of the passthrough."""

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.apps import MakeClient
from tests.fake_ollama import FakeOllama, make_process, make_tag

DEAD = "http://127.0.0.1:9"


@pytest.fixture
def client(make_client: MakeClient, ollama: FakeOllama) -> FlaskClient:
    return make_client(OLLAMA_PASSTHROUGH_URL=ollama.url)


def names_of(response: TestResponse) -> list[str]:
    return [entry["name"] for entry in response.json["models"]]  # type: ignore[index]


def test_tags_lists_models_of_cerebras_first(
    client: FlaskClient, ollama: FakeOllama
) -> None:
    ollama.names.append("gpt-oss:120b")

    response = client.get("/api/tags")

    assert names_of(response) == [
        "gpt-oss-120b:latest",
        "qwen-3.8-27b:latest",
        "llama3:latest",
        "all-minilm:latest",
    ]
    assert response.json and response.json["models"][2] == make_tag("llama3:latest")


def test_ps_lists_models_of_cerebras_first(client: FlaskClient) -> None:
    client.post("/api/generate", json={"model": "gpt-oss-120b"})

    response = client.get("/api/ps")

    assert names_of(response) == ["gpt-oss-120b:latest", "llama3:latest"]
    assert response.json and response.json["models"][1] == make_process("llama3:latest")


def test_v1_models_lists_models_of_cerebras_first(client: FlaskClient) -> None:
    response = client.get("/v1/models")

    assert response.json
    assert [entry["id"] for entry in response.json["data"]] == [
        "gpt-oss-120b:latest",
        "qwen-3.8-27b:latest",
        "llama3:latest",
        "all-minilm:latest",
    ]


def test_passthrough_model_is_found_under_v1(client: FlaskClient) -> None:
    response = client.get("/v1/models/llama3")

    assert response.json and response.json["id"] == "llama3"


@pytest.mark.parametrize(
    ("path", "key"),
    [("/api/tags", "models"), ("/api/ps", "models"), ("/v1/models", "data")],
)
def test_unreachable_passthrough_hides_no_models(
    make_client: MakeClient, path: str, key: str
) -> None:
    client = make_client(OLLAMA_PASSTHROUGH_URL=DEAD)
    client.post("/api/generate", json={"model": "gpt-oss-120b"})

    response = client.get(path)

    assert response.status_code == 200
    assert response.json and response.json[key]


def test_unreachable_cerebras_hides_no_passthrough_models(
    make_client: MakeClient, ollama: FakeOllama
) -> None:
    client = make_client(OLLAMA_PASSTHROUGH_URL=ollama.url, CEREBRAS_BASE_URL=DEAD)

    assert "llama3:latest" in names_of(client.get("/api/tags"))


def test_list_in_a_loop_has_no_passthrough_models(
    client: FlaskClient, ollama: FakeOllama
) -> None:
    client.post("/api/embed", json={"model": "m"})
    hops = ollama.wait_for_requests("/api/embed")[0].headers["Cerellama-Hops"]

    listed = client.get("/api/tags", headers={"Cerellama-Hops": hops})

    assert names_of(listed) == ["gpt-oss-120b:latest", "qwen-3.8-27b:latest"]
    assert len(ollama.requests) == 1
