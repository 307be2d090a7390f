"""Anthropic's Python client: what `test_chat_clients.py` does not do with it."""

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest
from anthropic import Anthropic

from tests.cerebras import Fake
from tests.dropin.upstream import GPT, last_request
from tests.live_server import Server

HELLO: Any = [{"role": "user", "content": "Hello"}]
REQUEST: Any = {"model": GPT, "max_tokens": 1024, "messages": HELLO}


@pytest.fixture
def client(server: Server) -> Iterator[Anthropic]:
    http_client = anthropic.DefaultHttpxClient(trust_env=False)
    arguments: Any = {"base_url": server.url, "api_key": "any", "max_retries": 0}
    with Anthropic(**arguments, http_client=http_client) as client:
        yield client


def test_tool_runner_runs_tools_to_the_end(client: Anthropic, fake: Fake) -> None:
    @anthropic.beta_tool
    def get_weather(city: str) -> str:
        """Forecast the weather."""
        return f"rain in {city}"

    call = {"name": "get_weather", "arguments": {"city": "Oslo"}}
    fake.script({"tool_calls": [call]})
    fake.script({"content": "Take an umbrella."})

    runner = client.beta.messages.tool_runner(**REQUEST, tools=[get_weather])

    assert runner.until_done().content[-1].text == "Take an umbrella."
    messages = last_request(fake)["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "tool"]
    assert messages[-1]["content"] == "rain in Oslo"


def test_tokens_are_counted(client: Anthropic) -> None:
    count = client.messages.count_tokens(model=GPT, messages=HELLO, system="x" * 400)

    assert count.input_tokens == 102
