"""OpenAI's Python client: what `test_chat_clients.py` does not do with it."""

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI
from pydantic import BaseModel

from tests.cerebras import Fake
from tests.dropin.upstream import GPT, QWEN, fail_midway, last_request
from tests.live_server import Server

HELLO: Any = [{"role": "user", "content": "Hello"}]
PATCH: Any = {"type": "custom", "name": "apply_patch", "description": "Change a file."}


class Country(BaseModel):
    name: str
    capital: str
    population: int


@pytest.fixture
def client(server: Server) -> Iterator[OpenAI]:
    with connect(f"{server.url}/v1") as client:
        yield client


def connect(base_url: str) -> OpenAI:
    http_client = openai.DefaultHttpxClient(trust_env=False)
    return OpenAI(
        base_url=base_url, api_key="any", max_retries=0, http_client=http_client
    )


def create(client: OpenAI, route: str, **request: Any) -> Any:
    """Send a request to `/v1/chat/completions` or `/v1/responses`."""
    if route == "chat":
        body = {"model": GPT, "messages": HELLO} | request
        return client.chat.completions.create(**body)
    return client.responses.create(**{"model": GPT, "input": "Hello"} | request)


@pytest.mark.parametrize("name", [f"{GPT}:latest", GPT, "gpt-oss:120b"])
def test_model_is_retrieved(client: OpenAI, name: str) -> None:
    model = client.models.retrieve(name)

    assert (model.id, model.object, model.owned_by) == (name, "model", "library")
    assert model.created > 0


def test_base_url_without_v1(server: Server) -> None:
    with connect(server.url) as client:
        assert create(client, "chat").choices[0].message.content
        with pytest.raises(openai.NotFoundError, match="model 'gpt-5' not found"):
            create(client, "chat", model="gpt-5")


@pytest.mark.parametrize("model", [GPT, QWEN])
def test_answer_is_parsed_into_a_pydantic_model(
    client: OpenAI, fake: Fake, model: str
) -> None:
    chat: Any = {"model": model, "messages": HELLO, "response_format": Country}
    responses: Any = {"model": model, "input": "Hello", "text_format": Country}

    with client.chat.completions.stream(**chat) as stream:
        streamed_chat = stream.get_final_completion()
    with client.responses.stream(**responses) as stream:
        streamed_response = stream.get_final_response()

    for reply in (client.chat.completions.parse(**chat), streamed_chat):
        assert isinstance(reply.choices[0].message.parsed, Country)
    for response in (client.responses.parse(**responses), streamed_response):
        assert isinstance(response.output_parsed, Country)
    schema = last_request(fake)["response_format"]["json_schema"]
    assert (schema["name"], schema["strict"]) == ("Country", True)


def test_log_probabilities_are_joined(client: OpenAI) -> None:
    request: Any = {"model": QWEN, "messages": HELLO, "top_logprobs": 2}

    with client.chat.completions.stream(**request, logprobs=True) as stream:
        [choice] = stream.get_final_completion().choices

    tokens = choice.logprobs.content
    assert "".join(token.token for token in tokens) == choice.message.content
    assert all(len(token.top_logprobs) == 2 for token in tokens)


def test_custom_tool_is_called_with_a_text(client: OpenAI, fake: Fake) -> None:
    patch = "*** Begin Patch\n*** End Patch\n"
    arguments = {"input": patch}
    fake.script({"tool_calls": [{"name": "apply_patch", "arguments": arguments}]})
    items: list[Any] = [{"role": "user", "content": "Change it."}]

    with client.responses.stream(model=QWEN, input=items, tools=[PATCH]) as stream:
        list(stream)
        output = stream.get_final_response().output
    [*_, call] = output
    result = {"call_id": call.call_id, "output": "ok"}
    items += [*output, {"type": "custom_tool_call_output", **result}]
    create(client, "responses", model=QWEN, input=items, tools=[PATCH])

    assert (call.type, call.name) == ("custom_tool_call", "apply_patch")
    assert call.input == patch
    [sent] = last_request(fake)["messages"][1]["tool_calls"]
    assert json.loads(sent["function"]["arguments"]) == arguments


def test_completion_is_answered_whole_and_streamed(client: OpenAI, fake: Fake) -> None:
    fake.script({"reasoning": "Hm.", "content": "Good day to you."}, times=2)
    request: Any = {"model": GPT, "prompt": "Hello", "max_tokens": 50}

    whole = client.completions.create(**request)
    *chunks, usage = client.completions.create(
        **request, stream=True, stream_options={"include_usage": True}
    )

    assert whole.choices[0].text == "Good day to you."
    assert whole.choices[0].finish_reason == "stop"
    assert "".join(chunk.choices[0].text for chunk in chunks) == "Good day to you."
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert usage.choices == []
    assert usage.usage.total_tokens > 0
    assert last_request(fake)["messages"] == HELLO


def test_failure_in_a_streamed_completion_is_an_error(
    client: OpenAI, fake: Fake
) -> None:
    fake.script(fail_midway("cut"))

    with pytest.raises(openai.APIError, match="cut short"):
        list(client.completions.create(model=GPT, prompt="Hello", stream=True))


def test_transcription_is_refused(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="does not support audio"):
        client.audio.transcriptions.create(model=GPT, file=("a.wav", b"RIFF"))
