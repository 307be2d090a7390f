"""Requests in the upstream form are fitted to one model."""

from __future__ import annotations

import base64
import copy
from typing import Any

import pytest

from app.domain.models import Traits
from app.errors import InvalidRequest
from app.translate.fit import fit

GPT_OSS = Traits(
    reasoning_efforts={
        "none": "low",
        "low": "low",
        "medium": "medium",
        "high": "high",
        "max": "high",
    },
    developer_role=True,
    prediction=True,
)
QWEN = Traits(
    reasoning_efforts={
        "none": "none",
        "low": "low",
        "medium": "medium",
        "high": "high",
        "max": "high",
    },
    vision=True,
    single_system=True,
)
UNKNOWN = Traits()

USER = {"role": "user", "content": "hello"}


def chat_request(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"messages": list(messages) or [USER], **fields}


def fit_request(request: dict[str, Any], traits: Traits = UNKNOWN) -> dict[str, Any]:
    return fit(request, traits, model="qwen-3.8-27b", name="mine")


def image_part(size: int = 3) -> dict[str, Any]:
    url = "data:image/png;base64," + base64.b64encode(bytes(size)).decode()
    return {"type": "image_url", "image_url": {"url": url}}


def user_message(*images: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": "look"}, *images]}


def tool(name: str, **fields: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, **fields}}


def test_model_is_replaced_by_the_upstream_id() -> None:
    assert fit_request(chat_request(model="mine"))["model"] == "qwen-3.8-27b"


@pytest.mark.parametrize(
    ("traits", "requested", "sent"),
    [
        (GPT_OSS, "none", "low"),
        (GPT_OSS, "medium", "medium"),
        (GPT_OSS, "max", "high"),
        (GPT_OSS, None, None),
        (QWEN, "none", "none"),
        (QWEN, "max", "high"),
        (QWEN, "extreme", None),
        (UNKNOWN, "none", None),
        (UNKNOWN, "high", None),
        (Traits(reasoning_efforts={"none": "none", "high": None}), "high", None),
    ],
)
def test_effort_is_mapped_to_one_the_model_supports(
    traits: Traits, requested: str | None, sent: str | None
) -> None:
    request = chat_request() | ({"reasoning_effort": requested} if requested else {})

    assert fit_request(request, traits).get("reasoning_effort") == sent


@pytest.mark.parametrize(
    ("traits", "roles"),
    [
        (GPT_OSS, ["developer", "user", "system"]),
        (QWEN, ["system", "user"]),
        (UNKNOWN, ["system", "user", "system"]),
    ],
    ids=["gpt-oss", "qwen", "unknown"],
)
def test_instructions_have_the_roles_and_place_that_the_model_supports(
    traits: Traits, roles: list[str]
) -> None:
    developer = {"role": "developer", "content": "one"}
    system = {"role": "system", "content": "two"}

    sent = fit_request(chat_request(developer, USER, system), traits)

    assert [message["role"] for message in sent["messages"]] == roles


def test_tool_calls_and_results_are_paired() -> None:
    call = {"type": "function", "function": {"name": "a", "arguments": "{}"}}
    assistant = {"role": "assistant", "content": "", "tool_calls": [call]}
    result = {"role": "tool", "content": "A", "name": "a"}

    _, sent_call, sent_result = fit_request(chat_request(USER, assistant, result))[
        "messages"
    ]

    assert sent_result["tool_call_id"] == sent_call["tool_calls"][0]["id"]


@pytest.mark.parametrize(
    ("traits", "kept"), [(QWEN, {"reasoning": "hm"}), (UNKNOWN, {})], ids=str
)
def test_earlier_reasoning_is_sent_only_to_reasoning_models(
    traits: Traits, kept: dict[str, str]
) -> None:
    earlier = {"role": "assistant", "content": "hi"}

    sent = fit_request(chat_request(USER, earlier | {"reasoning": "hm"}), traits)

    assert sent["messages"][1] == earlier | kept


def test_images_for_a_model_without_vision_are_refused() -> None:
    with pytest.raises(InvalidRequest, match='^"mine" does not support vision$'):
        fit_request(chat_request(user_message(image_part())), GPT_OSS)


def test_images_of_the_whole_conversation_are_counted() -> None:
    message = user_message(image_part(), image_part(), image_part())

    with pytest.raises(InvalidRequest, match="at most 5 images .* this one has 6"):
        fit_request(chat_request(message, USER, message), QWEN)


def test_size_of_decoded_images_is_limited() -> None:
    limit = 10 << 20
    traits = Traits(vision=True, max_image_bytes=limit)

    fit_request(
        chat_request(user_message(image_part(limit - 4), image_part(4))), traits
    )
    with pytest.raises(InvalidRequest, match=r"at most 10 MB .* this one has 10\.0 MB"):
        fit_request(
            chat_request(user_message(image_part(limit - 4), image_part(5))), traits
        )


