"""`/api/embed` and `/api/embeddings`, with and without a passthrough server."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.client import GPT
from tests.fake_ollama import EMBEDDINGS, FakeOllama

UNKNOWN = 'model "zz" not found, try pulling it first'

REFUSED: list[tuple[str, Any, int, str]] = [
    ("embed", None, 400, "missing request body"),
    (
        "embed",
        [],
        400,
        "json: cannot unmarshal array into Go value of type api.EmbedRequest",
    ),
    ("embed", {}, 404, "model '' not found"),
    ("embed", {"model": " "}, 404, "model '' not found"),
    ("embed", {"model": "a b"}, 400, "invalid model name"),
    ("embed", {"model": "zz"}, 404, UNKNOWN),
    ("embed", {"model": "zz", "input": "x"}, 404, UNKNOWN),
    ("embed", {"model": "zz", "input": [1]}, 400, "invalid input type"),
    ("embed", {"model": "zz", "input": ["a", None]}, 400, "invalid input type"),
    ("embed", {"model": "zz", "input": {"a": 1}}, 400, "invalid input type"),
    ("embed", {"model": GPT, "input": 1}, 400, "invalid input type"),
    (
        "embed",
        {"model": GPT, "input": 1, "dimensions": "x"},
        400,
        "json: cannot unmarshal string into Go struct field EmbedRequest.dimensions "
        "of type int",
    ),
    ("embeddings", {}, 400, "model is required"),
    ("embeddings", {"model": "a b"}, 400, "invalid model name"),
    ("embeddings", {"model": "zz", "prompt": "x"}, 404, UNKNOWN),
    (
        "embeddings",
        {"model": "zz", "prompt": ["x"]},
        400,
        "json: cannot unmarshal array into Go struct field EmbeddingRequest.prompt "
        "of type string",
    ),
]


@pytest.mark.parametrize(("route", "body", "status", "text"), REFUSED)
def test_invalid_request_gets_the_status_and_text_of_ollama(
    client: FlaskClient, route: str, body: Any, status: int, text: str
) -> None:
    data = {"data": ""} if body is None else {"json": body}

    response = client.post(f"/api/{route}", **data)

    assert response.status_code == status
    assert response.json == {"error": text}


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("embed", {"input": "x"}),
        ("embed", {"input": [""]}),
        ("embeddings", {"prompt": "x"}),
    ],
)
@pytest.mark.parametrize("has_passthrough", [False, True])
def test_served_model_returns_400_that_names_the_setting(
    make_client: MakeClient,
    ollama: FakeOllama,
    route: str,
    body: Any,
    has_passthrough: bool,
) -> None:
    settings = {"OLLAMA_PASSTHROUGH_URL": ollama.url} if has_passthrough else {}
    client = make_client(**settings)

    response = client.post(f"/api/{route}", json={"model": GPT, **body})

    assert response.status_code == 400
    assert response.json
    assert response.json["error"].startswith("this model does not support embeddings")
    assert "OLLAMA_PASSTHROUGH_URL" in response.json["error"]
    assert ollama.requests == []


@pytest.mark.parametrize(
    ("route", "body", "reply"),
    [
        ("embed", {}, {"model": GPT, "embeddings": []}),
        ("embed", {"input": ""}, {"model": GPT, "embeddings": []}),
        ("embed", {"input": []}, {"model": GPT, "embeddings": []}),
        ("embed", {"input": None}, {"model": GPT, "embeddings": []}),
        ("embeddings", {"prompt": ""}, {"embedding": []}),
    ],
)
def test_empty_input_loads_a_served_model(
    make_client: MakeClient, route: str, body: Any, reply: Any
) -> None:
    client = make_client()

    response = client.post(f"/api/{route}", json={"model": GPT, **body})
    loaded = client.get("/api/ps")
    client.post(f"/api/{route}", json={"model": GPT, **body, "keep_alive": 0})
    unloaded = client.get("/api/ps")

    assert response.json == reply
    assert loaded.json and [each["name"] for each in loaded.json["models"]] == [
        f"{GPT}:latest"
    ]
    assert unloaded.json == {"models": []}


@pytest.mark.parametrize("route", ["embed", "embeddings"])
@pytest.mark.parametrize("name", ["all-minilm", "all-minilm:latest"])
def test_passthrough_model_embeds(
    make_client: MakeClient, ollama: FakeOllama, route: str, name: str
) -> None:
    client = make_client(OLLAMA_PASSTHROUGH_URL=ollama.url)

    response = client.post(f"/api/{route}", json={"model": name, "input": "x"})

    assert response.text == EMBEDDINGS[f"/api/{route}"]
    assert [each.line for each in ollama.requests] == [f"POST /api/{route} HTTP/1.1"]


def test_model_unknown_to_the_passthrough_returns_its_error(
    make_client: MakeClient, ollama: FakeOllama
) -> None:
    client = make_client(OLLAMA_PASSTHROUGH_URL=ollama.url, CAI_MODEL=GPT)

    response = client.post("/api/embed", json={"model": "zz", "input": [1]})

    assert response.status_code == 404
    assert response.json == {"error": UNKNOWN}
    assert len(ollama.requests) == 1


def test_default_model_does_not_embed(make_client: MakeClient) -> None:
    client = make_client(CAI_MODEL=GPT)

    response = client.post("/api/embed", json={"model": "zz", "input": "x"})

    assert response.status_code == 400
    assert "OLLAMA_PASSTHROUGH_URL" in response.text
