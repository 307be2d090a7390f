"""The Python SDKs of OpenAI and Anthropic as chat clients."""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from typing import Any

import anthropic
import openai

from tests.dropin.chat_client import (
    CITY,
    EFFORTS,
    FUNCTION,
    Answer,
    ChatClient,
    Failure,
    OpenAIFormat,
    Options,
)
from tests.dropin.upstream import GPT, encode_image

BUDGETS = {"low": 1024, "max": 30_000}


@contextlib.contextmanager
def sdk_failures(module: Any) -> Iterator[None]:
    """Raise the errors of the SDK of OpenAI or Anthropic as Failure."""
    try:
        yield
    except module.APIStatusError as error:
        headers = error.response.headers
        raise Failure(
            str(error), error.status_code, headers.get("retry-after")
        ) from error
    except module.APIError as error:
        raise Failure(str(error), None) from error


class OpenAIChat(OpenAIFormat):
    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.arguments = {"base_url": f"{url}/v1", "api_key": "any", "max_retries": 0}
        http_client = openai.DefaultHttpxClient(trust_env=False)
        self.client = openai.OpenAI(**self.arguments, http_client=http_client)

    def close(self) -> None:
        self.client.close()

    def list_models(self) -> set[str]:
        return {model.id for model in self.client.models.list()}

    def send(self, options: Options) -> Answer:
        request = self.make_request(options)
        completions = self.client.chat.completions
        with sdk_failures(openai):
            if options.stream:
                usage = {"include_usage": True}
                with completions.stream(**request, stream_options=usage) as stream:
                    for event in stream:
                        if event.type == "content.delta":
                            self.received += event.delta
                    try:
                        reply = stream.get_final_completion()
                    except openai.LengthFinishReasonError as error:
                        reply = error.completion
            else:
                reply = completions.create(**request)
        [choice] = reply.model_dump()["choices"]
        usage = reply.usage and reply.usage.model_dump()
        return self.read_message(choice["message"], choice["finish_reason"], usage)

    def abandon_stream(self) -> None:
        messages = [self.user_message("Hello", None)]
        chunks = self.client.chat.completions.create(
            model=GPT, messages=messages, stream=True
        )
        next(chunks)
        chunks.close()

    async def chat_async(self, prompts: list[str]) -> list[str]:
        async def read_text(prompt: str) -> str:
            messages = [self.user_message(prompt, None)]
            request = {"model": GPT, "messages": messages}
            async with client.chat.completions.stream(**request) as stream:
                return (await stream.get_final_completion()).choices[0].message.content

        http_client = openai.DefaultAsyncHttpxClient(trust_env=False)
        async with openai.AsyncOpenAI(
            **self.arguments, http_client=http_client
        ) as client:
            return await asyncio.gather(*map(read_text, prompts))


class OpenAIResponses(OpenAIChat):
    lacks = frozenset({"async"})
    stop, tool_stop, length_stop = "completed", "completed", "max_output_tokens"

    def user_message(self, prompt: str, image: str | None) -> Any:
        content: list[Any] = [{"type": "input_text", "text": prompt}]
        if image:
            url = f"data:image/{image.lower()};base64,{encode_image(image)}"
            content.append({"type": "input_image", "image_url": url, "detail": "auto"})
        return {"role": "user", "content": content}

    def add_results(self, results: list[str]) -> None:
        calls = [item for item in self.messages if item.get("type") == "function_call"]
        self.messages += [
            {
                "type": "function_call_output",
                "call_id": call["call_id"],
                "output": result,
            }
            for call, result in zip(calls, results, strict=True)
        ]

    def make_request(self, options: Options) -> dict[str, Any]:
        request: dict[str, Any] = {"model": options.model, "input": self.messages}
        if options.tools:
            request["tools"] = [{"type": "function", "strict": True, **FUNCTION}]
        if options.schema:
            form = {"name": "answer", "schema": options.schema, "strict": True}
            request["text"] = {"format": {"type": "json_schema", **form}}
        if options.json:
            request["text"] = {"format": {"type": "json_object"}}
        if options.think in EFFORTS:
            request["reasoning"] = {"effort": EFFORTS[options.think]}
        if options.max_tokens:
            request["max_output_tokens"] = options.max_tokens
        return request

    def send(self, options: Options) -> Answer:
        request = self.make_request(options)
        with sdk_failures(openai):
            if options.stream:
                response = self.read_stream(request)
            else:
                response = self.client.responses.create(**request)
        items = [item.model_dump(exclude_none=True) for item in response.output]
        self.messages += items
        details = response.incomplete_details
        return Answer(
            text=response.output_text,
            thinking="".join(
                part["text"]
                for item in items
                if item["type"] == "reasoning"
                for part in item["summary"]
            ),
            cities=[
                json.loads(item["arguments"])["city"]
                for item in items
                if item["type"] == "function_call"
            ],
            stop=details.reason if details else response.status,
            output_tokens=response.usage.output_tokens,
        )

    def read_stream(self, request: dict[str, Any]) -> Any:
        """Return the response as the client's strict accumulator joins it."""
        with self.client.responses.stream(**request) as stream:
            for event in stream:
                if event.type == "response.output_text.delta":
                    self.received += event.delta
            if event.type == "response.completed":
                return stream.get_final_response()
        if event.type == "response.failed":
            raise Failure(event.response.error.message, None)
        return event.response

    def abandon_stream(self) -> None:
        events = self.client.responses.create(model=GPT, input="Hello", stream=True)
        next(iter(events))
        events.close()


