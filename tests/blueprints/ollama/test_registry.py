"""Pull and push."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient

NO_MANIFEST = {"error": "pull model manifest: file does not exist"}


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize(
    "name",
    [
        "gpt-oss-120b",
        "GPT-OSS-120B:latest",
        "gpt-oss:120b",
        "gpt-oss:120b-cloud",
        "library/gpt-oss:120b",
        " gpt-oss-120b ",
    ],
)
@pytest.mark.parametrize("key", ["model", "name", "MODEL"])
def test_a_model_is_pulled_by_any_of_its_names(
    client: FlaskClient, key: str, name: str
) -> None:
    digests = {
        model["name"]: model["digest"]
        for model in client.get("/api/tags").json["models"]
    }

    answer = client.post("/api/pull", json={key: name})

    told = lines(answer.text)
    assert answer.status_code == 200
    assert answer.content_type == "application/x-ndjson"
    assert answer.text.endswith("\n")
    assert told[0] == {"status": "pulling manifest"}
    assert told[-1] == {"status": "success"}
    assert {line["digest"] for line in told if "digest" in line} == {
        f"sha256:{digests['gpt-oss-120b:latest']}"
    }


def test_what_a_registry_would_need_is_ignored(client: FlaskClient) -> None:
    access = {"insecure": True, "username": "me", "password": "secret"}
    asked = {"model": "", "name": "gpt-oss-120b", "stream": False, **access}

    answer = client.post("/api/pull", json=asked)

    assert answer.json == {"status": "success"}
    assert answer.content_type == "application/json"


def test_an_unknown_model_is_pulled_where_a_default_answers_for_it(
    client: FlaskClient, make_client: MakeClient
) -> None:
    asked = {"model": "nope", "stream": False}

    refused = client.post("/api/pull", json=asked)
    pulled = make_client(CAI_MODEL="gpt-oss-120b").post("/api/pull", json=asked)

    assert (refused.status_code, refused.json) == (500, NO_MANIFEST)
    assert refused.content_type == "application/json"
    assert (pulled.status_code, pulled.json) == (200, {"status": "success"})


def test_an_unknown_model_is_told_in_the_stream(client: FlaskClient) -> None:
    answer = client.post("/api/pull", json={"model": "nope"})

    assert answer.status_code == 200
    assert lines(answer.text) == [{"status": "pulling manifest"}, NO_MANIFEST]


@pytest.mark.parametrize("name", ["", " ", "a b", ":tag", "-a", "ä"])
def test_what_is_no_name_is_not_pulled(client: FlaskClient, name: str) -> None:
    answer = client.post("/api/pull", json={"model": name})

    assert (answer.status_code, answer.json) == (400, {"error": "invalid model name"})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gpt-oss-120b", "models that run on Cerebras have no files"),
        ("nope", "model 'nope' not found"),
        ("a b", "model 'a b' not found"),
    ],
)
def test_a_push_is_refused_in_the_stream_and_out_of_it(
    client: FlaskClient, name: str, text: str
) -> None:
    streamed = client.post("/api/push", json={"name": name})
    whole = client.post("/api/push", json={"model": name, "stream": False})

    assert streamed.status_code == 200
    assert lines(streamed.text)[0] == {"status": "retrieving manifest"}
    assert lines(streamed.text)[-1] == whole.json
    assert whole.status_code == 500
    assert whole.content_type == "application/json"
    assert whole.json["error"].startswith(text)


@pytest.mark.parametrize("path", ["/api/pull", "/api/push"])
@pytest.mark.parametrize("field", ["model", "name", "stream"])
def test_a_wrong_type_is_told(client: FlaskClient, path: str, field: str) -> None:
    answer = client.post(path, json={field: 1})

    assert answer.status_code == 400
    assert f"Request.{field} of type" in answer.json["error"]
