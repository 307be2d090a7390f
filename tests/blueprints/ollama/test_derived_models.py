"""Derived models in lists, in /api/show and in inference requests."""

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.client import (
    CHAT,
    GENERATE,
    GPT,
    QWEN,
    complete,
    create_mario,
    encode_image,
    list_models,
    post,
    show_model,
    upstream_request,
    user_message,
)
from tests.blueprints.readers import read_lines
from tests.cerebras import Fake
from tests.modelfiles import parse_modelfile

MARIO = "You are Mario."


@pytest.fixture
def client(make_client: MakeClient) -> FlaskClient:
    return make_client()


def test_newest_derived_model_is_listed_first(client: FlaskClient) -> None:
    create_mario(client, model="first", system="One.")
    create_mario(client, model="second", system="Two.")

    models = list_models(client)

    assert list(models)[:2] == ["second:latest", "first:latest"]
    assert models["first:latest"]["details"]["parent_model"] == f"{GPT}:latest"
    assert models["first:latest"]["details"]["family"] == "gptoss"
    assert models["first:latest"]["remote_model"] == GPT
    assert len({entry["digest"] for entry in models.values()}) == len(models)
    assert {"first:latest", "second:latest"} < {
        entry["id"] for entry in client.get("/v1/models").json["data"]
    }


def test_show_returns_the_preset(client: FlaskClient) -> None:
    create_mario(client, parameters={"temperature": 1.5})

    model, base = show_model(client, "Mario:latest"), show_model(client, GPT)

    assert model["system"] == MARIO
    assert "temperature                    1.5" in model["parameters"].split("\n")
    assert model["details"]["parent_model"] == f"{GPT}:latest"
    for key in ("capabilities", "license", "template"):
        assert model[key] == base[key]


def test_show_puts_requested_fields_into_the_modelfile_only(
    client: FlaskClient,
) -> None:
    create_mario(client)

    model = show_model(client, "mario", system="You are Luigi.", options={"seed": 7})

    assert "SYSTEM You are Luigi.\n" in model["modelfile"]
    assert "PARAMETER seed 7\n" in model["modelfile"]
    assert "seed" not in model["parameters"]
    assert show_model(client, "mario")["system"] == MARIO


def test_v1_model_has_the_requested_name_and_a_date(client: FlaskClient) -> None:
    create_mario(client)

    model = client.get("/v1/models/mario").json

    assert model["id"] == "mario"
    assert model["created"] > 1_700_000_000


def test_context_continues_with_the_preset(client: FlaskClient, fake: Fake) -> None:
    messages = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "ho"},
    ]
    create_mario(client, messages=messages)
    fake.script({"content": "It's-a me!"})

    first = complete(client, GENERATE, model="mario", prompt="Who?")
    complete(
        client, GENERATE, model="mario", prompt="Really?", context=first["context"]
    )

    assert upstream_request(fake)["messages"] == [
        {"role": "system", "content": MARIO},
        *messages,
        {"role": "user", "content": "Who?"},
        {"role": "assistant", "content": "It's-a me!"},
        {"role": "user", "content": "Really?"},
    ]


def test_images_of_a_preset_are_converted(client: FlaskClient, fake: Fake) -> None:
    message = {**user_message("Look."), "images": [encode_image("WEBP")]}
    create_mario(client, **{"from": QWEN}, messages=[message])

    complete(client, CHAT, model="mario")

    _, question, _ = upstream_request(fake)["messages"]
    text, image = question["content"]
    assert text["text"] == "Look."
    assert image["image_url"]["url"].startswith("data:image/jpeg;base64,")


@pytest.mark.parametrize("path", ["/v1/completions", "/v1/responses"])
def test_empty_prompt_is_not_sent(client: FlaskClient, fake: Fake, path: str) -> None:
    create_mario(client)

    complete(client, path, model="mario", prompt="", input="")

    assert fake.inference_requests() == []


def test_instructions_replace_the_system_text(client: FlaskClient, fake: Fake) -> None:
    create_mario(client)

    complete(client, "/v1/responses", model="mario", instructions="You are Luigi.")

    assert upstream_request(fake)["messages"][0]["content"] == "You are Luigi."


def test_modelfile_of_show_creates_an_equal_model(client: FlaskClient) -> None:
    create_mario(
        client,
        system='You are "Mario".\nYou jump. ',
        template="{{ .System }} Q: {{ .Prompt }}",
        parameters={"temperature": 1.0, "stop": ["\n", '"', " a"], "num_ctx": 8192},
        messages=[{"role": "user", "content": "hi: you"}, {"role": "assistant"}],
        license=['Mine\nand "yours"', "Theirs"],
        requires="0.14.0",
    )
    modelfile = show_model(client, "mario")["modelfile"]

    body = {"model": "again", "stream": False, **parse_modelfile(modelfile)}
    response = client.post("/api/create", json=body)

    models = list_models(client)
    assert response.json == {"status": "success"}
    assert models["again:latest"]["digest"] == models["mario:latest"]["digest"]


def test_pull_of_a_derived_model_succeeds(client: FlaskClient) -> None:
    create_mario(client)

    lines = read_lines(client.post("/api/pull", json={"name": "mario"}))

    digest = list_models(client)["mario:latest"]["digest"]
    assert lines[1]["digest"] == f"sha256:{digest}"
    assert lines[-1] == {"status": "success"}


def test_loaded_model_is_listed_under_its_own_name(client: FlaskClient) -> None:
    create_mario(client)

    load = client.post(GENERATE, json={"model": "MARIO", "keep_alive": "10m"}).json
    loaded = client.get("/api/ps").json["models"]
    client.post(CHAT, json={"model": "mario:latest", "keep_alive": 0})

    assert load["done_reason"] == "load"
    assert [entry["name"] for entry in loaded] == ["mario:latest"]
    assert loaded[0]["digest"] == list_models(client)["mario:latest"]["digest"]
    assert client.get("/api/ps").json["models"] == []


def test_model_without_its_base_returns_404_and_can_be_deleted(
    make_client: MakeClient,
) -> None:
    create_mario(make_client())
    client = make_client(models=[{"id": QWEN}], CAI_MODEL=QWEN)

    response = post(client, CHAT, model="mario")
    models = list_models(client)
    deleted = client.delete("/api/delete", json={"model": "mario"})

    assert response.status_code == 404
    assert response.json["error"] == (
        f"model 'mario' is derived from '{GPT}', which was not found: "
        "Cerebras does not serve it now"
    )
    assert models["mario:latest"]["details"]["family"] == "gptoss"
    assert deleted.status_code == 200


def test_served_model_hides_a_derived_model_of_its_name(
    make_client: MakeClient, app_log: pytest.LogCaptureFixture
) -> None:
    create_mario(make_client(), model="kimi-k9")
    client = make_client(models=[{"id": GPT}, {"id": "kimi-k9"}])

    assert "system" not in show_model(client, "kimi-k9")
    assert len(list_models(client)) == 2
    lines = [line for line in app_log.messages if "kimi-k9:latest is hidden" in line]
    assert len(lines) == 1
