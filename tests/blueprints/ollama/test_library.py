"""Making models of one's own."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.ollama.making import (
    BARE,
    CHARSET,
    GPT,
    MARIO,
    create,
    made,
    show,
    statuses,
    tags,
)
from tests.modelfiles import parse_modelfile

DIGEST = "sha256:" + "0" * 64


@pytest.fixture
def client(make_client: MakeClient) -> FlaskClient:
    return make_client()


def test_a_model_is_made_with_ollamas_lines(client: FlaskClient) -> None:
    body = {"model": "mario", "from": GPT, "system": MARIO}

    response = client.post("/api/create", json=body)

    layer = "sha256:" + hashlib.sha256(MARIO.encode()).hexdigest()
    told = statuses(response)
    assert response.status_code == 200
    assert response.content_type == "application/x-ndjson"
    assert told[-3:] == [f"creating new layer {layer}", "writing manifest", "success"]
    assert all(text.startswith("using existing layer sha256:") for text in told[:-3])
    assert len(told) > 3
    assert tags(client)[f"{GPT}:latest"]["digest"] in told[0]


def test_without_a_stream_the_last_line_is_the_answer(client: FlaskClient) -> None:
    response = create(client, model="mario", system=MARIO)

    assert (response.status_code, response.content_type) == (200, BARE)
    assert response.get_data() == b'{"status":"success"}'


def test_a_chain_merges_by_ollamas_rules(client: FlaskClient) -> None:
    hi, ho = [{"role": "user", "content": text} for text in ("hi", "ho")]
    parameters = {"temperature": 0.5, "stop": ["a", "b"]}
    made(
        client,
        model="one",
        system="One.",
        parameters=parameters,
        messages=[hi],
        license="Mine",
    )
    further = {"stop": ["c"], "seed": 1}
    made(
        client,
        model="two",
        **{"from": "ONE"},
        system="",
        parameters=further,
        messages=[ho],
        license=[None, "Yours"],
    )

    shown = show(client, "two")

    assert shown["system"] == "One."
    lines = {tuple(line.split(maxsplit=1)) for line in shown["parameters"].split("\n")}
    assert {("temperature", "0.5"), ("stop", '"c"'), ("seed", "1")} < lines
    assert ("stop", '"a"') not in lines
    assert shown["messages"] == [ho]
    assert shown["license"].endswith("\nMine\nYours")
    assert shown["details"]["parent_model"] == "one:latest"
    assert shown["remote_model"] == GPT


def test_a_model_that_is_made_again_is_replaced(client: FlaskClient) -> None:
    made(client, model="Mario", system=MARIO)
    before = tags(client)["Mario:latest"]

    made(client, model="mario", system="You are Luigi.")

    listed = tags(client)
    assert "mario:latest" not in listed
    assert show(client, "mario")["system"] == "You are Luigi."
    assert listed["Mario:latest"]["digest"] != before["digest"]
    assert listed["Mario:latest"]["modified_at"] > before["modified_at"]


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
def test_what_cannot_be_honoured_is_said(
    client: FlaskClient, body: dict[str, Any], remark: str
) -> None:
    response = create(client, model="x", stream=True, **body)

    told = statuses(response)
    assert [text for text in told if text.startswith(remark)], told
    assert told[-1] == "success"


def test_what_a_model_inherits_is_not_remarked_on(client: FlaskClient) -> None:
    body = parse_modelfile(show(client, GPT)["modelfile"])

    response = client.post("/api/create", json={"model": "x", **body})

    assert statuses(response)[-2:] == ["writing manifest", "success"]
    assert [text for text in statuses(response)[:-2] if "layer" not in text] == []


REFUSALS = [
    ({"model": "x", "from": ""}, 400, BARE, "neither 'from' or 'files' was specified"),
    ({"model": ""}, 400, CHARSET, "invalid model name"),
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
def test_what_cannot_be_made_is_refused(
    client: FlaskClient,
    body: dict[str, Any],
    status: int,
    content_type: str,
    error: str,
) -> None:
    before = tags(client)

    response = create(client, **body)

    assert response.json["error"].startswith(error)
    assert (response.status_code, response.content_type) == (status, content_type)
    assert tags(client) == before


def test_an_unknown_source_is_pulled_first_in_the_stream(client: FlaskClient) -> None:
    response = create(client, model="x", stream=True, **{"from": "zz"})

    assert response.status_code == 200
    assert response.get_data() == (
        b'{"status":"pulling manifest"}\n'
        b'{"error":"pull model manifest: file does not exist"}\n'
    )


def test_the_go_clients_empty_strings_are_as_good_as_absent(
    client: FlaskClient,
) -> None:
    zero = {"stream": None, "from": GPT, "template": "", "system": MARIO}
    body = {"model": "", "name": "mario", **zero, "parameters": None, "files": None}

    response = client.post("/api/create", json=body)

    assert statuses(response)[-1] == "success"
    assert show(client, "mario")["system"] == MARIO
