"""OpenAI's Python client on the older routes: completions and transcriptions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI

from tests.cerebras import Fake
from tests.dropin.upstream import GPT, QWEN, asked, failing_midway
from tests.live_server import Server


@pytest.fixture
def client(server: Server) -> Iterator[OpenAI]:
    direct = openai.DefaultHttpxClient(trust_env=False)
    reach: Any = {"base_url": f"{server.url}/v1", "api_key": "any", "max_retries": 0}
    with OpenAI(**reach, http_client=direct) as client:
        yield client


def test_a_prompt_is_answered_whole_and_streamed(client: OpenAI, fake: Fake) -> None:
    fake.script({"reasoning": "Hm.", "content": "Good day to you."}, times=2)
    asking: Any = {"model": GPT, "prompt": "Hello", "max_tokens": 50}

    whole = client.completions.create(**asking)
    chunks = list(client.completions.create(**asking, stream=True))

    assert whole.choices[0].text == "Good day to you."
    assert whole.choices[0].finish_reason == "stop"
    assert whole.usage.completion_tokens > 0
    assert "".join(chunk.choices[0].text for chunk in chunks) == "Good day to you."
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert asked(fake)["messages"] == [{"role": "user", "content": "Hello"}]


def test_echo_and_log_probabilities(client: OpenAI) -> None:
    whole = client.completions.create(
        model=QWEN, prompt="Hello", echo=True, logprobs=2, max_tokens=100
    )

    [choice] = whole.choices
    assert choice.text.startswith("Hello")
    assert "".join(choice.logprobs.tokens) == choice.text.removeprefix("Hello")
    assert all(len(top) == 2 for top in choice.logprobs.top_logprobs)


def test_usage_comes_last_when_asked_for(client: OpenAI) -> None:
    chunks = list(
        client.completions.create(
            model=GPT,
            prompt="Hello",
            stream=True,
            stream_options={"include_usage": True},
        )
    )

    assert chunks[-1].choices == []
    assert chunks[-1].usage.total_tokens > 0


def test_a_suffix_is_refused(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="does not support insert"):
        client.completions.create(model=GPT, prompt="a", suffix="b")


def test_a_failure_in_mid_stream_is_raised(client: OpenAI, fake: Fake) -> None:
    fake.script(failing_midway("cut"))

    with pytest.raises(openai.APIError, match="cut short"):
        list(client.completions.create(model=GPT, prompt="Hello", stream=True))


def test_a_recording_is_refused_in_words(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="does not support audio"):
        client.audio.transcriptions.create(model=GPT, file=("a.wav", b"RIFF"))


def test_a_base_without_v1_is_understood(server: Server) -> None:
    direct = openai.DefaultHttpxClient(trust_env=False)
    with OpenAI(base_url=server.url, api_key="any", http_client=direct) as client:
        question: Any = [{"role": "user", "content": "Hello"}]
        reply = client.chat.completions.create(model=GPT, messages=question)

        assert reply.choices[0].message.content
        with pytest.raises(openai.NotFoundError, match="model 'gpt-5' not found"):
            client.chat.completions.create(model="gpt-5", messages=question)
