"""`GET /v1/models`."""

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.client import GPT, QWEN, list_models
from tests.blueprints.readers import read_error


def test_models_are_those_of_tags_in_their_order(client: FlaskClient) -> None:
    models = client.get("/v1/models").get_json()["data"]

    assert [entry["id"] for entry in models] == list(list_models(client))
    assert {(each["object"], each["owned_by"]) for each in models} == {
        ("model", "library")
    }


@pytest.mark.parametrize(
    "name", [GPT, f"{QWEN}:latest", "QWEN3.8:27B", "gpt-oss:120b-cloud"]
)
def test_model_has_the_requested_name(client: FlaskClient, name: str) -> None:
    assert client.get(f"/v1/models/{name}").get_json()["id"] == name


@pytest.mark.parametrize(
    ("name", "status", "text"),
    [
        ("zz:7b", 404, "model 'zz:7b' not found"),
        ("me/zz", 404, "model 'me/zz:latest' not found"),
        ("%20", 400, "model is required"),
        ("a%20b", 400, "invalid model name"),
    ],
)
def test_unknown_model_is_an_error_in_openais_shape(
    client: FlaskClient, name: str, status: int, text: str
) -> None:
    path = f"/v1/models/{name}"

    response = client.get(path)

    assert (response.status_code, read_error(path, response)) == (status, text)


def test_unknown_name_is_the_default_model(make_client: MakeClient) -> None:
    client = make_client(CAI_MODEL=GPT)

    assert client.get("/v1/models/gpt-4o").get_json()["id"] == "gpt-4o"
    assert len(client.get("/v1/models").get_json()["data"]) == 2
