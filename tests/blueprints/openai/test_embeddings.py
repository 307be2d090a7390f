"""`/v1/embeddings`, with and without a real Ollama."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.fake_ollama import EMBEDDED, FakeOllama

SERVED = "gpt-oss-120b"
ENCODING = (
    "Invalid value for 'encoding_format' = hex. Supported values: ['float', 'base64']."
)
UNKNOWN = 'model "zz" not found, try pulling it first'

REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"model": "zz", "input": "x"}, 404, UNKNOWN),
    ({"model": "zz", "input": ""}, 404, UNKNOWN),
    ({"model": "zz", "input": "x", "encoding_format": "BASE64"}, 404, UNKNOWN),
    ({"input": "x"}, 404, "model '' not found"),
    ({"model": "a b", "input": "x"}, 400, "invalid model name"),
    ({"model": "zz"}, 400, "invalid input"),
    ({"model": "zz", "input": None}, 400, "invalid input"),
    ({"model": "zz", "input": []}, 400, "invalid input"),
    ({"model": "zz", "input": [1, 2]}, 400, "invalid input type"),
    ({"model": "zz", "input": 1}, 400, "invalid input type"),
    ({"model": "zz", "input": "x", "encoding_format": "hex"}, 400, ENCODING),
    ({"model": "zz", "encoding_format": "hex"}, 400, ENCODING),
]


@pytest.mark.parametrize(("body", "status", "text"), REFUSED)
def test_it_is_refused_as_ollama_refuses_it(
    client: FlaskClient, body: dict[str, Any], status: int, text: str
) -> None:
    response = client.post("/v1/embeddings", json=body)

    assert response.status_code == status
    assert response.json and response.json["error"]["message"] == text


@pytest.mark.parametrize("text", ["x", "", ["x"]])
def test_a_served_model_embeds_nothing_and_the_setting_is_named(
    client: FlaskClient, text: Any
) -> None:
    response = client.post("/v1/embeddings", json={"model": SERVED, "input": text})

    assert response.status_code == 400
    assert response.json
    assert "OLLAMA_PASSTHROUGH_URL" in response.json["error"]["message"]
    assert response.json["error"]["type"] == "invalid_request_error"


def test_the_passthrough_embeds(make_client: MakeClient, ollama: FakeOllama) -> None:
    client = make_client(OLLAMA_PASSTHROUGH_URL=ollama.url)
    body = {"model": "all-minilm", "input": [[1, 2]]}

    response = client.post("/v1/embeddings", json=body)

    assert response.text == EMBEDDED["v1"]
