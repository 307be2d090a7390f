"""Requests in the upstream form are fitted to one model."""

import base64
import copy
from typing import Any

import pytest

from app.domain.models import Traits
from app.errors import InvalidRequest
from app.translate.fit import fit
from tests.translate.builders import Json, function, image_part, message, text_part

LEVELS = {"low": "low", "medium": "medium", "high": "high", "max": "high"}
GPT_OSS = Traits(LEVELS | {"none": "low"}, developer_role=True, prediction=True)
QWEN = Traits(LEVELS | {"none": "none"}, vision=True, single_system=True)
UNKNOWN = Traits()

USER = message("user", "hello")


def chat_request(*messages: Json, **fields: Any) -> Json:
    return {"messages": list(messages) or [USER], **fields}


def fit_request(request: Json, traits: Traits = UNKNOWN) -> Json:
    return fit(request, traits, model="qwen-3.8-27b", name="mine")


def image(size: int = 3) -> Json:
    return image_part("data:image/png;base64," + base64.b64encode(bytes(size)).decode())


def user_message(*images: Json) -> Json:
    return message("user", [text_part("look"), *images])


def calling(name: str, id: str | None = None) -> Json:
    """Return a message of the assistant that calls a tool."""
    return message("assistant", tool_calls=[{"id": id, "function": {"name": name}}])


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
    request = chat_request(message("developer"), USER, message("system", "two"))

    sent = fit_request(request, traits)

    assert [message["role"] for message in sent["messages"]] == roles


def test_tool_calls_and_results_are_paired() -> None:
    request = chat_request(calling("a"), message("tool", "A", name="a"))

    call, result = fit_request(request)["messages"]

    assert result["tool_call_id"] == call["tool_calls"][0]["id"]


@pytest.mark.parametrize(
    ("traits", "kept"), [(QWEN, {"reasoning": "hm"}), (UNKNOWN, {})], ids=str
)
def test_earlier_reasoning_is_sent_only_to_reasoning_models(
    traits: Traits, kept: dict[str, str]
) -> None:
    earlier = message("assistant", "hi")

    sent = fit_request(chat_request(USER, earlier | {"reasoning": "hm"}), traits)

    assert sent["messages"][1] == earlier | kept


def test_images_for_a_model_without_vision_are_refused() -> None:
    with pytest.raises(InvalidRequest, match='^"mine" does not support vision$'):
        fit_request(chat_request(user_message(image())), GPT_OSS)


def test_images_of_the_whole_conversation_are_counted() -> None:
    message = user_message(image(), image(), image())

    with pytest.raises(InvalidRequest, match="at most 5 images .* this one has 6"):
        fit_request(chat_request(message, USER, message), QWEN)


def test_size_of_decoded_images_is_limited() -> None:
    limit = 10 << 20
    traits = Traits(vision=True, max_image_bytes=limit)

    largest, larger = (
        chat_request(user_message(image(limit - 4), image(size))) for size in (4, 5)
    )

    fit_request(largest, traits)
    with pytest.raises(InvalidRequest, match=r"at most 10 MB .* this one has 10\.0 MB"):
        fit_request(larger, traits)


def test_images_of_tools_count_and_move_to_a_user_message() -> None:
    request = chat_request(calling("look", "1"), message("tool", [image()]))

    sent = fit_request(request, QWEN)

    roles = [message["role"] for message in sent["messages"]]
    assert roles == ["assistant", "tool", "user"]
    with pytest.raises(InvalidRequest, match="does not support vision"):
        fit_request(request, GPT_OSS)


def test_fields_about_tools_are_removed_if_there_are_no_tools() -> None:
    request = chat_request(tools=[], tool_choice="auto", parallel_tool_calls=True)

    assert fit_request(request).keys() == {"model", "messages"}


def test_tools_keep_only_the_fields_that_the_upstream_knows() -> None:
    parameters = {"type": "object", "properties": {"x": {"oneOf": []}}}
    described = function("a", parameters=parameters, description=None, examples=[])

    [sent] = fit_request(chat_request(tools=[described | {"x": 1}]))["tools"]

    assert sent == function("a", parameters=parameters)


EMPTY = {"type": "object", "properties": {}}
SCHEMAS: dict[str, tuple[Json, Json]] = {
    "empty": ({}, EMPTY),
    "empty fields, as Ollama sends them": ({"type": "", "properties": None}, EMPTY),
    "no type": ({"properties": {"a": {}}}, EMPTY | {"properties": {"a": {}}}),
    "nulls": ({"type": "object", "required": None, "properties": {}}, EMPTY),
}


@pytest.mark.parametrize(("schema", "sent"), SCHEMAS.values(), ids=SCHEMAS)
def test_required_keywords_are_added_to_parameters(schema: Json, sent: Json) -> None:
    request = chat_request(tools=[function("a", parameters=schema)])

    assert fit_request(request)["tools"] == [function("a", parameters=sent)]


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
    tools = [function("a", strict=value) for value in strict]

    fitted_tools = fit_request(chat_request(tools=tools))["tools"]

    assert [tool["function"].get("strict") for tool in fitted_tools] == sent


def test_response_format_beside_tools_joins_the_one_system_message() -> None:
    system = message("system", "Be brief.")
    request = chat_request(USER, system, tools=[function("a")])

    sent = fit_request(request | {"response_format": {"type": "json_object"}}, QWEN)

    assert "response_format" not in sent
    assert [message["role"] for message in sent["messages"]] == ["system", "user"]
    assert "JSON" in sent["messages"][0]["content"]


def test_sampling_is_clamped_to_its_ranges() -> None:
    sampling = {"temperature": 3, "top_p": -1, "seed": 0}
    penalties = {"frequency_penalty": 0, "presence_penalty": -9}

    sent = fit_request(chat_request(**sampling, **penalties))

    clamped = {"temperature": 2, "top_p": 0, "seed": 0, "presence_penalty": -2}
    assert sent == {"model": "qwen-3.8-27b", "messages": [USER], **clamped}


@pytest.mark.parametrize(("traits", "kept"), [(GPT_OSS, True), (QWEN, False)], ids=str)
def test_prediction_is_sent_only_to_models_that_support_it(
    traits: Traits, kept: bool
) -> None:
    request = chat_request(prediction={"type": "content", "content": "x"})

    assert ("prediction" in fit_request(request, traits)) is kept


def test_raw_prompt_keeps_only_fields_of_completions() -> None:
    kept = {"prompt": "once", "stop": ["."]}
    changed = {"max_completion_tokens": 8, "temperature": 5}
    removed = {"reasoning_effort": "high", "response_format": {}, "top_logprobs": 3}

    sent = fit_request(kept | changed | removed, QWEN)

    fitted = {"model": "qwen-3.8-27b", "max_tokens": 8, "temperature": 2}
    assert sent == kept | fitted


def test_request_is_not_changed_in_place() -> None:
    request = chat_request(
        message("developer", "one"),
        calling("a") | {"reasoning": "hm"},
        message("tool", [image()]),
        tools=[function("a", strict=True), function("b")],
        response_format={"type": "json_object"},
        temperature=9,
    )
    before = copy.deepcopy(request)

    fit_request(request, QWEN)

    assert request == before
