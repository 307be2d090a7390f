"""Rules for models, tools, the order of messages, images and lengths."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from PIL import Image

from tests.cerebras import Fake
from tests.fake_cerebras.client import (
    COMPLETIONS,
    GPT,
    QWEN,
    Response,
    chat_body,
    post,
)

INVALID = {"type": "invalid_request_error", "code": "wrong_api_format"}
NAMED = {"type": "function", "function": {"name": "look"}}


def tool(name: str = "look", **function: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, **function}}


def message(role: str, content: Any = "hi") -> dict[str, Any]:
    return {"role": role, "content": content}


def calls(*ids: str, **fields: Any) -> dict[str, Any]:
    function = {"name": "look", "arguments": "{}"}
    tool_calls = [{"id": id, "type": "function", "function": function} for id in ids]
    return {"role": "assistant", "tool_calls": tool_calls, **fields}


def result(call_id: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": "seen"}


def conversation(*messages: dict[str, Any], model: str = GPT) -> dict[str, Any]:
    return {"model": model, "messages": list(messages)}


@pytest.mark.parametrize("model", ["llama3.1-8b", "GPT-OSS-120B", ""])
def test_retired_or_unknown_model_returns_404(fake: Fake, model: str) -> None:
    chat = post(fake, chat_body("hi", model))
    completion = post(fake, {"model": model, "prompt": "hi"}, COMPLETIONS)

    assert chat.status == completion.status == 404
    assert chat.json == completion.json
    assert chat.json == {
        "message": f"Model {model} does not exist or you do not have access to it.",
        "type": "not_found_error",
        "param": "model",
        "code": "model_not_found",
    }


@pytest.mark.parametrize("type", ["text", "json_object", "json_schema"])
@pytest.mark.parametrize("model", [GPT, QWEN])
def test_tools_with_response_format_return_400(
    fake: Fake, model: str, type: str
) -> None:
    body = chat_body("json", model, tools=[tool()], response_format={"type": type})

    response = post(fake, body)

    assert response.status == 400
    assert response.json["message"] == '"tools" is incompatible with "response_format"'
    assert INVALID.items() <= response.json.items()


@pytest.mark.parametrize("first", [False, None])
def test_tools_with_mixed_strict_return_400(fake: Fake, first: bool | None) -> None:
    mixed = [tool("a", strict=first), tool("b", strict=True)]

    response = post(fake, chat_body("hi", tools=mixed))

    assert response.json == {
        "message": "Tools with mixed values for 'strict' are not allowed. "
        "Please set all tools to 'strict: true' or 'strict: false'",
        "param": "tools",
        **INVALID,
    }
    assert post(fake, chat_body("hi", tools=mixed[1:] * 2)).status == 200


@pytest.mark.parametrize("choice", ["none", "auto", "required", NAMED], ids=str)
@pytest.mark.parametrize("tools", [None, []])
def test_tool_choice_without_tools_returns_400(
    fake: Fake, choice: Any, tools: Any
) -> None:
    response = post(fake, chat_body("hi", tools=tools, tool_choice=choice))

    assert (response.status, response.json["param"]) == (400, "tool_choice")


def test_tool_choice_of_a_missing_tool_returns_400(fake: Fake) -> None:
    body = chat_body("hi", tools=[tool("listen")], tool_choice=NAMED)

    assert post(fake, body).json["param"] == "tool_choice"


USER = message("user")
UNPAIRED = {
    "call at the end": [USER, calls("a")],
    "call before the user": [USER, calls("a"), USER],
    "one of two calls without result": [USER, calls("a", "b"), result("a"), USER],
    "result without call": [USER, result("a")],
    "result of another id": [USER, calls("a"), result("b")],
    "result twice": [USER, calls("a"), result("a"), result("a")],
    "result too late": [USER, calls("a"), USER, result("a")],
    "id twice in a message": [USER, calls("a", "a"), result("a"), result("a")],
    "id twice in a conversation": [USER, *[calls("a"), result("a")] * 2],
}


@pytest.mark.parametrize("case", UNPAIRED)
def test_unpaired_tool_messages_return_400(fake: Fake, case: str) -> None:
    response = post(fake, conversation(*UNPAIRED[case]))

    assert (response.status, response.json["param"]) == (400, "messages")
    assert INVALID.items() <= response.json.items()


@pytest.mark.parametrize("content", [{}, {"content": ""}, {"content": None}], ids=str)
def test_tool_results_may_come_in_any_order(
    fake: Fake, content: dict[str, Any]
) -> None:
    turn = [calls("a", "b", **content), result("b"), result("a")]

    body = conversation(USER, *turn, calls("c"), result("c"))

    assert post(fake, body).status == 200


@pytest.mark.parametrize("effort", ["none", "max", "minimal", ""])
def test_unknown_effort_of_gpt_oss_returns_400(fake: Fake, effort: str) -> None:
    response = post(fake, chat_body("hi", reasoning_effort=effort))

    assert response.status == 400
    assert response.json == {
        "message": "1 validation error for ChatCompletionServerRequest\n"
        "reasoning_effort\n  Input should be 'low', 'medium' or 'high' "
        f"[type=enum, input_value={effort!r}, input_type=str]\n"
        "    For further information visit https://errors.pydantic.dev/2.8/v/enum",
        "param": "validation_error",
        "id": "",
        **INVALID,
    }


def test_qwen_accepts_four_efforts(fake: Fake) -> None:
    efforts = ("none", "low", "medium", "high", "max")
    bodies = [chat_body("hi", QWEN, reasoning_effort=effort) for effort in efforts]

    assert [post(fake, body).status for body in bodies] == [*[200] * 4, 400]


def test_prediction_for_qwen_returns_400(fake: Fake) -> None:
    prediction = {"type": "content", "content": "x"}

    response = post(fake, chat_body("hi", QWEN, prediction=prediction))

    assert response.status == 400
    assert response.json["message"] == '"prediction" is not currently supported'


SYSTEM = message("system")


@pytest.mark.parametrize(
    "messages",
    [[SYSTEM, SYSTEM, USER], [USER, SYSTEM], [message("developer"), USER]],
    ids=["two system messages", "system message last", "developer message"],
)
def test_only_qwen_refuses_order_and_role(
    fake: Fake, messages: list[dict[str, Any]]
) -> None:
    assert post(fake, conversation(*messages, model=QWEN)).status == 400
    assert post(fake, conversation(*messages, model=GPT)).status == 200


def test_too_long_prompt_returns_400_with_both_lengths(fake: Fake) -> None:
    response = post(fake, chat_body("word" * 131_072))

    assert response.status == 400
    length = int(response.json["message"].split("length is ")[1].split()[0])
    assert length > 131_072
    assert response.json == {
        "message": "Please reduce the length of the messages or completion. "
        f"Current length is {length} while limit is 131072",
        "type": "invalid_request_error",
        "param": "messages",
        "code": "context_length_exceeded",
    }


def test_cap_counts_toward_the_length(fake: Fake) -> None:
    response = post(fake, chat_body("hi", max_completion_tokens=131_072))

    assert response.json["code"] == "context_length_exceeded"


def image_file(format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30)).save(file, format, **options)
    return file.getvalue()


def data_uri(data: bytes, type: str = "image/png") -> str:
    return f"data:{type};base64,{base64.b64encode(data).decode()}"


def post_images(fake: Fake, *urls: str, model: str = QWEN) -> Response:
    images = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    content = [{"type": "text", "text": "What is this?"}, *images]
    return post(fake, conversation(message("user", content), model=model))


PNG = image_file("PNG")
JPEG = image_file("JPEG")


@pytest.mark.parametrize(
    ("data", "type", "description"),
    [
        (PNG, "image/png", "a PNG picture of 40 × 30"),
        (JPEG, "image/jpeg", "a JPEG picture of 40 × 30"),
        (JPEG, "image/jpg", "a JPEG picture of 40 × 30"),
        (image_file("JPEG", progressive=True), "image/jpeg", "a JPEG picture of 40"),
    ],
    ids=["png", "jpeg", "jpg", "progressive"],
)
def test_image_is_accepted_and_described(
    fake: Fake, data: bytes, type: str, description: str
) -> None:
    response = post_images(fake, data_uri(data, type))

    assert description in response.message["content"]


def test_image_part_is_accepted(fake: Fake) -> None:
    content = [{"type": "image", "image": data_uri(PNG)}]

    response = post(fake, conversation(message("user", content), model=QWEN))

    assert "a PNG picture" in response.message["content"]


BAD_IMAGES = {
    "http": "https://example.com/cat.png",
    "bare base64": base64.b64encode(PNG).decode(),
    "webp": data_uri(image_file("WEBP"), "image/webp"),
    "gif": data_uri(image_file("GIF"), "image/gif"),
    "webp labelled png": data_uri(image_file("WEBP")),
    "jpeg labelled png": data_uri(JPEG),
    "png labelled jpeg": data_uri(PNG, "image/jpeg"),
    "invalid base64": "data:image/png;base64,!!!",
    "without base64 label": "data:image/png,AAAA",
    "truncated jpeg": data_uri(JPEG[:20], "image/jpeg"),
    "empty": "data:image/png;base64,",
}


@pytest.mark.parametrize("case", BAD_IMAGES)
def test_bad_image_returns_400(fake: Fake, case: str) -> None:
    response = post_images(fake, BAD_IMAGES[case])

    assert (response.status, response.json["param"]) == (400, "messages")


def test_image_for_a_text_model_returns_400(fake: Fake) -> None:
    assert post_images(fake, data_uri(PNG), model=GPT).status == 400


def test_number_and_size_of_images_are_limited(fake: Fake) -> None:
    large = data_uri(PNG + bytes(6 * 1024 * 1024))

    assert post_images(fake, *[data_uri(PNG)] * 5).status == 200
    assert post_images(fake, *[data_uri(PNG)] * 6).status == 400
    assert post_images(fake, large).status == 200
    assert post_images(fake, large, large).status == 413


def test_images_count_in_the_usage(fake: Fake) -> None:
    response = post_images(fake, data_uri(PNG), data_uri(JPEG, "image/jpeg"))

    usage = response.json["usage"]
    assert usage["prompt_tokens_details"]["image_tokens"] == 512
    assert usage["prompt_tokens"] > 512
