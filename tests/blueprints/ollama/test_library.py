"""Create, copy and delete derived models."""

import hashlib
import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.apps import MakeClient
from tests.blueprints.client import (
    GENERATE,
    GPT,
    create_mario,
    create_model,
    list_models,
    show_model,
)
from tests.modelfiles import parse_modelfile

MARIO = "You are Mario."
BARE, CHARSET = "application/json", "application/json; charset=utf-8"
DIGEST = "sha256:" + "0" * 64


@pytest.fixture
def client(make_client: MakeClient) -> FlaskClient:
    return make_client()


def read_statuses(response: TestResponse) -> list[str]:
    return [json.loads(line)["status"] for line in response.text.splitlines()]


def test_create_streams_ollamas_statuses(client: FlaskClient) -> None:
    body = {"model": "mario", "from": GPT, "system": MARIO}

    response = client.post("/api/create", json=body)

    layer = "sha256:" + hashlib.sha256(MARIO.encode()).hexdigest()
    statuses = read_statuses(response)
    assert response.status_code == 200
    assert response.content_type == "application/x-ndjson"
    assert statuses[-3:] == [
        f"creating new layer {layer}",
        "writing manifest",
        "success",
    ]
    assert all(
        text.startswith("using existing layer sha256:") for text in statuses[:-3]
    )
    assert len(statuses) > 3
    assert list_models(client)[f"{GPT}:latest"]["digest"] in statuses[0]


def test_model_derived_from_a_derived_one_merges_their_fields(
    client: FlaskClient,
) -> None:
    hi, ho = [{"role": "user", "content": text} for text in ("hi", "ho")]
    parameters = {"temperature": 0.5, "stop": ["a", "b"]}
    create_mario(
        client,
        model="one",
        system="One.",
        parameters=parameters,
        messages=[hi],
        license="Mine",
    )
    further = {"stop": ["c"], "seed": 1}
    create_mario(
        client,
        model="two",
        **{"from": "ONE"},
        system="",
        parameters=further,
        messages=[ho],
        license=[None, "Yours"],
    )

    model = show_model(client, "two")

    assert model["system"] == "One."
    lines = {tuple(line.split(maxsplit=1)) for line in model["parameters"].split("\n")}
    assert {("temperature", "0.5"), ("stop", '"c"'), ("seed", "1")} < lines
    assert ("stop", '"a"') not in lines
    assert model["messages"] == [ho]
    assert model["license"].endswith("\nMine\nYours")
    assert model["details"]["parent_model"] == "one:latest"
    assert model["remote_model"] == GPT


def test_create_replaces_a_model_of_the_same_name(client: FlaskClient) -> None:
    create_mario(client, model="Mario", system=MARIO)
    before = list_models(client)["Mario:latest"]

    create_mario(client, model="mario", system="You are Luigi.")

    models = list_models(client)
    assert "mario:latest" not in models
    assert show_model(client, "mario")["system"] == "You are Luigi."
    assert models["Mario:latest"]["digest"] != before["digest"]
    assert models["Mario:latest"]["modified_at"] > before["modified_at"]


