"""`/api/embed` and `/api/embeddings`, with and without a real Ollama."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.fake_ollama import EMBEDDED, FakeOllama

SERVED = "gpt-oss-120b"
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
    ("embed", {"model": SERVED, "input": 1}, 400, "invalid input type"),
    (
        "embed",
        {"model": SERVED, "input": 1, "dimensions": "x"},
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
def test_it_is_refused_as_ollama_refuses_it(
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
@pytest.mark.parametrize("behind", [False, True])
def test_a_served_model_embeds_nothing_and_the_setting_is_named(
    make_client: MakeClient, ollama: FakeOllama, route: str, body: Any, behind: bool
) -> None:
    settings = {"OLLAMA_PASSTHROUGH_URL": ollama.url} if behind else {}
    client = make_client(**settings)

    response = client.post(f"/api/{route}", json={"model": SERVED, **body})

    assert response.status_code == 400
    assert response.json
    assert response.json["error"].startswith("this model does not support embeddings")
    assert "OLLAMA_PASSTHROUGH_URL" in response.json["error"]
    assert ollama.requests == []


@pytest.mark.parametrize(
    ("route", "body", "reply"),
    [
        ("embed", {}, {"model": SERVED, "embeddings": []}),
        ("embed", {"input": ""}, {"model": SERVED, "embeddings": []}),
        ("embed", {"input": []}, {"model": SERVED, "embeddings": []}),
        ("embed", {"input": None}, {"model": SERVED, "embeddings": []}),
        ("embeddings", {"prompt": ""}, {"embedding": []}),
    ],
)
def test_without_input_a_served_model_is_loaded(
    make_client: MakeClient, route: str, body: Any, reply: Any
) -> None:
    client = make_client()

    response = client.post(f"/api/{route}", json={"model": SERVED, **body})
    loaded = client.get("/api/ps")
    client.post(f"/api/{route}", json={"model": SERVED, **body, "keep_alive": 0})
    unloaded = client.get("/api/ps")

    assert response.json == reply
    assert loaded.json and [each["name"] for each in loaded.json["models"]] == [
        f"{SERVED}:latest"
    ]
    assert unloaded.json == {"models": []}


@pytest.mark.parametrize("route", ["embed", "embeddings"])
@pytest.mark.parametrize("name", ["all-minilm", "all-minilm:latest"])
def test_the_passthrough_embeds(
    make_client: MakeClient, ollama: FakeOllama, route: str, name: str
) -> None:
    client = make_client(OLLAMA_PASSTHROUGH_URL=ollama.url)

    response = client.post(f"/api/{route}", json={"model": name, "input": "x"})

    assert response.text == EMBEDDED[route]
    assert [each.line for each in ollama.requests] == [f"POST /api/{route} HTTP/1.1"]


def test_what_the_passthrough_lacks_is_missing_in_its_words(
    make_client: MakeClient, ollama: FakeOllama
) -> None:
    client = make_client(OLLAMA_PASSTHROUGH_URL=ollama.url, CAI_MODEL=SERVED)

    response = client.post("/api/embed", json={"model": "zz", "input": [1]})

    assert response.status_code == 404
    assert response.json == {"error": UNKNOWN}
    assert len(ollama.requests) == 1


def test_the_default_model_is_a_chat_model_too(make_client: MakeClient) -> None:
    client = make_client(CAI_MODEL=SERVED)

    response = client.post("/api/embed", json={"model": "zz", "input": "x"})

    assert response.status_code == 400
    assert "OLLAMA_PASSTHROUGH_URL" in response.text
