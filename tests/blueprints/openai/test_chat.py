"""`/v1/chat/completions`, as Ollama answers it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.talking import (
    GPT,
    OPENAI,
    QWEN,
    TOWN,
    WEATHER,
    asking,
    chunks,
    delta_texts,
    events,
    picture,
    user,
)
from tests.cerebras import Fake

HEAD = ["id", "object", "created", "model", "system_fingerprint"]
USAGE = ["prompt_tokens", "completion_tokens", "total_tokens"]
FORM = {"type": "json_schema", "json_schema": {"name": "town", "schema": TOWN}}


def complete(client: FlaskClient, **body: Any) -> dict[str, Any]:
    """A whole completion."""
    answer = client.post(OPENAI, json=asking(OPENAI, **body))
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    assert answer.data.endswith(b"}\n")
    said: dict[str, Any] = answer.get_json()
    return said


def message(client: FlaskClient, **body: Any) -> dict[str, Any]:
    said: dict[str, Any] = complete(client, **body)["choices"][0]["message"]
    return said


def stream(client: FlaskClient, **body: Any) -> list[dict[str, Any]]:
    return chunks(client.post(OPENAI, json=asking(OPENAI, stream=True, **body)))


def refusal(client: FlaskClient, **body: Any) -> str:
    answer = client.post(OPENAI, json=asking(OPENAI, **body))
    assert answer.status_code == 400
    error = answer.get_json()["error"]
    assert error["type"] == "invalid_request_error"
    return str(error["message"])


def sent(fake: Fake) -> dict[str, Any]:
    """What the upstream was asked last."""
    body: dict[str, Any] = fake.inferences(at_least=1)[-1]["body"]
    return body


def shown(url: Any, **more: Any) -> dict[str, Any]:
    image = {"type": "image_url", "image_url": {"url": url, **more}}
    return {"role": "user", "content": [{"type": "text", "text": "Look."}, image]}


def test_a_completion_has_the_shape_of_ollamas(client: FlaskClient, fake: Fake) -> None:
    fake.script({"think": "Hm.", "say": "Good day."})

    said = complete(client, model="gpt-oss:120b")

    [choice] = said["choices"]
    assert list(said) == [*HEAD, "choices", "usage"]
    assert re.fullmatch(r"chatcmpl-[a-z0-9]{24}", said["id"])
    assert said["object"] == "chat.completion"
    assert said["model"] == "gpt-oss:120b"
    assert choice == {
        "index": 0,
        "message": {"role": "assistant", "content": "Good day.", "reasoning": "Hm."},
        "finish_reason": "stop",
    }
    assert list(said["usage"]) == USAGE
    assert said["usage"]["total_tokens"] == sum(said["usage"][key] for key in USAGE[:2])


def test_a_stream_has_the_shape_of_ollamas(client: FlaskClient, fake: Fake) -> None:
    fake.script({"think": "Let me see now.", "say": "Good day to you."})

    said = stream(client)

    assert len({each["id"] for each in said}) == len({e["created"] for e in said}) == 1
    assert all(list(each) == [*HEAD, "choices"] for each in said)
    assert {each["object"] for each in said} == {"chat.completion.chunk"}
    deltas = [each["choices"][0]["delta"] for each in said]
    assert [delta.get("role") for delta in deltas] == ["assistant"] + [None] * (
        len(deltas) - 1
    )
    assert delta_texts(said, "reasoning") == "Let me see now."
    assert delta_texts(said, "content") == "Good day to you."
    assert all("content" in delta for delta in deltas[:-1])
    reasons = [each["choices"][0]["finish_reason"] for each in said]
    assert reasons == [None] * (len(said) - 1) + ["stop"]
    assert deltas[-1] == {}


@pytest.mark.parametrize(
    ("options", "asked"),
    [({"include_usage": True}, True), ({"include_usage": False}, False), (None, False)],
)
def test_usage_ends_a_stream_that_asks_for_it(
    client: FlaskClient, options: dict[str, bool] | None, asked: bool
) -> None:
    said = stream(client, stream_options=options)

    assert ("usage" in said[-1]) == asked
    assert not any("usage" in each for each in said[:-1])
    if asked:
        assert said[-1]["choices"] == []
        assert all(said[-1]["usage"][key] > 0 for key in USAGE)


def test_an_empty_answer_still_opens_and_ends(client: FlaskClient, fake: Fake) -> None:
    fake.script({"say": ""})

    said = stream(client)

    assert [each["choices"][0]["delta"] for each in said] == [
        {"role": "assistant", "content": ""},
        {},
    ]


def test_what_the_upstream_knows_goes_up(client: FlaskClient, fake: Fake) -> None:
    body = {
        "temperature": 0.3,
        "top_p": 0.8,
        "seed": 5,
        "stop": ["X", "Y"],
        "max_completion_tokens": 77,
        "frequency_penalty": 0.0,
        "n": 3,
        "user": "me",
        "store": True,
        "logit_bias": {"1": 1},
    }

    complete(client, **body)

    up = sent(fake)
    known = ("temperature", "top_p", "seed", "stop", "max_completion_tokens")
    assert {key: up[key] for key in known} == {key: body[key] for key in known}
    assert not {"n", "user", "store", "logit_bias"} & up.keys()


@pytest.mark.parametrize(
    ("more", "cap"),
    [
        ({"max_tokens": 9}, 9),
        ({"max_completion_tokens": 8}, 8),
        ({"max_tokens": 9, "max_completion_tokens": 8}, 8),
        ({}, 55),
        ({"max_tokens": None}, 55),
    ],
    ids=str,
)
def test_the_cap_is_the_clients_or_else_the_default(
    make_client: MakeClient, fake: Fake, more: dict[str, Any], cap: int
) -> None:
    complete(make_client(DEFAULT_NUM_PREDICT="55"), **more)

    assert sent(fake)["max_completion_tokens"] == cap


def test_a_cut_by_the_cap_is_told(client: FlaskClient, fake: Fake) -> None:
    fake.script({"say": "one two three four five"}, times=2)

    assert complete(client, max_tokens=3)["choices"][0]["finish_reason"] == "length"
    assert stream(client, max_tokens=3)[-1]["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize("stop", ["X", ["X"], ["X", 5, None]])
def test_a_stop_is_a_text_or_a_list(client: FlaskClient, fake: Fake, stop: Any) -> None:
    fake.script({"say": "one X two"})

    assert message(client, stop=stop)["content"] == "one "
    assert sent(fake)["stop"] == ["X"]


@pytest.mark.parametrize("streamed", [True, False])
def test_more_than_four_stops_all_work(
    client: FlaskClient, fake: Fake, streamed: bool
) -> None:
    fake.script({"say": "one two FIVE three"})
    stop = ["AA", "BB", "CC", "DD", "FIVE"]

    text = (
        delta_texts(stream(client, stop=stop), "content")
        if streamed
        else message(client, stop=stop)["content"]
    )

    assert text == "one two "


@pytest.mark.parametrize(
    ("model", "asked", "effort", "thinks"),
    [
        (GPT, {}, None, True),
        (GPT, {"reasoning_effort": "minimal"}, "low", True),
        (GPT, {"reasoning_effort": "none"}, "low", False),
        (GPT, {"reasoning_effort": "xhigh"}, "high", True),
        (GPT, {"reasoning": {"effort": "low"}}, "low", True),
        (GPT, {"reasoning": {}, "reasoning_effort": "low"}, None, True),
        (QWEN, {"reasoning_effort": "none"}, "none", False),
        (QWEN, {"reasoning_effort": "max"}, "high", True),
        (QWEN, {"reasoning": {"effort": "medium"}}, "medium", True),
    ],
)
def test_reasoning_is_asked_for_as_each_model_can(
    client: FlaskClient,
    fake: Fake,
    model: str,
    asked: dict[str, Any],
    effort: str | None,
    thinks: bool,
) -> None:
    said = message(client, model=model, **asked)

    assert sent(fake).get("reasoning_effort") == effort
    assert ("reasoning" in said) == thinks


def test_an_unknown_effort_is_refused(client: FlaskClient) -> None:
    text = refusal(client, reasoning_effort="huge")

    assert text.startswith('invalid reasoning value: "huge" (must be ')


def test_a_tool_is_called_and_its_result_is_used(
    client: FlaskClient, fake: Fake
) -> None:
    asked = user("What is the weather in Oslo?")

    called = complete(client, messages=[asked], tools=[WEATHER])["choices"][0]
    [call] = called["message"]["tool_calls"]
    result = {"role": "tool", "tool_call_id": call["id"], "content": "sunny"}
    messages = [asked, called["message"], result]
    said = message(client, messages=messages, tools=[WEATHER])

    assert called["finish_reason"] == "tool_calls"
    assert called["message"]["content"] == ""
    assert list(call) == ["id", "index", "type", "function"]
    assert json.loads(call["function"]["arguments"]) == {"town": "Oslo"}
    assert "sunny" in said["content"]
    assert sent(fake)["messages"][1]["tool_calls"][0]["id"] == call["id"]


def test_parallel_calls_arrive_whole_in_one_chunk(
    client: FlaskClient, fake: Fake
) -> None:
    calls = [{"name": "rain", "arguments": {"n": 1}}, {"name": "wind", "arguments": {}}]
    fake.script({"call": calls, "fragment": 1})

    *_, called, last = stream(client, tools=[WEATHER])

    delta = called["choices"][0]["delta"]
    assert [call["index"] for call in delta["tool_calls"]] == [0, 1]
    assert [call["function"] for call in delta["tool_calls"]] == [
        {"name": "rain", "arguments": '{"n":1}'},
        {"name": "wind", "arguments": "{}"},
    ]
    assert last["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize(
    "choice",
    ["none", "auto", "required", {"type": "function", "function": {"name": "weather"}}],
    ids=str,
)
def test_the_choice_of_tools_is_honoured(
    client: FlaskClient, fake: Fake, choice: Any
) -> None:
    said = message(
        client, tools=[WEATHER], tool_choice=choice, parallel_tool_calls=False
    )

    assert sent(fake)["tool_choice"] == choice
    assert sent(fake)["parallel_tool_calls"] is False
    assert ("tool_calls" in said) == (choice not in ("none", "auto"))


@pytest.mark.parametrize("arguments", ["", "{}", '{"town": "Oslo"}'])
def test_arguments_of_earlier_calls_are_objects(
    client: FlaskClient, fake: Fake, arguments: str
) -> None:
    call = {"id": "c1", "function": {"name": "weather", "arguments": arguments}}
    said = {"role": "assistant", "content": None, "tool_calls": [call]}
    result = {"role": "tool", "tool_call_id": "c1", "content": "sunny"}

    complete(client, messages=[user(), said, result], tools=[WEATHER])

    [made] = sent(fake)["messages"][1]["tool_calls"]
    assert json.loads(made["function"]["arguments"]) == json.loads(arguments or "{}")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"messages": []}, "[] is too short - 'messages'"),
        ({"messages": [{"role": "user"}]}, "invalid message content type: <nil>"),
        (
            {"messages": [{"role": "user", "content": 5}]},
            "invalid message content type: float64",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "video"}]}]},
            "invalid message format",
        ),
        (
            {
                "messages": [
                    {
                        "role": "assistant",
                        "tool_calls": [{"function": {"name": "f", "arguments": "x"}}],
                    }
                ]
            },
            "invalid tool call arguments",
        ),
        (
            {"messages": [shown("https://x.example/a.png")]},
            "image URLs are not currently supported, "
            "please use base64 encoded data instead",
        ),
        ({"messages": [shown("data:image/gif;base64,AAAA")]}, "invalid image input"),
        ({"model": ""}, "model is required"),
        ({"model": "a b"}, "invalid model name"),
        ({"top_logprobs": 21}, "top_logprobs must be between 0 and 20"),
    ],
)
@pytest.mark.parametrize("streamed", [True, False])
def test_what_is_refused(
    client: FlaskClient, body: dict[str, Any], text: str, streamed: bool
) -> None:
    assert refusal(client, **body, stream=streamed) == text


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_pictures_are_seen(client: FlaskClient, fake: Fake, kind: str) -> None:
    url = f"data:image/{kind};base64,{picture(kind)}"

    said = message(client, model=QWEN, messages=[shown(url, detail="low")])

    seen = "PNG" if kind == "png" else "JPEG"
    assert f"I see a {seen} picture of 3 × 2 pixels." in said["content"]
    assert sent(fake)["messages"][0]["content"][0]["text"] == "Look."


def test_a_blind_model_refuses_pictures(client: FlaskClient, fake: Fake) -> None:
    url = f"data:image/png;base64,{picture('PNG')}"

    text = refusal(client, messages=[shown(url)])

    assert text == f'"{GPT}" does not support vision'
    assert fake.inferences() == []


@pytest.mark.parametrize(
    "form", [FORM, {"type": "json_object"}], ids=["schema", "json"]
)
@pytest.mark.parametrize("streamed", [True, False])
def test_an_answer_has_the_form_it_was_asked_for(
    client: FlaskClient, form: dict[str, Any], streamed: bool
) -> None:
    text = (
        delta_texts(stream(client, response_format=form), "content")
        if streamed
        else message(client, response_format=form)["content"]
    )

    assert isinstance(json.loads(text), dict)


@pytest.mark.parametrize("streamed", [True, False])
def test_tools_and_a_form_both_hold(
    client: FlaskClient, fake: Fake, streamed: bool
) -> None:
    fake.script({"say": "Oslo has some people."})
    fake.script({"say": '{"name": "Oslo", "people": 700000}'})
    body = {"tools": [WEATHER], "tool_choice": "auto", "response_format": FORM}

    text = (
        delta_texts(stream(client, **body), "content")
        if streamed
        else message(client, **body)["content"]
    )

    first, second = [record["body"] for record in fake.inferences()]
    assert json.loads(text)["people"] == 700_000
    assert "response_format" not in first
    assert "tools" not in second


@pytest.mark.parametrize("streamed", [True, False])
def test_logprobs_cover_the_whole_text(
    client: FlaskClient, fake: Fake, streamed: bool
) -> None:
    fake.script({"say": "Good day."})
    body = {"logprobs": True, "top_logprobs": 2}

    said = stream(client, **body) if streamed else [complete(client, **body)]

    entries = [
        entry
        for each in said
        for entry in each["choices"][0].get("logprobs", {}).get("content", ())
    ]
    assert "".join(entry["token"] for entry in entries) == "Good day."


@pytest.mark.parametrize("model", [GPT, QWEN])
def test_a_developer_is_heard_by_every_model(
    client: FlaskClient, fake: Fake, model: str
) -> None:
    rule = {"role": "developer", "content": "Be brief."}

    complete(client, model=model, messages=[rule, user()])

    role = "developer" if model == GPT else "system"
    assert sent(fake)["messages"][0] == {"role": role, "content": "Be brief."}


def test_an_unknown_model_is_not_found(client: FlaskClient) -> None:
    answer = client.post(OPENAI, json=asking(OPENAI, model="zz", stream=True))

    assert (answer.status_code, answer.content_type) == (404, "application/json")
    assert answer.get_json()["error"] == {
        "message": "model 'zz' not found",
        "type": "not_found_error",
        "param": None,
        "code": None,
    }


def test_what_would_be_asked_is_shown(client: FlaskClient, fake: Fake) -> None:
    said = complete(client, _debug_render_only=True, reasoning_effort="none")

    asked = json.loads(said["_debug_info"]["rendered_template"])
    assert list(said) == [*HEAD, "choices", "_debug_info"]
    assert asked["model"] == GPT
    assert asked["reasoning_effort"] == "low"
    assert fake.inferences() == []


def test_nothing_follows_the_end_of_a_stream(client: FlaskClient, fake: Fake) -> None:
    fake.script({"say": "Good day.", "extras": ["usage_chunk", "comments"]})

    said = events(client.post(OPENAI, json=asking(OPENAI, stream=True)))

    assert said[-1] == "[DONE]"
    assert said.count("[DONE]") == 1
