"""Copying and deleting models of one's own."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.ollama.making import (
    CHARSET,
    GPT,
    MARIO,
    QWEN,
    made,
    show,
    tags,
)


@pytest.fixture
def client(make_client: MakeClient) -> FlaskClient:
    return make_client()


def test_a_copy_is_the_same_model_under_another_name(client: FlaskClient) -> None:
    made(client, model="mario", system=MARIO)

    copied = client.post(
        "/api/copy", json={"source": "mario", "destination": "me/luigi:small"}
    )

    listed = tags(client)
    assert (copied.status_code, copied.get_data()) == (200, b"")
    assert "Content-Type" not in copied.headers
    assert listed["me/luigi:small"]["digest"] == listed["mario:latest"]["digest"]
    assert show(client, "me/luigi:small")["details"]["parent_model"] == f"{GPT}:latest"


@pytest.mark.parametrize(
    ("source", "destination", "status", "error"),
    [
        ("zz", "y", 404, 'model "zz" not found'),
        ("", "y", 400, 'source "" is invalid'),
        ("a b", "y", 400, 'source "a b" is invalid'),
        (" mario", "y", 400, 'source " mario" is invalid'),
        (GPT, "", 400, 'destination "" is invalid'),
        (GPT, "a/b/c/d", 400, 'destination "a/b/c/d" is invalid'),
        (
            "mario",
            QWEN,
            400,
            f'"{QWEN}:latest" is served by Cerebras and cannot be overwritten',
        ),
    ],
)
def test_a_copy_that_cannot_be_is_refused(
    make_client: MakeClient, source: str, destination: str, status: int, error: str
) -> None:
    client = make_client(CAI_MODEL=GPT)
    made(client, model="mario", system=MARIO)

    response = client.post(
        "/api/copy", json={"source": source, "destination": destination}
    )

    assert (response.status_code, response.json) == (status, {"error": error})
    assert response.content_type == CHARSET


@pytest.mark.parametrize("name", ["mario", GPT])
def test_a_copy_onto_itself_changes_nothing(client: FlaskClient, name: str) -> None:
    made(client, model="mario", system=MARIO)
    before = tags(client)
    body = {"source": name, "destination": f"{name}:latest".upper()}

    response = client.post("/api/copy", json=body)

    assert response.status_code == 200
    assert tags(client) == before


@pytest.mark.parametrize(
    "body",
    [{"model": "mario"}, {"name": "Mario:latest"}, {"model": "", "name": " mario "}],
)
def test_a_deleted_model_is_gone(client: FlaskClient, body: dict[str, str]) -> None:
    made(client, model="mario", system=MARIO)
    client.post("/api/generate", json={"model": "mario"})

    deleted = client.delete("/api/delete", json=body)

    assert (deleted.status_code, deleted.get_data()) == (200, b"")
    assert "mario:latest" not in tags(client)
    assert client.post("/api/show", json=body).status_code == 404
    assert client.get("/api/ps").json["models"] == []


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"model": "zz"}, 404, "model 'zz' not found"),
        ({}, 400, "model is required"),
        ({"name": " "}, 400, "model is required"),
        ({"model": "a b"}, 400, 'name "a b" is invalid'),
        (
            {"model": GPT},
            400,
            f'"{GPT}:latest" is served by Cerebras and cannot be deleted',
        ),
    ],
)
def test_what_cannot_be_deleted_is_refused(
    client: FlaskClient, body: dict[str, str], status: int, error: str
) -> None:
    response = client.delete("/api/delete", json=body)

    assert (response.status_code, response.json) == (status, {"error": error})
