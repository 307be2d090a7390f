"""What a derived model is to whoever uses it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.ollama.making import (
    GPT,
    HELLO,
    MARIO,
    QWEN,
    TALK,
    asked,
    made,
    show,
    tags,
)
from tests.blueprints.talking import picture
from tests.cerebras import Fake
from tests.modelfiles import parse_modelfile


@pytest.fixture
def client(make_client: MakeClient) -> FlaskClient:
    return make_client()


def test_a_made_model_is_listed_newest_first(client: FlaskClient) -> None:
    made(client, model="first", system="One.")
    made(client, model="second", system="Two.")

    listed = tags(client)

    assert list(listed)[:2] == ["second:latest", "first:latest"]
    assert listed["first:latest"]["details"]["parent_model"] == f"{GPT}:latest"
    assert listed["first:latest"]["details"]["family"] == "gptoss"
    assert listed["first:latest"]["remote_model"] == GPT
    assert len({each["digest"] for each in listed.values()}) == len(listed)
    assert {"first:latest", "second:latest"} < {
        each["id"] for each in client.get("/v1/models").json["data"]
    }


def test_a_made_model_is_shown(client: FlaskClient) -> None:
    made(client, model="mario", system=MARIO, parameters={"temperature": 1.5})

    shown = show(client, "Mario:latest")

    assert shown["system"] == MARIO
    assert "temperature                    1.5" in shown["parameters"].split("\n")
    assert shown["details"]["parent_model"] == f"{GPT}:latest"
    assert shown["capabilities"] == show(client, GPT)["capabilities"]
    assert shown["license"] == show(client, GPT)["license"]
    assert shown["template"] == show(client, GPT)["template"]


def test_what_show_asks_for_stands_in_the_modelfile_only(client: FlaskClient) -> None:
    made(client, model="mario", system=MARIO)

    shown = show(client, "mario", system="You are Luigi.", options={"seed": 7})
    again = show(client, "mario")

    assert "SYSTEM You are Luigi.\n" in shown["modelfile"]
    assert "PARAMETER seed 7\n" in shown["modelfile"]
    assert "seed" not in shown["parameters"]
    assert again["system"] == MARIO


def test_one_model_of_v1_is_told_by_its_name_and_date(client: FlaskClient) -> None:
    made(client, model="mario", system=MARIO)

    told = client.get("/v1/models/mario").json

    assert told["id"] == "mario"
    assert told["created"] > 1_700_000_000


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/chat", {"messages": [HELLO]}),
        ("/api/generate", {"prompt": "Hello"}),
        ("/v1/chat/completions", {"messages": [HELLO]}),
    ],
    ids=["chat", "generate", "v1"],
)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_made_model_answers_in_every_dialect(
    client: FlaskClient, fake: Fake, path: str, body: dict[str, Any], stream: bool
) -> None:
    made(client, model="mario", system=MARIO, parameters={"temperature": 0.25})
    fake.script({"content": "It's-a me!"})

    response = client.post(path, json={"model": "mario", "stream": stream, **body})

    assert "It's-a me!".replace("'", "") in response.text.replace("'", "")
    assert asked(fake)["model"] == GPT
    assert asked(fake)["messages"] == [{"role": "system", "content": MARIO}, HELLO]
    assert asked(fake)["temperature"] == 0.25
    first = response.text.removeprefix("data: ").splitlines()[0]
    assert json.loads(first)["model"] == "mario"


def test_the_requests_own_words_win(client: FlaskClient, fake: Fake) -> None:
    parameters = {"temperature": 0.25, "seed": 42, "top_p": 0.5, "stop": ["a"]}
    made(client, model="mario", system=MARIO, parameters=parameters)
    system = {"role": "system", "content": "You are Luigi."}
    options = {"temperature": 1, "seed": -1, "top_p": None, "stop": []}

    client.post(
        "/api/chat",
        json={"model": "mario", "messages": [system, HELLO], "options": options},
    ).get_data()

    sent = asked(fake)
    assert sent["messages"] == [system, HELLO]
    assert (sent["temperature"], sent["top_p"]) == (1, 0.5)
    assert "seed" not in sent
    assert "stop" not in sent


def test_context_goes_on_with_the_made_model(client: FlaskClient, fake: Fake) -> None:
    begins = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]
    made(client, model="mario", system=MARIO, messages=begins)
    body = {"model": "mario", "stream": False}
    fake.script({"content": "It's-a me!"})

    first = client.post("/api/generate", json={**body, "prompt": "Who?"}).json
    context = first["context"]
    client.post("/api/generate", json={**body, "prompt": "Really?", "context": context})

    assert asked(fake)["messages"] == [
        {"role": "system", "content": MARIO},
        *begins,
        {"role": "user", "content": "Who?"},
        {"role": "assistant", "content": "It's-a me!"},
        {"role": "user", "content": "Really?"},
    ]


def test_a_raw_prompt_takes_the_parameters_only(
    client: FlaskClient, fake: Fake
) -> None:
    parameters = {"num_predict": 9, "temperature": 0.25}
    made(client, model="mario", system=MARIO, parameters=parameters)

    response = client.post(
        "/api/generate",
        json={"model": "mario", "prompt": "2+2=", "raw": True, "stream": False},
    )

    assert response.status_code == 200, response.text
    assert (asked(fake)["prompt"], asked(fake)["max_tokens"]) == ("2+2=", 9)
    assert asked(fake)["temperature"] == 0.25


def test_the_modelfile_makes_the_same_model_again(client: FlaskClient) -> None:
    made(
        client,
        model="mario",
        system='You are "Mario".\nYou jump. ',
        template="{{ .System }} Q: {{ .Prompt }}",
        parameters={"temperature": 1.0, "stop": ["\n", '"', " a"], "num_ctx": 8192},
        messages=[{"role": "user", "content": "hi: you"}, {"role": "assistant"}],
        license=['Mine\nand "yours"', "Theirs"],
        requires="0.14.0",
    )
    shown = show(client, "mario")

    again = {"model": "again", "stream": False, **parse_modelfile(shown["modelfile"])}
    response = client.post("/api/create", json=again)

    listed = tags(client)
    assert response.json == {"status": "success"}
    assert listed["again:latest"]["digest"] == listed["mario:latest"]["digest"]


def test_a_made_model_is_pulled_as_if_it_came_from_afar(client: FlaskClient) -> None:
    made(client, model="mario", system=MARIO)

    pulled = client.post("/api/pull", json={"name": "mario"})

    lines = [json.loads(line) for line in pulled.text.splitlines()]
    assert lines[1]["digest"] == f"sha256:{tags(client)['mario:latest']['digest']}"
    assert lines[-1] == {"status": "success"}


def test_a_loaded_model_is_listed_under_its_own_name(client: FlaskClient) -> None:
    made(client, model="mario", system=MARIO)
    loads = {"model": "MARIO", "keep_alive": "10m"}
    loaded = client.post("/api/generate", json=loads).json
    listed = client.get("/api/ps").json["models"]
    client.post("/api/chat", json={"model": "mario:latest", "keep_alive": 0})

    assert loaded["done_reason"] == "load"
    assert [each["name"] for each in listed] == ["mario:latest"]
    assert listed[0]["digest"] == tags(client)["mario:latest"]["digest"]
    assert client.get("/api/ps").json["models"] == []


def test_a_plain_template_stands_around_what_users_say(
    client: FlaskClient, fake: Fake
) -> None:
    made(client, model="poet", template="Rhyme:\n{{ .Prompt }}", system="Be brief.")
    hi = {"role": "user", "content": "Hi"}

    client.post("/api/chat", json={"model": "poet", "messages": [hi]}).get_data()

    assert asked(fake)["messages"][1:] == [{"role": "user", "content": "Rhyme:\nHi"}]
    assert show(client, "poet")["template"] == "Rhyme:\n{{ .Prompt }}"


def test_pictures_of_a_preset_are_sent_in_a_format_of_the_upstream(
    client: FlaskClient, fake: Fake
) -> None:
    look = {"role": "user", "content": "Look.", "images": [picture("WEBP")]}
    made(client, model="seer", **{"from": QWEN}, messages=[look])

    client.post("/api/chat", json={"model": "seer", **TALK})

    text, image = asked(fake)["messages"][0]["content"]
    assert text["text"] == "Look."
    assert image["image_url"]["url"].startswith("data:image/jpeg;base64,")


def test_a_copy_of_a_served_model_is_an_alias(client: FlaskClient, fake: Fake) -> None:
    client.post("/api/copy", json={"source": GPT, "destination": "gpt-4"})

    answer = client.post("/v1/chat/completions", json={"model": "gpt-4"} | TALK).json

    assert answer["model"] == "gpt-4"
    assert asked(fake)["model"] == GPT
    assert asked(fake)["messages"] == [HELLO]


def test_a_model_whose_base_is_gone_says_so_and_can_be_deleted(
    make_client: MakeClient,
) -> None:
    made(make_client(), model="mario", system=MARIO)
    later = make_client(models=[{"id": QWEN}], CAI_MODEL=QWEN)

    chat = later.post("/api/chat", json={"model": "mario", **TALK})
    listed = tags(later)
    deleted = later.delete("/api/delete", json={"model": "mario"})

    assert chat.status_code == 404
    assert chat.json["error"] == (
        f"model 'mario' is derived from '{GPT}', which was not found: "
        "Cerebras does not serve it now"
    )
    assert listed["mario:latest"]["details"]["family"] == "gptoss"
    assert deleted.status_code == 200


def test_a_name_that_cerebras_comes_to_serve_is_no_longer_ours(
    make_client: MakeClient, app_log: pytest.LogCaptureFixture
) -> None:
    made(make_client(), model="kimi-k9", system=MARIO)
    later = make_client(models=[{"id": GPT}, {"id": "kimi-k9"}])

    shown = [show(later, "kimi-k9"), tags(later)["kimi-k9:latest"], tags(later)][0]

    assert "system" not in shown
    assert len(tags(later)) == 2
    noted = [r for r in app_log.records if "kimi-k9:latest is hidden" in r.getMessage()]
    assert len(noted) == 1
