"""One interface over the real chat clients, so that a test can run with each of them.

A `ChatClient` holds one conversation. It builds requests, and reads replies, with the
client's public API only, in the way that its documentation shows.
"""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from tests.dropin.upstream import GPT, encode_image

CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
FUNCTION = {
    "name": "get_weather",
    "description": "Forecast the weather.",
    "parameters": CITY,
}
EFFORTS = {False: "none", "low": "low", "max": "xhigh"}


@dataclass
class Answer:
    text: str = ""
    thinking: str = ""
    cities: list[str] = field(default_factory=list)  # one for each call of the tool
    stop: str | None = None  # in the words of the client's API
    output_tokens: int = 0


class Failure(Exception):
    """The client raised an error. `status` is None if it has none."""

    def __init__(self, text: str, status: int | None, retry_after: Any = None) -> None:
        super().__init__(text)
        self.status = status
        self.retry_after = retry_after


@dataclass
class Options:
    model: str = GPT
    stream: bool = False
    tools: bool = False
    schema: dict[str, Any] | None = None
    json: bool = False
    think: bool | str | None = None
    max_tokens: int | None = None


class ChatClient:
    lacks: frozenset[str] = frozenset()  # features that the client does not have
    image_kinds: tuple[str, ...] = ("PNG", "JPEG", "WebP", "GIF")
    stop, tool_stop, length_stop = "stop", "stop", "length"

    def __init__(self, url: str) -> None:
        self.url = url
        self.messages: list[Any] = []
        self.received = ""  # text of the last stream, also if it failed

    def close(self) -> None:
        """Close all connections."""

    def chat(
        self, prompt: str = "Hello", *, image: str | None = None, **options: Any
    ) -> Answer:
        """Add a message of the user, and return the answer."""
        self.messages.append(self.user_message(prompt, image))
        self.received = ""
        return self.send(Options(**options))

    def chat_with_results(self, results: list[str], **options: Any) -> Answer:
        """Add the results of the calls of the last answer, and return the next one."""
        self.add_results(results)
        return self.send(Options(**options))

    def user_message(self, prompt: str, image: str | None) -> Any:
        raise NotImplementedError

    def add_results(self, results: list[str]) -> None:
        raise NotImplementedError

    def send(self, options: Options) -> Answer:
        """Send the conversation, add the answer to it, and return it."""
        raise NotImplementedError

    def list_models(self) -> set[str]:
        raise NotImplementedError

    def abandon_stream(self) -> None:
        """Start a stream and close it after its first text."""
        raise NotImplementedError

    def chat_concurrently(self, prompts: list[str]) -> list[str]:
        """Return the texts of streams that run at the same time."""
        return asyncio.run(self.chat_async(prompts))

    async def chat_async(self, prompts: list[str]) -> list[str]:
        raise NotImplementedError


def image_parts(prompt: str, image: str) -> list[Any]:
    """Return a prompt and an image as parts of a message, in the form of OpenAI."""
    url = f"data:image/{image.lower()};base64,{encode_image(image)}"
    return [
        {"type": "text", "text": prompt},
        {"type": "image_url", "image_url": {"url": url}},
    ]


class OpenAIFormat(ChatClient):
    """Builds requests of `/v1/chat/completions`."""

    tool_stop = "tool_calls"
    image_kinds = ("PNG", "JPEG", "WebP")

    def user_message(self, prompt: str, image: str | None) -> Any:
        if image is None:
            return {"role": "user", "content": prompt}
        return {"role": "user", "content": image_parts(prompt, image)}

    def add_results(self, results: list[str]) -> None:
        calls = self.messages[-1]["tool_calls"]
        self.messages += [
            {"role": "tool", "tool_call_id": call["id"], "content": result}
            for call, result in zip(calls, results, strict=True)
        ]

    def make_request(self, options: Options) -> dict[str, Any]:
        request: dict[str, Any] = {"model": options.model, "messages": self.messages}
        if options.tools:
            request["tools"] = [{"type": "function", "function": FUNCTION}]
        if options.schema:
            form = {"name": "answer", "schema": options.schema, "strict": True}
            request["response_format"] = {"type": "json_schema", "json_schema": form}
        if options.json:
            request["response_format"] = {"type": "json_object"}
        if options.think in EFFORTS:
            request["reasoning_effort"] = EFFORTS[options.think]
        if options.max_tokens:
            request["max_tokens"] = options.max_tokens
        return request

    def read_message(
        self, message: dict[str, Any], stop: str, usage: dict[str, Any] | None
    ) -> Answer:
        """Add a message to the conversation, and return it as an answer."""
        self.messages.append(message)
        calls = message.get("tool_calls") or ()
        thinking = message.get("reasoning") or message.get("reasoning_content")
        return Answer(
            text=message.get("content") or "",
            thinking=thinking or "",
            cities=[
                json.loads(call["function"]["arguments"])["city"] for call in calls
            ],
            stop=stop,
            output_tokens=usage["completion_tokens"] if usage else 0,
        )
