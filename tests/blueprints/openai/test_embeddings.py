"""`/v1/embeddings`, with and without a passthrough server."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.client import GPT
from tests.fake_ollama import EMBEDDINGS, FakeOllama

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
def test_invalid_request_gets_the_status_and_text_of_ollama(
    client: FlaskClient, body: dict[str, Any], status: int, text: str
) -> None:
    response = client.post("/v1/embeddings", json=body)

    assert response.status_code == status
    assert response.json and response.json["error"]["message"] == text


@pytest.mark.parametrize("text", ["x", "", ["x"]])
def test_served_model_returns_400_that_names_the_setting(
    client: FlaskClient, text: Any
) -> None:
    response = client.post("/v1/embeddings", json={"model": GPT, "input": text})

    assert response.status_code == 400
    assert response.json
    assert "OLLAMA_PASSTHROUGH_URL" in response.json["error"]["message"]
    assert response.json["error"]["type"] == "invalid_request_error"


def test_passthrough_model_embeds(make_client: MakeClient, ollama: FakeOllama) -> None:
    client = make_client(OLLAMA_PASSTHROUGH_URL=ollama.url)
    body = {"model": "all-minilm", "input": [[1, 2]]}

    response = client.post("/v1/embeddings", json=body)

    assert response.text == EMBEDDINGS["/v1/embeddings"]
