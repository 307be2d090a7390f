"""A prompt continued, in Ollama's own manner."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.talking import (
    GENERATE,
    GPT,
    QWEN,
    TOWN,
    asking,
    lines,
    picture,
    sent,
    texts,
)
from tests.cerebras import Fake

RAW_PATH = "/v1/completions"


def generate(client: FlaskClient, **body: Any) -> dict[str, Any]:
    """A whole answer."""
    asked = {"model": GPT, "prompt": "hello", "stream": False, **body}
    answer = client.post(GENERATE, json=asked)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.get_json()
    return said


def pairs(fake: Fake) -> list[tuple[str, str]]:
    return [(each["role"], each["content"]) for each in sent(fake)["messages"]]


def test_an_answer_is_streamed_unless_told_otherwise(
    client: FlaskClient, fake: Fake
) -> None:
    fake.script({"reasoning": "Hm.", "content": "Good day to you."}, times=2)

    streamed = lines(client.post(GENERATE, json=asking(GENERATE)))
    whole = generate(client)

    assert len(streamed) > 2
    assert texts(streamed, "content") == whole["response"] == "Good day to you."
    assert texts(streamed, "thinking") == whole["thinking"] == "Hm."
    assert streamed[-1]["context"] == whole["context"]


def test_a_prompt_is_a_conversation_of_one_turn(
    client: FlaskClient, fake: Fake
) -> None:
    generate(client, prompt="Why?", system="Be brief.", options={"num_predict": 30})

    assert pairs(fake) == [("system", "Be brief."), ("user", "Why?")]
    assert sent(fake)["max_completion_tokens"] == 30


def test_a_context_carries_the_conversation_to_any_machine(
    make_client: MakeClient, fake: Fake, tmp_path: Path
) -> None:
    elsewhere = str(tmp_path / "elsewhere")
    here, there = make_client(), make_client(CERELLAMA_INSTANCE_DIR=elsewhere)
    fake.script({"content": "Blåbær!"})
    fake.script({"content": "Yes."})

    first = generate(here, prompt="A berry?", system="Be brief.")
    second = generate(there, prompt="Really?", context=first["context"])
    generate(here, prompt="Sure?", context=second["context"])

    assert pairs(fake) == [
        ("system", "Be brief."),
        ("user", "A berry?"),
        ("assistant", "Blåbær!"),
        ("user", "Really?"),
        ("assistant", "Yes."),
        ("user", "Sure?"),
    ]
    assert all(0 <= number < 2**31 for number in second["context"])


def test_a_newer_system_text_takes_the_place_of_the_old_one(
    client: FlaskClient, fake: Fake
) -> None:
    context = generate(client, system="old")["context"]

    generate(client, system="new", context=context)

    assert [text for role, text in pairs(fake) if role == "system"] == ["new"]


@pytest.mark.parametrize("context", [[], [1, 2, 3], [2**40], [-1], [0] * 5000])
def test_a_foreign_context_is_ignored(
    client: FlaskClient, fake: Fake, context: list[int]
) -> None:
    generate(client, prompt="hello", context=context)

    assert pairs(fake) == [("user", "hello")]


@pytest.mark.parametrize(
    ("model", "think", "effort"),
    [
        (GPT, None, None),
        (GPT, False, "low"),
        (GPT, "max", "high"),
        (QWEN, False, "none"),
        (QWEN, "medium", "medium"),
    ],
)
def test_thinking_is_asked_for_as_each_model_can(
    client: FlaskClient, fake: Fake, model: str, think: Any, effort: str | None
) -> None:
    said = generate(client, model=model, think=think)

    assert sent(fake).get("reasoning_effort") == effort
    assert ("thinking" in said) == (think is not False)


@pytest.mark.parametrize("wanted", ["json", TOWN], ids=["json", "schema"])
@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_has_the_form_it_was_asked_for(
    client: FlaskClient, wanted: Any, stream: bool
) -> None:
    body = asking(GENERATE, format=wanted, stream=stream)

    answer = client.post(GENERATE, json=body)

    said = lines(answer) if stream else [answer.get_json()]
    assert isinstance(json.loads(texts(said, "content")), dict)


def test_a_streamed_json_answer_comes_in_more_than_one_line(
    client: FlaskClient, fake: Fake
) -> None:
    fake.script({"content": '{"a": 1, "b": [true, false]}'})

    said = lines(client.post(GENERATE, json=asking(GENERATE, format="json")))

    assert sum(1 for line in said if line["response"]) > 1
    assert said[-1]["context"]


def test_pictures_go_with_the_prompt(client: FlaskClient, fake: Fake) -> None:
    said = generate(client, model=QWEN, prompt="Look.", images=[picture("WEBP")])

    assert "I see a JPEG picture of 3 × 2 pixels." in said["response"]
    words, shown = sent(fake)["messages"][0]["content"]
    assert words == {"type": "text", "text": "Look."}
    assert shown["image_url"]["url"].startswith("data:image/jpeg;base64,")


@pytest.mark.parametrize("stream", [True, False])
def test_a_raw_prompt_goes_up_as_it_is(
    client: FlaskClient, fake: Fake, stream: bool
) -> None:
    fake.script({"content": " upon a time"})
    body = asking(
        GENERATE,
        "<|start|>Once",
        raw=True,
        stream=stream,
        options={"num_predict": 9, "temperature": 0.1, "top_k": 3},
    )

    answer = client.post(GENERATE, json=body)

    said = lines(answer) if stream else [answer.get_json()]
    record = fake.inference_requests()[0]
    assert texts(said, "content") == " upon a time"
    assert not any("context" in line for line in said)
    assert record["path"] == RAW_PATH
    assert record["body"] == {
        "model": GPT,
        "prompt": "<|start|>Once",
        "max_tokens": 9,
        "temperature": 0.1,
        "stream": stream,
    }


def test_a_raw_prompt_without_a_cap_gets_the_default_one(
    make_client: MakeClient, fake: Fake
) -> None:
    generate(make_client(DEFAULT_NUM_PREDICT="55"), raw=True)

    assert sent(fake)["max_tokens"] == 55


def test_a_template_of_its_own_frames_the_prompt(
    client: FlaskClient, fake: Fake
) -> None:
    template = "{{ if .System }}Rule: {{ .System }}\n{{ end }}Q: {{ .Prompt }}\nA:"

    generate(client, prompt="Why?", system="Be brief.", template=template)

    assert pairs(fake) == [("user", "Rule: Be brief.\nQ: Why?\nA:")]


def test_a_template_of_a_models_own_tokens_is_left_out(
    client: FlaskClient, fake: Fake
) -> None:
    generate(client, prompt="Why?", template="<|im_start|>{{ .Prompt }}<|im_end|>")

    assert pairs(fake) == [("user", "Why?")]


@pytest.mark.parametrize("prompt", ["", None])
def test_without_a_prompt_nothing_is_asked(
    client: FlaskClient, fake: Fake, prompt: str | None
) -> None:
    body = {"model": GPT, "prompt": prompt, "system": "x", "images": [picture("PNG")]}

    answer = client.post(GENERATE, json=body).get_json()

    assert (answer["response"], answer["done_reason"]) == ("", "load")
    assert fake.inference_requests() == []


@pytest.mark.parametrize("stream", [True, False])
def test_logprobs_cover_the_whole_text(
    client: FlaskClient, fake: Fake, stream: bool
) -> None:
    fake.script({"content": "Good day."})
    body = asking(GENERATE, logprobs=True, top_logprobs=2, stream=stream)

    answer = client.post(GENERATE, json=body)

    said = lines(answer) if stream else [answer.get_json()]
    entries = [entry for line in said for entry in line.get("logprobs", ())]
    assert "".join(entry["token"] for entry in entries) == "Good day."


@pytest.mark.parametrize("stream", [True, False])
def test_more_than_four_stops_all_work(
    client: FlaskClient, fake: Fake, stream: bool
) -> None:
    fake.script({"content": "one two FIVE three"})
    options = {"stop": ["AA", "BB", "CC", "DD", "FIVE"]}

    answer = client.post(
        GENERATE, json=asking(GENERATE, options=options, stream=stream)
    )

    said = lines(answer) if stream else [answer.get_json()]
    assert texts(said, "content") == "one two "


def test_what_would_be_asked_of_a_raw_prompt_is_shown_too(
    client: FlaskClient, fake: Fake
) -> None:
    said = generate(client, raw=True, _debug_render_only=True)

    shown = json.loads(said["_debug_info"]["rendered_template"])
    assert shown == {"prompt": "hello", "model": GPT}
    assert (said["response"], said["done"]) == ("", False)
    assert fake.inference_requests() == []
