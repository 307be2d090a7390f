"""A request fits the model it goes to, whatever dialect it came from."""

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


def chat(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"messages": list(messages) or [USER], **fields}


def fitted(request: dict[str, Any], traits: Traits = UNKNOWN) -> dict[str, Any]:
    return fit(request, traits, model="qwen-3.8-27b", name="mine")


def picture(size: int = 3) -> dict[str, Any]:
    url = "data:image/png;base64," + base64.b64encode(bytes(size)).decode()
    return {"type": "image_url", "image_url": {"url": url}}


def showing(*pictures: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": "look"}, *pictures]}


def tool(name: str, **fields: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, **fields}}


def test_the_upstreams_id_is_written_in() -> None:
    assert fitted(chat(model="mine"))["model"] == "qwen-3.8-27b"


@pytest.mark.parametrize(
    ("traits", "asked", "sent"),
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
def test_the_effort_is_one_the_model_knows(
    traits: Traits, asked: str | None, sent: str | None
) -> None:
    request = chat() | ({"reasoning_effort": asked} if asked else {})

    assert fitted(request, traits).get("reasoning_effort") == sent


@pytest.mark.parametrize(
    ("traits", "roles"),
    [
        (GPT_OSS, ["developer", "user", "system"]),
        (QWEN, ["system", "user"]),
        (UNKNOWN, ["system", "user", "system"]),
    ],
    ids=["gpt-oss", "qwen", "unknown"],
)
def test_instructions_stand_where_the_model_reads_them(
    traits: Traits, roles: list[str]
) -> None:
    developer = {"role": "developer", "content": "one"}
    system = {"role": "system", "content": "two"}

    sent = fitted(chat(developer, USER, system), traits)

    assert [message["role"] for message in sent["messages"]] == roles


def test_tool_calls_and_results_are_paired() -> None:
    call = {"type": "function", "function": {"name": "a", "arguments": "{}"}}
    assistant = {"role": "assistant", "content": "", "tool_calls": [call]}
    answered = {"role": "tool", "content": "A", "name": "a"}

    _, called, result = fitted(chat(USER, assistant, answered))["messages"]

    assert result["tool_call_id"] == called["tool_calls"][0]["id"]


@pytest.mark.parametrize(
    ("traits", "kept"), [(QWEN, {"reasoning": "hm"}), (UNKNOWN, {})], ids=str
)
def test_earlier_reasoning_goes_to_models_that_reason(
    traits: Traits, kept: dict[str, str]
) -> None:
    earlier = {"role": "assistant", "content": "hi"}

    sent = fitted(chat(USER, earlier | {"reasoning": "hm"}), traits)

    assert sent["messages"][1] == earlier | kept


def test_a_model_without_vision_refuses_pictures() -> None:
    with pytest.raises(InvalidRequest, match='^"mine" does not support vision$'):
        fitted(chat(showing(picture())), GPT_OSS)


def test_pictures_are_counted_over_the_whole_conversation() -> None:
    turn = showing(picture(), picture(), picture())

    with pytest.raises(InvalidRequest, match="at most 5 images .* this one has 6"):
        fitted(chat(turn, USER, turn), QWEN)


def test_pictures_are_weighed_as_what_they_decode_to() -> None:
    most = 10 << 20
    heavy = Traits(vision=True, max_image_bytes=most)

    fitted(chat(showing(picture(most - 4), picture(4))), heavy)
    with pytest.raises(InvalidRequest, match=r"at most 10 MB .* this one has 10\.0 MB"):
        fitted(chat(showing(picture(most - 4), picture(5))), heavy)


def test_pictures_of_tools_count_and_are_shown_by_a_user() -> None:
    call = {"id": "1", "function": {"name": "look"}}
    assistant = {"role": "assistant", "content": "", "tool_calls": [call]}
    answered = {"role": "tool", "tool_call_id": "1", "content": [picture()]}

    sent = fitted(chat(USER, assistant, answered), QWEN)

    assert [m["role"] for m in sent["messages"]] == [
        "user",
        "assistant",
        "tool",
        "user",
    ]
    with pytest.raises(InvalidRequest, match="does not support vision"):
        fitted(chat(USER, assistant, answered), GPT_OSS)


def test_no_tools_take_their_other_keys_along() -> None:
    request = chat(tools=[], tool_choice="auto", parallel_tool_calls=True)

    assert fitted(request).keys() == {"model", "messages"}


def test_tools_keep_only_the_keys_the_upstream_knows() -> None:
    parameters = {"type": "object", "properties": {"x": {"oneOf": []}}}
    given = tool("a", parameters=parameters, description=None, examples=[]) | {"x": 1}

    [sent] = fitted(chat(tools=[given]))["tools"]

    assert sent == tool("a", parameters=parameters)


PROPERTIES = {"a": {"type": "string", "default": "b"}}
EMPTY = {"type": "object", "properties": {}}
SCHEMAS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "empty": ({}, EMPTY),
    "as Ollama leaves it": ({"type": "", "properties": None}, EMPTY),
    "no type": (
        {"properties": PROPERTIES},
        {"type": "object", "properties": PROPERTIES},
    ),
    "nulls": ({"type": "object", "required": None, "properties": {}}, EMPTY),
}


