"""Applying a derived model to a request, by Ollama's precedence."""

from __future__ import annotations

from typing import Any

import pytest

from app.catalogue.metadata import TABLE
from app.domain.presets import Preset
from app.translate import derived
from app.translate.ollama.chat import OllamaChat
from app.translate.ollama.context import encode_context
from app.translate.ollama.generate import OllamaGenerate
from app.translate.openai.chat import OpenAIChat

GPT, QWEN = TABLE.values()
MARIO = {"role": "system", "content": "You are Mario."}
LUIGI = {"role": "system", "content": "You are Luigi."}
HI, HO = {"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}
HELLO = {"role": "user", "content": "Hello"}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
FULL = Preset(base=GPT.id, system="You are Mario.", messages=(HI, HO))


def apply_to_chat(preset: Preset, *messages: Any, **body: Any) -> dict[str, Any]:
    body = {"messages": list(messages), **body}
    return derived.apply(preset, OllamaChat().to_upstream(body, GPT), body)


def apply_to_generate(preset: Preset, **body: Any) -> dict[str, Any]:
    body = derived.complete(preset, {"prompt": "Hello", **body})
    return derived.apply_to_prompt(
        preset, OllamaGenerate().to_upstream(body, GPT), body
    )


def test_chat_begins_with_the_models_system_text_and_messages() -> None:
    assert apply_to_chat(FULL, HELLO)["messages"] == [MARIO, HI, HO, HELLO]


def test_system_text_of_a_chat_replaces_the_models() -> None:
    assert apply_to_chat(FULL, LUIGI, HELLO)["messages"] == [HI, HO, LUIGI, HELLO]


def test_later_system_text_does_not_replace_the_models() -> None:
    assert apply_to_chat(FULL, HELLO, LUIGI)["messages"] == [
        MARIO,
        HI,
        HO,
        HELLO,
        LUIGI,
    ]


def test_developer_message_replaces_the_models_system_text() -> None:
    body = {"messages": [{**LUIGI, "role": "developer"}, HELLO]}

    applied = derived.apply(
        Preset(GPT.id, system="x"), OpenAIChat().to_upstream(body, GPT), body
    )

    assert [message["role"] for message in applied["messages"]] == ["developer", "user"]


def test_prompt_comes_after_system_text_and_messages() -> None:
    assert apply_to_generate(FULL)["messages"] == [MARIO, HI, HO, HELLO]
    assert apply_to_generate(FULL, system="You are Luigi.")["messages"] == [
        LUIGI,
        HI,
        HO,
        HELLO,
    ]


@pytest.mark.parametrize("context", [[], [1, 2, 3]], ids=["empty", "foreign"])
def test_context_replaces_the_models_messages(context: list[int]) -> None:
    assert apply_to_generate(FULL, context=context)["messages"] == [MARIO, HELLO]


def test_requested_template_gets_the_models_system_text() -> None:
    applied = apply_to_generate(FULL, template="{{ .System }} | {{ .Prompt }}")

    assert applied["messages"] == [
        HI,
        HO,
        {"role": "user", "content": "You are Mario. | Hello"},
    ]


def test_images_in_the_models_messages_are_kept() -> None:
    png = (
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhg"
        "GAWjR9awAAAABJRU5ErkJggg=="
    )
    preset = Preset(QWEN.id, messages=({"role": "user", "images": [png]},))

    [message, _] = apply_to_chat(preset, HELLO)["messages"]

    assert message["content"][0]["type"] == "image_url"


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
def test_requested_options_override_the_models(
    options: dict[str, Any], expected: dict[str, Any]
) -> None:
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
def test_raw_prompt_gets_the_models_parameters(
    request_: dict[str, Any], expected: dict[str, Any]
) -> None:
    preset = Preset(GPT.id, system="x", parameters={"seed": 7, "num_predict": 9})

    assert derived.apply(preset, request_, {}) == expected
    assert derived.apply_to_prompt(preset, request_, {"raw": True}) == expected


def test_raw_request_gets_no_system_text() -> None:
    assert derived.complete(FULL, {"raw": True, "prompt": "x"}) == {
        "raw": True,
        "prompt": "x",
    }


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
        assert applied["messages"] == [MARIO, {"role": "user", "content": text}]


def test_template_is_put_around_user_messages_only() -> None:
    preset = Preset(GPT.id, template="Q: {{ .Prompt }}", messages=(HI, HO))

    texts = [message["content"] for message in apply_to_chat(preset, HELLO)["messages"]]

    assert texts == ["Q: hi", "ho", "Q: Hello"]
    assert texts == [m["content"] for m in apply_to_generate(preset)["messages"]]


def test_template_is_put_around_the_text_beside_an_image() -> None:
    preset = Preset(QWEN.id, template="Q: {{ .Prompt }}")
    content = [{"type": "text", "text": "what?"}, PICTURE]
    applied = derived.apply(
        preset, {"messages": [{"role": "user", "content": content}]}, {}
    )

    assert applied["messages"][0]["content"] == [
        {"type": "text", "text": "Q: what?"},
        PICTURE,
    ]


def test_template_is_not_put_around_the_context_again() -> None:
    preset = Preset(GPT.id, template="Q: {{ .Prompt }}")
    context = encode_context([{"role": "user", "content": "Q: hi"}, HO])

    texts = [
        m["content"] for m in apply_to_generate(preset, context=context)["messages"]
    ]

    assert texts == ["Q: hi", "ho", "Q: Hello"]


def test_inputs_are_not_changed() -> None:
    request = {"messages": [HELLO], "temperature": 1}
    preset = Preset(GPT.id, system="s", template="Q: {{ .Prompt }}", messages=(HI,))

    derived.apply(preset, request, {})
    derived.apply_to_prompt(preset, request, {})

    assert request == {"messages": [HELLO], "temperature": 1}
    assert HELLO == {"role": "user", "content": "Hello"}


def test_messages_of_a_preset_are_translated_once() -> None:
    preset = Preset(GPT.id, messages=({"role": "user", "content": "once"},))

    first, second = (apply_to_chat(preset, HELLO)["messages"][0] for _ in range(2))

    assert first is second
