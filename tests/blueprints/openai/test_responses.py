"""`/v1/responses`, as a client sees it and as the upstream is asked."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.openai.responding import (
    WEATHER,
    refusal,
    respond,
    stream,
    text_of,
)
from tests.blueprints.talking import (
    GPT,
    OPENAI,
    QWEN,
    RESPONSES,
    TOWN,
    asking,
    picture,
    sent,
    user,
)
from tests.cerebras import Fake
from tests.fake_ollama import FakeOllama

CALL = {"name": "weather", "arguments": {"town": "Oslo"}}
FORM = {"type": "json_schema", "name": "town", "schema": TOWN, "strict": True}
both_ways = pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])


def answered(client: FlaskClient, streamed: bool, **body: Any) -> dict[str, Any]:
    if not streamed:
        return respond(client, **body)
    last: dict[str, Any] = stream(client, **body)[-1]["response"]
    return last


@both_ways
def test_a_text_is_answered(client: FlaskClient, fake: Fake, streamed: bool) -> None:
    fake.script({"reasoning": "Hm.", "content": "Good day."})

    response = answered(client, streamed, model="gpt-oss:120b")

    reasoning, message = response["output"]
    assert reasoning["summary"] == [{"type": "summary_text", "text": "Hm."}]
    assert text_of(response) == "Good day."
    assert (message["status"], message["role"]) == ("completed", "assistant")
    assert (response["status"], response["model"]) == ("completed", "gpt-oss:120b")
    assert re.fullmatch(r"resp_[a-z0-9]{24}", response["id"])
    assert response["completed_at"] >= response["created_at"]
    usage = response["usage"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert usage["output_tokens_details"]["reasoning_tokens"] > 0


@both_ways
def test_words_and_a_call_are_both_told(
    client: FlaskClient, fake: Fake, streamed: bool
) -> None:
    fake.script({"content": "Let me see.", "tool_calls": [CALL, CALL]})

    response = answered(client, streamed, tools=[WEATHER])

    message, *calls = response["output"]
    assert message["content"][0]["text"] == "Let me see."
    assert [call["name"] for call in calls] == ["weather", "weather"]
    assert [json.loads(call["arguments"]) for call in calls] == [CALL["arguments"]] * 2
    assert len({call["call_id"] for call in calls}) == 2


def test_a_conversation_goes_on_with_what_was_answered(
    client: FlaskClient, fake: Fake
) -> None:
    fake.script({"reasoning": "Ask.", "content": "Wait.", "tool_calls": [CALL]})
    first = respond(client, tools=[WEATHER])
    call = first["output"][-1]
    result = {
        "type": "function_call_output",
        "call_id": call["call_id"],
        "output": "rain",
    }

    respond(client, tools=[WEATHER], input=[user(), *first["output"], result])

    _, assistant, tool = sent(fake)["messages"]
    assert assistant["content"] == "Wait."
    assert assistant["reasoning"] == "Ask."
    assert assistant["tool_calls"][0]["id"] == call["call_id"]
    assert tool == {"role": "tool", "content": "rain", "tool_call_id": call["call_id"]}


def test_the_upstream_is_asked_as_by_chat_completions(
    client: FlaskClient, fake: Fake
) -> None:
    """What both routes can say goes up as one and the same request."""
    shared = {"temperature": 0.5, "top_p": 0.9, "tool_choice": "auto", "model": QWEN}
    description = {key: WEATHER[key] for key in ("name", "description", "parameters")}
    chat = {
        **shared,
        "messages": [{"role": "system", "content": "Be brief."}, user()],
        "tools": [{"type": "function", "function": description}],
        "max_completion_tokens": 99,
        "reasoning_effort": "low",
    }
    items = {
        **shared,
        "input": [user()],
        "instructions": "Be brief.",
        "tools": [WEATHER],
        "max_output_tokens": 99,
        "reasoning": {"effort": "low"},
    }

    asked = []
    for path, body in ((OPENAI, chat), (RESPONSES, items)):
        assert client.post(path, json=body).status_code == 200
        asked.append(sent(fake))

    assert asked[0] == asked[1]


@both_ways
@pytest.mark.parametrize(
    "form", [FORM, {"type": "json_object"}], ids=["schema", "json"]
)
def test_an_answer_has_the_form_that_was_asked_for(
    client: FlaskClient, fake: Fake, streamed: bool, form: dict[str, Any]
) -> None:
    response = answered(client, streamed, text={"format": form}, input="A town in JSON")

    assert isinstance(json.loads(text_of(response)), dict)
    assert sent(fake)["response_format"]["type"] == form["type"]
    assert response["text"]["format"] == form


def test_a_picture_is_shown(client: FlaskClient, fake: Fake) -> None:
    url = f"data:image/webp;base64,{picture('WEBP')}"
    parts = [
        {"type": "input_text", "text": "What is it?"},
        {"type": "input_image", "image_url": url, "detail": "auto"},
    ]

    respond(client, model=QWEN, input=[{"role": "user", "content": parts}])

    text, image = sent(fake)["messages"][0]["content"]
    assert text == {"type": "text", "text": "What is it?"}
    assert image["image_url"]["url"].startswith("data:image/jpeg;base64,")


@both_ways
def test_an_answer_that_was_cut_is_incomplete(
    client: FlaskClient, fake: Fake, streamed: bool
) -> None:
    fake.script({"content": "one two three four five six"})

    response = answered(client, streamed, max_output_tokens=3)

    assert response["status"] == "incomplete"
    assert response["incomplete_details"] == {"reason": "max_output_tokens"}
    assert sent(fake)["max_completion_tokens"] == 3


@both_ways
@pytest.mark.parametrize("said", [{"input": []}, {"input": ""}, {"input": None}])
def test_a_request_that_says_nothing_is_answered_with_nothing(
    client: FlaskClient, fake: Fake, streamed: bool, said: dict[str, Any]
) -> None:
    response = answered(client, streamed, **said)

    assert (response["output"], response["status"]) == ([], "completed")
    assert fake.inference_requests() == []


def test_tools_that_nobody_can_run_are_left_out_and_logged(
    client: FlaskClient, fake: Fake, app_log: pytest.LogCaptureFixture
) -> None:
    kind = "computer_use_preview"

    respond(client, tools=[WEATHER, {"type": kind}], tool_choice={"type": kind})

    assert [t["function"]["name"] for t in sent(fake)["tools"]] == ["weather"]
    assert "tool_choice" not in sent(fake)
    assert kind in app_log.text


def test_an_effort_of_none_hides_what_was_thought(
    client: FlaskClient, fake: Fake
) -> None:
    fake.script({"reasoning": "Hm.", "content": "Hi."})

    response = respond(client, reasoning={"effort": "none"})

    assert [item["type"] for item in response["output"]] == ["message"]
    assert sent(fake)["reasoning_effort"] == "low"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"model": ""}, "model is required"),
        ({"model": "a b"}, "invalid model name"),
        ({"previous_response_id": "resp_1"}, "previous_response_id is not supported"),
        ({"input": 1}, "input must be a string or array"),
        ({"input": [{"role": "user", "content": [1]}]}, "input[0]: invalid message"),
        ({"reasoning": {"effort": "huge"}}, "invalid reasoning value"),
        ({"input": [{"type": "message"}, {}]}, "input[1]: input item missing"),
    ],
)
@both_ways
def test_a_refusal_comes_before_any_stream(
    client: FlaskClient, body: dict[str, Any], text: str, streamed: bool
) -> None:
    assert refusal(client, stream=streamed, **body).startswith(text)


def test_a_model_that_is_not_there_is_not_found(client: FlaskClient) -> None:
    answer = client.post(RESPONSES, json=asking(RESPONSES, model="gpt-5"))

    assert answer.status_code == 404
    assert answer.get_json()["error"]["message"] == "model 'gpt-5' not found"


def test_a_model_of_its_own_answers_as_it_was_made(
    make_client: MakeClient, fake: Fake
) -> None:
    client = make_client()
    made = {
        "model": "mario",
        "from": GPT,
        "system": "You are Mario.",
        "parameters": {"temperature": 0.3},
    }
    assert client.post("/api/create", json=made).status_code == 200

    response = respond(client, model="mario")

    assert response["model"] == "mario"
    asked = sent(fake)
    assert [m["role"] for m in asked["messages"]] == ["system", "user"]
    assert (asked["model"], asked["temperature"]) == (GPT, 0.3)
    respond(client, model="mario", instructions="You are Luigi.")
    assert sent(fake)["messages"][0]["content"] == "You are Luigi."
    assert respond(client, model="mario", input="")["output"] == []


def test_the_passthrough_answers_for_its_own(
    make_client: MakeClient, ollama: FakeOllama
) -> None:
    client = make_client(OLLAMA_PASSTHROUGH_URL=ollama.url)

    client.post(RESPONSES, json=asking(RESPONSES, model="llama3"))
    client.post("/chat/completions", json=asking(OPENAI, model="llama3"))

    assert (
        len(ollama.wait_for_requests(RESPONSES))
        == len(ollama.wait_for_requests(OPENAI))
        == 1
    )


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_nothing_is_kept_to_come_back_to(client: FlaskClient, method: str) -> None:
    answer = client.open(f"{RESPONSES}/resp_1", method=method)

    assert (answer.status_code, answer.text) == (404, "404 page not found")