def test_images_of_tools_count_and_move_to_a_user_message() -> None:
    call = {"id": "1", "function": {"name": "look"}}
    assistant = {"role": "assistant", "content": "", "tool_calls": [call]}
    result = {"role": "tool", "tool_call_id": "1", "content": [image_part()]}

    sent = fit_request(chat_request(USER, assistant, result), QWEN)

    assert [m["role"] for m in sent["messages"]] == [
        "user",
        "assistant",
        "tool",
        "user",
    ]
    with pytest.raises(InvalidRequest, match="does not support vision"):
        fit_request(chat_request(USER, assistant, result), GPT_OSS)


def test_fields_about_tools_are_removed_if_there_are_no_tools() -> None:
    request = chat_request(tools=[], tool_choice="auto", parallel_tool_calls=True)

    assert fit_request(request).keys() == {"model", "messages"}


def test_tools_keep_only_the_fields_that_the_upstream_knows() -> None:
    parameters = {"type": "object", "properties": {"x": {"oneOf": []}}}
    described = tool("a", parameters=parameters, description=None, examples=[])

    [sent] = fit_request(chat_request(tools=[described | {"x": 1}]))["tools"]

    assert sent == tool("a", parameters=parameters)


PROPERTIES = {"a": {"type": "string", "default": "b"}}
EMPTY = {"type": "object", "properties": {}}
SCHEMAS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "empty": ({}, EMPTY),
    "empty fields, as Ollama sends them": ({"type": "", "properties": None}, EMPTY),
    "no type": (
        {"properties": PROPERTIES},
        {"type": "object", "properties": PROPERTIES},
    ),
    "nulls": ({"type": "object", "required": None, "properties": {}}, EMPTY),
}


@pytest.mark.parametrize(("schema", "sent"), SCHEMAS.values(), ids=SCHEMAS)
def test_required_keywords_are_added_to_parameters(
    schema: dict[str, Any], sent: dict[str, Any]
) -> None:
    [fitted_tool] = fit_request(chat_request(tools=[tool("a", parameters=schema)]))[
        "tools"
    ]

    assert fitted_tool == tool("a", parameters=sent)


@pytest.mark.parametrize(
    ("strict", "sent"),
    [
        ([True, True], [True, True]),
        ([True, False], [None, None]),
        ([True, None], [None, None]),
        ([False, None], [False, None]),
    ],
    ids=str,
)
def test_mixed_strict_values_are_removed(
    strict: list[bool | None], sent: list[bool | None]
) -> None:
    tools = [tool("a", strict=value) for value in strict]

    fitted_tools = fit_request(chat_request(tools=tools))["tools"]

    assert [tool["function"].get("strict") for tool in fitted_tools] == sent


def test_response_format_beside_tools_joins_the_one_system_message() -> None:
    system = {"role": "system", "content": "Be brief."}
    request = chat_request(USER, system, tools=[tool("a")])

    sent = fit_request(request | {"response_format": {"type": "json_object"}}, QWEN)

    assert "response_format" not in sent
    assert [message["role"] for message in sent["messages"]] == ["system", "user"]
    assert "JSON" in sent["messages"][0]["content"]


def test_sampling_is_clamped_to_its_ranges() -> None:
    request = chat_request(
        temperature=3, top_p=-1, frequency_penalty=0, presence_penalty=-9
    )

    sent = fit_request(request | {"seed": 0})

    assert sent == {
        "model": "qwen-3.8-27b",
        "messages": [USER],
        "seed": 0,
        "temperature": 2,
        "top_p": 0,
        "presence_penalty": -2,
    }


@pytest.mark.parametrize(("traits", "kept"), [(GPT_OSS, True), (QWEN, False)], ids=str)
def test_prediction_is_sent_only_to_models_that_support_it(
    traits: Traits, kept: bool
) -> None:
    request = chat_request(prediction={"type": "content", "content": "x"})

    assert ("prediction" in fit_request(request, traits)) is kept


def test_raw_prompt_keeps_only_fields_of_completions() -> None:
    request = {
        "prompt": "once",
        "max_completion_tokens": 8,
        "temperature": 5,
        "stop": ["."],
        "reasoning_effort": "high",
        "response_format": {"type": "json_object"},
        "top_logprobs": 3,
    }

    assert fit_request(request, QWEN) == {
        "model": "qwen-3.8-27b",
        "prompt": "once",
        "max_tokens": 8,
        "temperature": 2,
        "stop": ["."],
    }


def test_request_is_not_changed_in_place() -> None:
    call = {"function": {"name": "a"}}
    request = chat_request(
        {"role": "developer", "content": "one"},
        {"role": "assistant", "content": "", "tool_calls": [call], "reasoning": "hm"},
        {"role": "tool", "content": [image_part()]},
        tools=[tool("a", strict=True), tool("b")],
        response_format={"type": "json_object"},
        temperature=9,
    )
    before = copy.deepcopy(request)

    fit_request(request, QWEN)

    assert request == before
