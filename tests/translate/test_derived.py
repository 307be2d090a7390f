"""Applying a derived model to a request, by Ollama's precedence."""

from typing import Any

import pytest

from app.catalogue.metadata import TABLE
from app.domain.presets import Preset
from app.translate import derived
from app.translate.ollama.chat import OllamaChat
from app.translate.ollama.context import encode_context
from app.translate.ollama.generate import OllamaGenerate
from app.translate.openai.chat import OpenAIChat
from tests.translate.builders import (
    Json,
    image_part,
    message,
    text_part,
)

GPT, QWEN = TABLE.values()
MARIO = message("system", "You are Mario.")
LUIGI = message("system", "You are Luigi.")
HI, HO = message("user", "hi"), message("assistant", "ho")
HELLO = message("user", "Hello")
PICTURE = image_part("data:image/png;base64,AAAA")
FULL = Preset(base=GPT.id, system="You are Mario.", messages=(HI, HO))


def apply_to_chat(preset: Preset, *messages: Any, **body: Any) -> Json:
    body = {"messages": list(messages), **body}
    return derived.apply(preset, OllamaChat().to_upstream(body, GPT), body)


def apply_to_generate(preset: Preset, **body: Any) -> Json:
    body = derived.complete(preset, {"prompt": "Hello", **body})
    request = OllamaGenerate().to_upstream(body, GPT)
    return derived.apply_to_prompt(preset, request, body)


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([HELLO], [MARIO, HI, HO, HELLO]),
        ([LUIGI, HELLO], [HI, HO, LUIGI, HELLO]),
        ([HELLO, LUIGI], [MARIO, HI, HO, HELLO, LUIGI]),
    ],
    ids=["none", "first", "later"],
)
def test_first_system_text_of_a_chat_replaces_the_models(
    messages: list[Json], expected: list[Json]
) -> None:
    assert apply_to_chat(FULL, *messages)["messages"] == expected


def test_developer_message_replaces_the_models_system_text() -> None:
    body = {"messages": [{**LUIGI, "role": "developer"}, HELLO]}

    request = OpenAIChat().to_upstream(body, GPT)
    applied = derived.apply(Preset(GPT.id, system="x"), request, body)

    assert [message["role"] for message in applied["messages"]] == ["developer", "user"]


def test_prompt_comes_after_system_text_and_messages() -> None:
    applied = apply_to_generate(FULL, system="You are Luigi.")

    assert applied["messages"] == [LUIGI, HI, HO, HELLO]
    assert apply_to_generate(FULL)["messages"] == [MARIO, HI, HO, HELLO]


@pytest.mark.parametrize("context", [[], [1, 2, 3]], ids=["empty", "foreign"])
def test_context_replaces_the_models_messages(context: list[int]) -> None:
    assert apply_to_generate(FULL, context=context)["messages"] == [MARIO, HELLO]


def test_requested_template_gets_the_models_system_text() -> None:
    applied = apply_to_generate(FULL, template="{{ .System }} | {{ .Prompt }}")

    prompt = message("user", "You are Mario. | Hello")
    assert applied["messages"] == [HI, HO, prompt]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"temperature": 0.25, "seed": 7, "stop": ["x"]}),
        ({"temperature": 1}, {"temperature": 1, "seed": 7, "stop": ["x"]}),
        ({"seed": None}, {"temperature": 0.25, "seed": 7, "stop": ["x"]}),
        ({"seed": -1}, {"temperature": 0.25, "stop": ["x"]}),
        ({"stop": ["y"]}, {"temperature": 0.25, "seed": 7, "stop": ["y"]}),
        ({"stop": []}, {"temperature": 0.25, "seed": 7}),
    ],
    ids=["none", "wins", "null", "back to chance", "list", "empty list"],
)
def test_requested_options_override_the_models(options: Json, expected: Json) -> None:
    parameters = {"temperature": 0.25, "seed": 7, "stop": ["x"], "num_ctx": 4096}
    preset = Preset(GPT.id, parameters=parameters)

    for applied in (
        apply_to_chat(preset, HELLO, options=options),
        apply_to_generate(preset, options=options),
    ):
        assert applied == {"messages": [HELLO], **expected}