@pytest.mark.parametrize(
    ("body", "remark"),
    [
        ({"template": "<|im_start|>{{ .Prompt }}"}, "template is kept and shown, but"),
        ({"template": "{{ range .Messages }}{{ end }}"}, "template is kept and shown"),
        ({"template": "no prompt at all"}, "template is kept and shown, but not"),
        ({"parameters": {"mirostat": 1}}, "parameter mirostat is left out"),
        ({"parameters": {"top_k": 40}}, "parameter top_k is kept and shown, but has"),
        (
            {"parameters": {"temperature": "hot"}},
            'parameter temperature will be refused: option "temperature" must be of',
        ),
        ({"renderer": "qwen"}, "renderer is left out: Cerebras renders"),
        ({"parser": "qwen"}, "parser is left out: Cerebras parses"),
        ({"info": {"context_length": 1}}, "info is left out"),
        ({"remote_host": "https://ollama.com"}, "remote_host is left out"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_create_reports_fields_without_effect(
    client: FlaskClient, body: dict[str, Any], remark: str
) -> None:
    response = create_model(client, model="x", stream=True, **body)

    statuses = read_statuses(response)
    assert [text for text in statuses if text.startswith(remark)], statuses
    assert statuses[-1] == "success"


def test_create_does_not_report_inherited_fields(client: FlaskClient) -> None:
    body = parse_modelfile(show_model(client, GPT)["modelfile"])

    response = client.post("/api/create", json={"model": "x", **body})

    assert read_statuses(response)[-2:] == ["writing manifest", "success"]
    assert [text for text in read_statuses(response)[:-2] if "layer" not in text] == []


REFUSALS = [
    ({"model": "a b"}, 400, CHARSET, "invalid model name"),
    ({"model": " x"}, 400, CHARSET, "invalid model name"),
    ({"model": "x", "from": "a b"}, 400, BARE, "invalid model name"),
    ({"model": GPT}, 400, CHARSET, f'"{GPT}:latest" is served by Cerebras and'),
    ({"model": "gpt-oss:120b"}, 400, CHARSET, f'"{GPT}:latest" is served by'),
    (
        {"model": "x", "files": "a"},
        400,
        CHARSET,
        "json: cannot unmarshal string into Go struct field CreateRequest.files of "
        "type map[string]string",
    ),
    ({"model": "x", "files": {"/a": DIGEST}}, 400, CHARSET, "file path must be rel"),
    ({"model": "x", "files": {"a": "b"}}, 400, CHARSET, "invalid digest format"),
    ({"model": "x", "files": {"a": DIGEST}}, 400, BARE, "'files' needs the weights"),
    ({"model": "x", "adapters": {"a": DIGEST}}, 400, BARE, "'adapters' needs the"),
    ({"model": "x", "quantize": "q4_K_M"}, 400, BARE, "'quantize' needs the weights"),
    ({"model": "x", "draft_quantize": "q4"}, 400, CHARSET, "--draft-quantize requires"),
    ({"model": "x", "license": 1}, 500, BARE, "json: cannot unmarshal number into Go"),
    ({"model": "x", "license": [1]}, 500, BARE, "json: cannot unmarshal number into"),
    ({"model": "x", "info": {"base_name": 1}}, 400, BARE, 'info field "base_name" mu'),
    ({"model": "x", "info": {"context_length": "1"}}, 400, BARE, 'info field "contex'),
    ({"model": "x", "info": {"context_length": -1}}, 400, BARE, 'info field "context'),
    ({"model": "x", "template": "{{ .Prompt"}, 400, BARE, "template error: template:"),
    ({"model": "x", "system": "x" * (1 << 20)}, 400, BARE, "the model's definition is"),
    ({"model": "x", "system": 1}, 400, CHARSET, "json: cannot unmarshal number into"),
    ({"model": "x", "from": "zz"}, 500, BARE, "pull model manifest: file does not ex"),
]


@pytest.mark.parametrize(("body", "status", "content_type", "error"), REFUSALS)
def test_invalid_create_is_refused(
    client: FlaskClient,
    body: dict[str, Any],
    status: int,
    content_type: str,
    error: str,
) -> None:
    before = list_models(client)

    response = create_model(client, **body)

    assert response.json["error"].startswith(error)
    assert (response.status_code, response.content_type) == (status, content_type)
    assert list_models(client) == before


def test_unknown_source_is_reported_in_the_stream(client: FlaskClient) -> None:
    response = create_model(client, model="x", stream=True, **{"from": "zz"})

    assert response.status_code == 200
    assert response.get_data() == (
        b'{"status":"pulling manifest"}\n'
        b'{"error":"pull model manifest: file does not exist"}\n'
    )


def test_empty_strings_of_the_go_client_are_accepted(
    client: FlaskClient,
) -> None:
    zero = {"stream": None, "from": GPT, "template": "", "system": MARIO}
    body = {"model": "", "name": "mario", **zero, "parameters": None, "files": None}

    response = client.post("/api/create", json=body)

    assert read_statuses(response)[-1] == "success"
    assert show_model(client, "mario")["system"] == MARIO


def test_copy_is_the_same_model_under_another_name(client: FlaskClient) -> None:
    create_mario(client)

    copied = client.post(
        "/api/copy", json={"source": "mario", "destination": "me/luigi:small"}
    )

    models = list_models(client)
    assert (copied.status_code, copied.get_data()) == (200, b"")
    assert "Content-Type" not in copied.headers
    assert models["me/luigi:small"]["digest"] == models["mario:latest"]["digest"]
    assert (
        show_model(client, "me/luigi:small")["details"]["parent_model"]
        == f"{GPT}:latest"
    )


@pytest.mark.parametrize("name", ["mario", GPT])
def test_copy_onto_itself_changes_nothing(client: FlaskClient, name: str) -> None:
    create_mario(client)
    before = list_models(client)
    body = {"source": name, "destination": f"{name}:latest".upper()}

    response = client.post("/api/copy", json=body)

    assert response.status_code == 200
    assert list_models(client) == before


@pytest.mark.parametrize(
    "body",
    [{"model": "mario"}, {"name": "Mario:latest"}, {"model": "", "name": " mario "}],
)
def test_deleted_model_is_unknown(client: FlaskClient, body: dict[str, str]) -> None:
    create_mario(client)
    client.post(GENERATE, json={"model": "mario"})

    deleted = client.delete("/api/delete", json=body)

    assert (deleted.status_code, deleted.get_data()) == (200, b"")
    assert "Content-Type" not in deleted.headers
    assert "mario:latest" not in list_models(client)
    assert client.post("/api/show", json=body).status_code == 404
    assert client.get("/api/ps").json["models"] == []
