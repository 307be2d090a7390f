"""`/v1/models`, as Ollama answers it."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.talking import GPT, QWEN


def test_models_are_listed_with_their_tags(client: FlaskClient) -> None:
    listed = client.get("/v1/models").get_json()

    tags = client.get("/api/tags").get_json()["models"]
    assert listed["object"] == "list"
    assert [each["id"] for each in listed["data"]] == [tag["name"] for tag in tags]
    assert {each["object"] for each in listed["data"]} == {"model"}
    assert {each["owned_by"] for each in listed["data"]} == {"library"}


@pytest.mark.parametrize(
    "name", [GPT, f"{QWEN}:latest", "gpt-oss:120b", "QWEN3.8:27B", "gpt-oss:120b-cloud"]
)
def test_one_model_is_told_by_the_name_it_was_asked_for(
    client: FlaskClient, name: str
) -> None:
    answer = client.get(f"/v1/models/{name}")

    assert answer.status_code == 200
    assert answer.get_json()["id"] == name


@pytest.mark.parametrize(
    ("name", "status", "text"),
    [
        ("zz", 404, "model 'zz:latest' not found"),
        ("zz:7b", 404, "model 'zz:7b' not found"),
        ("me/zz", 404, "model 'me/zz:latest' not found"),
        ("me%2Fzz", 404, "model 'me/zz:latest' not found"),
        ("a%20b", 400, "invalid model name"),
        ("%20", 400, "model is required"),
    ],
)
def test_a_model_that_is_not_there_is_an_error_of_openais_shape(
    client: FlaskClient, name: str, status: int, text: str
) -> None:
    answer = client.get(f"/v1/models/{name}")

    assert answer.status_code == status
    assert answer.get_json()["error"]["message"] == text


def test_every_unknown_name_is_the_default_models(make_client: MakeClient) -> None:
    client = make_client(CAI_MODEL=GPT)

    assert client.get("/v1/models/gpt-4o").get_json()["id"] == "gpt-4o"
    assert len(client.get("/v1/models").get_json()["data"]) == 2