class AnthropicMessages(ChatClient):
    lacks = frozenset({"json"})
    stop, tool_stop, length_stop = "end_turn", "tool_use", "max_tokens"

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.arguments = {"base_url": url, "api_key": "any", "max_retries": 0}
        http_client = anthropic.DefaultHttpxClient(trust_env=False)
        self.client = anthropic.Anthropic(**self.arguments, http_client=http_client)

    def close(self) -> None:
        self.client.close()

    def list_models(self) -> set[str]:
        return {model.id for model in self.client.models.list()}

    def user_message(self, prompt: str, image: str | None) -> Any:
        content: list[Any] = [{"type": "text", "text": prompt}]
        if image:
            kind = f"image/{image.lower()}"
            data = encode_image(image)
            source = {"type": "base64", "media_type": kind, "data": data}
            content.insert(0, {"type": "image", "source": source})
        return {"role": "user", "content": content}

    def add_results(self, results: list[str]) -> None:
        content = self.messages[-1]["content"]
        uses = [block for block in content if block["type"] == "tool_use"]
        blocks = [
            {"type": "tool_result", "tool_use_id": use["id"], "content": result}
            for use, result in zip(uses, results, strict=True)
        ]
        self.messages.append({"role": "user", "content": blocks})

    def make_request(self, options: Options) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": options.model,
            "messages": self.messages,
            "max_tokens": options.max_tokens or 16_000,
        }
        if options.tools:
            tool = {key: FUNCTION[key] for key in ("name", "description")}
            request["tools"] = [{**tool, "input_schema": CITY}]
        if options.schema:
            form = {"type": "json_schema", "schema": options.schema}
            request["output_config"] = {"format": form}
        if options.think is False:
            request["thinking"] = {"type": "disabled"}
        elif options.think in BUDGETS:
            budget = BUDGETS[options.think]
            request["thinking"] = {"type": "enabled", "budget_tokens": budget}
        return request

    def send(self, options: Options) -> Answer:
        request = self.make_request(options)
        with sdk_failures(anthropic):
            if options.stream:
                with self.client.messages.stream(**request) as stream:
                    for event in stream:
                        if event.type == "text":
                            self.received += event.text
                    message = stream.get_final_message()
            else:
                message = self.client.messages.create(**request)
        blocks = [block.model_dump(exclude_none=True) for block in message.content]
        self.messages.append({"role": "assistant", "content": blocks})
        return Answer(
            text="".join(block.get("text", "") for block in blocks),
            thinking="".join(block.get("thinking", "") for block in blocks),
            cities=[
                block["input"]["city"]
                for block in blocks
                if block["type"] == "tool_use"
            ],
            stop=message.stop_reason,
            output_tokens=message.usage.output_tokens,
        )

    def abandon_stream(self) -> None:
        messages = [self.user_message("Hello", None)]
        request = {"model": GPT, "messages": messages, "max_tokens": 100}
        with self.client.messages.stream(**request) as stream:
            next(stream.text_stream)

    async def chat_async(self, prompts: list[str]) -> list[str]:
        async def read_text(prompt: str) -> str:
            messages = [self.user_message(prompt, None)]
            request = {"model": GPT, "messages": messages, "max_tokens": 1024}
            async with client.messages.stream(**request) as stream:
                return await stream.get_final_text()

        http_client = anthropic.DefaultAsyncHttpxClient(trust_env=False)
        async with anthropic.AsyncAnthropic(
            **self.arguments, http_client=http_client
        ) as client:
            return await asyncio.gather(*map(read_text, prompts))
