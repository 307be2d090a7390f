"""What every chat client must be able to do, with each of them and a live server."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cerebras import Fake
from tests.dropin.chat_client import CITY, ChatClient, Failure
from tests.dropin.ollama_clients import (
    LangChain,
    LiteLLMChat,
    LiteLLMGenerate,
    OllamaJavaScript,
    OllamaPython,
    litellm_process,
)
from tests.dropin.upstream import (
    GPT,
    HELD_STREAM,
    QWEN,
    RETRY_LATER,
    describe_image,
    fail_midway,
    last_request,
)
from tests.dropin.v1_clients import AnthropicMessages, OpenAIChat, OpenAIResponses
from tests.live_server import Server

CLIENTS: dict[str, type[ChatClient]] = {
    "ollama": OllamaPython,
    "ollama-js": OllamaJavaScript,
    "openai-chat": OpenAIChat,
    "openai-responses": OpenAIResponses,
    "anthropic": AnthropicMessages,
    "langchain": LangChain,
    "litellm-chat": LiteLLMChat,
    "litellm-generate": LiteLLMGenerate,
}
CITIES = ["Oslo", "Rome"]
CALLS = [{"name": "get_weather", "arguments": {"city": city}} for city in CITIES]

streamed_or_not = pytest.mark.parametrize(
    "stream", [True, False], ids=["stream", "whole"]
)


def clients(*features: str) -> pytest.MarkDecorator:
    """Parametrize a test with the clients that have all these features."""
    able = [
        pytest.param(kind, id=name)
        for name, kind in CLIENTS.items()
        if kind.lacks.isdisjoint(features)
    ]
    return pytest.mark.parametrize("client", able, indirect=True)


@pytest.fixture(scope="module")
def litellm() -> Iterator[subprocess.Popen[str]]:
    with litellm_process() as process:
        yield process


@pytest.fixture
def client(request: pytest.FixtureRequest, server: Server) -> Iterator[ChatClient]:
    client: ChatClient = request.param(server.url)
    if isinstance(client, LiteLLMChat):
        client.process = request.getfixturevalue("litellm")
    yield client
    client.close()


@clients("list")
def test_models_are_listed(client: ChatClient) -> None:
    assert client.list_models() == {f"{GPT}:latest", f"{QWEN}:latest"}


@clients()
@streamed_or_not
def test_answer_has_text_thinking_stop_reason_and_usage(
    client: ChatClient, fake: Fake, stream: bool
) -> None:
    text = 'Zoë 🇳🇴 "日本語"\\ \u2028 \u2029 \x85 <|x|> & \n\r\n end'
    thinking = "A greeting. 🇳🇴"
    fake.script(
        {"content": text, "reasoning": thinking, "write_sizes": [1], "write_pause": 0}
    )

    answer = client.chat(stream=stream)

    assert (answer.text, answer.thinking) == (text, thinking)
    assert answer.stop == client.stop
    assert answer.output_tokens > 0 or (isinstance(client, LiteLLMChat) and stream)


@clients("tools")
@streamed_or_not
def test_parallel_tool_calls_and_their_results(
    client: ChatClient, fake: Fake, stream: bool
) -> None:
    fake.script(
        {
            "reasoning": "Ask.",
            "content": "Let me see.",
            "tool_calls": CALLS,
            "arguments_delta_size": 3,
        }
    )
    fake.script({"content": "In Oslo."})

    first = client.chat("Where does it rain?", tools=True, stream=stream)
    second = client.chat_with_results(["rain", "sun"], tools=True, stream=stream)

    assert (first.text, first.cities) == ("Let me see.", CITIES)
    assert first.stop == client.tool_stop
    assert second.text == "In Oslo."
    user, assistant, *results = last_request(fake)["messages"]
    assert (user["role"], assistant["role"]) == ("user", "assistant")
    assert assistant["content"] == "Let me see."
    assert [message["content"] for message in results] == ["rain", "sun"]
    assert [message["tool_call_id"] for message in results] == [
        call["id"] for call in assistant["tool_calls"]
    ]


@clients()
@streamed_or_not
@pytest.mark.parametrize("model", [GPT, QWEN])
def test_answer_follows_the_schema(
    client: ChatClient, fake: Fake, model: str, stream: bool
) -> None:
    answer = client.chat(model=model, schema=CITY, stream=stream)

    assert isinstance(json.loads(answer.text)["city"], str)
    assert last_request(fake)["response_format"]["json_schema"]["strict"] is True


@clients("json")
@streamed_or_not
def test_json_mode(client: ChatClient, stream: bool) -> None:
    answer = client.chat("Answer as JSON.", json=True, stream=stream)

    assert isinstance(json.loads(answer.text), dict)


@clients("no thinking")
@pytest.mark.parametrize(
    ("model", "think", "effort", "thinks"),
    [
        (GPT, "low", "low", True),
        (GPT, "max", "high", True),
        (GPT, None, None, True),
        (GPT, False, "low", False),
        (QWEN, "low", "low", True),
        (QWEN, False, "none", False),
    ],
)
def test_reasoning_effort(
    client: ChatClient,
    fake: Fake,
    model: str,
    think: bool | str | None,
    effort: str | None,
    thinks: bool,
) -> None:
    for stream in (True, False):
        answer = client.chat(model=model, think=think, stream=stream)

        assert answer.text
        assert bool(answer.thinking) is thinks
        assert last_request(fake).get("reasoning_effort") == effort


@clients()
def test_images_are_seen(client: ChatClient) -> None:
    for kind in client.image_kinds:
        answer = client.chat("What is this?", image=kind, model=QWEN)

        assert describe_image(kind) in answer.text


@clients()
@streamed_or_not
def test_token_limit_is_the_stop_reason(
    client: ChatClient, fake: Fake, stream: bool
) -> None:
    fake.script({"content": "one two three four five six"})

    answer = client.chat(max_tokens=3, stream=stream)

    assert answer.stop == client.length_stop
    assert last_request(fake)["max_completion_tokens"] == 3


@clients()
@streamed_or_not
def test_unknown_model_is_an_error_of_the_client(
    client: ChatClient, stream: bool
) -> None:
    with pytest.raises(Failure, match="model 'gpt-5' not found") as caught:
        client.chat(model="gpt-5", stream=stream)

    assert caught.value.status in (404, 500)  # LiteLLM makes 500 of it
    assert isinstance(client, LiteLLMChat) or caught.value.status == 404


@clients()
@streamed_or_not
@pytest.mark.parametrize(
    ("script", "status", "text"),
    [
        ({"status": 429, "headers": RETRY_LATER}, 429, "limit exceeded"),
        ({"status": 503, "headers": RETRY_LATER}, 503, "busy"),
        ({"status": 401}, 502, "CEREBRAS_API_KEY"),
        ({"status": 402}, 402, "Payment required"),
    ],
    ids=["rate limit", "busy", "bad key", "payment"],
)
def test_failure_before_the_first_byte_has_its_status(
    client: ChatClient,
    fake: Fake,
    script: dict[str, Any],
    status: int,
    text: str,
    stream: bool,
) -> None:
    fake.script(script)

    with pytest.raises(Failure, match=text) as caught:
        client.chat(stream=stream)

    assert caught.value.status == status
    if "headers" in script and isinstance(client, (OpenAIChat, AnthropicMessages)):
        assert int(caught.value.retry_after) > 30


@clients()
@pytest.mark.parametrize("fault", ["in_stream_error", "cut", "garbage"])
def test_failure_in_mid_stream_is_an_error(
    client: ChatClient, fake: Fake, fault: str
) -> None:
    fake.script(fail_midway(fault))

    with pytest.raises(Failure, match="Cerebras"):
        client.chat(stream=True)

    assert client.received
    client.messages.clear()
    assert client.chat().text  # the connection can still be used


@clients("abandon")
def test_abandoned_stream_is_cancelled_upstream(client: ChatClient, fake: Fake) -> None:
    fake.script(HELD_STREAM)

    client.abandon_stream()

    [record] = fake.inference_requests()
    assert fake.wait_for_disconnect(record["id"])


@clients("async")
def test_asynchronous_client_reads_many_streams(client: ChatClient) -> None:
    texts = [f"{number} times äöü" * 5 for number in range(10)]
    prompts = [f"@fake {json.dumps({'content': text})}" for text in texts]

    assert client.chat_concurrently(prompts) == texts