def test_v1_parameters_override_the_models() -> None:
    preset = Preset(GPT.id, parameters={"temperature": 0.25, "num_predict": 9})
    body = {"messages": [HELLO], "temperature": 0}

    applied = derived.apply(preset, OpenAIChat().to_upstream(body, GPT), body)

    assert (applied["temperature"], applied["max_completion_tokens"]) == (0, 9)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"prompt": "x"}, {"prompt": "x", "seed": 7, "max_completion_tokens": 9}),
        ({"prompt": "x", "max_tokens": 5}, {"prompt": "x", "seed": 7, "max_tokens": 5}),
    ],
    ids=["cap of the model", "cap of the request"],
)
def test_raw_prompt_gets_the_models_parameters(request_: Json, expected: Json) -> None:
    preset = Preset(GPT.id, system="x", parameters={"seed": 7, "num_predict": 9})

    assert derived.apply(preset, request_, {}) == expected
    assert derived.apply_to_prompt(preset, request_, {"raw": True}) == expected


def test_raw_request_gets_no_system_text() -> None:
    body = {"raw": True, "prompt": "x"}

    assert derived.complete(FULL, body) == body


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Q: {{ .Prompt }}\nA:", "Q: Hello\nA:"),
        ("{{ .System }}\n\nQ: {{ .Prompt }}", "Q: Hello"),
        ("{{ if .System }}S: {{ .System }}{{ end }}{{ .Prompt }}", "Hello"),
        ("{{ .Prompt }}{{ .Response }}", "Hello"),
        ("<|user|>{{ .Prompt }}<|end|>", "Hello"),
        ("{{ range .Messages }}{{ .Content }}{{ end }}", "Hello"),
        ("no prompt", "Hello"),
    ],
)
def test_plain_template_is_put_around_the_users_text(template: str, text: str) -> None:
    preset = Preset(GPT.id, system="You are Mario.", template=template)

    for applied in (apply_to_chat(preset, HELLO), apply_to_generate(preset)):
        assert applied["messages"] == [MARIO, message("user", text)]


def test_template_is_put_around_user_messages_only() -> None:
    preset = Preset(GPT.id, template="Q: {{ .Prompt }}", messages=(HI, HO))

    texts = [message["content"] for message in apply_to_chat(preset, HELLO)["messages"]]

    assert texts == ["Q: hi", "ho", "Q: Hello"]
    assert texts == [m["content"] for m in apply_to_generate(preset)["messages"]]


def test_template_is_put_around_the_text_beside_an_image() -> None:
    preset = Preset(QWEN.id, template="Q: {{ .Prompt }}")
    request = {"messages": [message("user", [text_part("what?"), PICTURE])]}

    [wrapped] = derived.apply(preset, request, {})["messages"]

    assert wrapped["content"] == [text_part("Q: what?"), PICTURE]


def test_template_is_not_put_around_the_context_again() -> None:
    preset = Preset(GPT.id, template="Q: {{ .Prompt }}")
    context = encode_context([message("user", "Q: hi"), HO])

    applied = apply_to_generate(preset, context=context)

    texts = [message["content"] for message in applied["messages"]]
    assert texts == ["Q: hi", "ho", "Q: Hello"]


def test_inputs_are_not_changed() -> None:
    request = {"messages": [HELLO], "temperature": 1}
    preset = Preset(GPT.id, system="s", template="Q: {{ .Prompt }}", messages=(HI,))

    derived.apply(preset, request, {})
    derived.apply_to_prompt(preset, request, {})

    assert request == {"messages": [HELLO], "temperature": 1}
    assert message("user", "Hello") == HELLO


def test_messages_of_a_preset_are_translated_once() -> None:
    preset = Preset(GPT.id, messages=(message("user", "once"),))

    first, second = (apply_to_chat(preset, HELLO)["messages"][0] for _ in range(2))

    assert first is second