@pytest.mark.parametrize(("given", "sent"), SCHEMAS.values(), ids=SCHEMAS)
def test_the_parameters_of_a_tool_are_valid_and_whole(
    given: dict[str, Any], sent: dict[str, Any]
) -> None:
    [fitted_tool] = fitted(chat(tools=[tool("a", parameters=given)]))["tools"]

    assert fitted_tool == tool("a", parameters=sent)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ([True, True], [True, True]),
        ([True, False], [None, None]),
        ([True, None], [None, None]),
        ([False, None], [False, None]),
    ],
    ids=str,
)
def test_tools_agree_whether_they_are_strict(
    given: list[bool | None], sent: list[bool | None]
) -> None:
    tools = [tool("a", strict=strict) for strict in given]

    fitted_tools = fitted(chat(tools=tools))["tools"]

    assert [tool["function"].get("strict") for tool in fitted_tools] == sent


def test_a_form_beside_tools_goes_into_the_one_system_message() -> None:
    system = {"role": "system", "content": "Be brief."}
    request = chat(USER, system, tools=[tool("a")])

    sent = fitted(request | {"response_format": {"type": "json_object"}}, QWEN)

    assert "response_format" not in sent
    assert [message["role"] for message in sent["messages"]] == ["system", "user"]
    assert "JSON" in sent["messages"][0]["content"]


def test_sampling_is_brought_into_range() -> None:
    request = chat(temperature=3, top_p=-1, frequency_penalty=0, presence_penalty=-9)

    sent = fitted(request | {"seed": 0})

    assert sent == {
        "model": "qwen-3.8-27b",
        "messages": [USER],
        "seed": 0,
        "temperature": 2,
        "top_p": 0,
        "presence_penalty": -2,
    }


@pytest.mark.parametrize(("traits", "kept"), [(GPT_OSS, True), (QWEN, False)], ids=str)
def test_a_prediction_goes_to_models_that_take_it(traits: Traits, kept: bool) -> None:
    request = chat(prediction={"type": "content", "content": "x"})

    assert ("prediction" in fitted(request, traits)) is kept


def test_a_raw_prompt_gets_its_model_and_nothing_of_chat() -> None:
    request = {
        "prompt": "once",
        "max_completion_tokens": 8,
        "temperature": 5,
        "stop": ["."],
        "reasoning_effort": "high",
        "response_format": {"type": "json_object"},
        "top_logprobs": 3,
    }

    assert fitted(request, QWEN) == {
        "model": "qwen-3.8-27b",
        "prompt": "once",
        "max_tokens": 8,
        "temperature": 2,
        "stop": ["."],
    }


def test_requests_are_never_changed() -> None:
    call = {"function": {"name": "a"}}
    request = chat(
        {"role": "developer", "content": "one"},
        {"role": "assistant", "content": "", "tool_calls": [call], "reasoning": "hm"},
        {"role": "tool", "content": [picture()]},
        tools=[tool("a", strict=True), tool("b")],
        response_format={"type": "json_object"},
        temperature=9,
    )
    before = copy.deepcopy(request)

    fitted(request, QWEN)

    assert request == before
