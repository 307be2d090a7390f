"""Clients of Ollama's API: its SDKs, LangChain and LiteLLM."""

import asyncio
import contextlib
import json
import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import ollama
from langchain_core.messages import AIMessageChunk, HumanMessage, ToolMessage
from langchain_ollama import ChatOllama

from tests.dropin.chat_client import (
    FUNCTION,
    Answer,
    ChatClient,
    Failure,
    OpenAIFormat,
    Options,
    image_parts,
)
from tests.dropin.upstream import GPT, encode_image
from tests.processes import PROJECT
from tests.real_parts import require_real

LITELLM_PYTHON = PROJECT / ".venv" / "litellm" / "bin" / "python"
NODE = Path(__file__).with_name("node")
NODE_TIMEOUT_S = 30
OFFLINE = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_PROXY": "127.0.0.1"}


class NativeClient(ChatClient):
    """Builds requests of `/api/chat`, and joins the parts of their replies."""

    def user_message(self, prompt: str, image: str | None) -> Any:
        message: dict[str, Any] = {"role": "user", "content": prompt}
        return {**message, "images": [encode_image(image)]} if image else message

    def add_results(self, results: list[str]) -> None:
        self.messages += [
            {"role": "tool", "tool_name": FUNCTION["name"], "content": result}
            for result in results
        ]

    def make_request(self, options: Options) -> dict[str, Any]:
        request = {
            "model": options.model,
            "messages": self.messages,
            "stream": options.stream,
            "tools": [{"type": "function", "function": FUNCTION}]
            if options.tools
            else None,
            "format": "json" if options.json else options.schema,
            "think": options.think,
            "options": {"num_predict": options.max_tokens}
            if options.max_tokens
            else None,
        }
        return {key: value for key, value in request.items() if value is not None}

    def read_parts(self, options: Options) -> Iterator[dict[str, Any]]:
        raise NotImplementedError

    def send(self, options: Options) -> Answer:
        answer = Answer()
        calls: list[Any] = []
        for part in self.read_parts(options):
            message = part["message"]
            answer.text += message.get("content") or ""
            answer.thinking += message.get("thinking") or ""
            calls += message.get("tool_calls") or ()
            self.received = answer.text
            answer.stop = part.get("done_reason")
            answer.output_tokens = part.get("eval_count") or 0
        answer.cities = [call["function"]["arguments"]["city"] for call in calls]
        self.messages.append(
            {
                "role": "assistant",
                "content": answer.text,
                "thinking": answer.thinking,
                "tool_calls": calls,
            }
        )
        return answer


class OllamaPython(NativeClient):
    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.client = ollama.Client(url, trust_env=False)

    def close(self) -> None:
        self.client.close()

    def list_models(self) -> set[str]:
        return {model.model for model in self.client.list().models}

    def read_parts(self, options: Options) -> Iterator[dict[str, Any]]:
        try:
            reply = self.client.chat(**self.make_request(options))
            for part in reply if options.stream else [reply]:
                yield part.model_dump()
        except ollama.ResponseError as error:
            raise Failure(error.error, error.status_code) from error

    def abandon_stream(self) -> None:
        request = {"model": GPT, "messages": [{"role": "user", "content": "Hello"}]}
        parts = self.client.chat(**request, stream=True)
        next(parts)
        parts.close()

    async def chat_async(self, prompts: list[str]) -> list[str]:
        async def read_text(prompt: str) -> str:
            message = {"role": "user", "content": prompt}
            parts = await client.chat(GPT, [message], stream=True)
            return "".join([part.message.content async for part in parts])

        async with ollama.AsyncClient(self.url, trust_env=False) as client:
            return await asyncio.gather(*map(read_text, prompts))


def run_scenario(url: str, scenario: str, **arguments: Any) -> Any:
    """Return the result of a scenario of `node/scenarios.mjs`."""
    node = require_real("node")
    require_real(NODE / "node_modules" / "ollama")
    program = subprocess.run(
        [node, str(NODE / "run.mjs"), scenario, url],
        input=json.dumps(arguments),
        capture_output=True,
        text=True,
        timeout=NODE_TIMEOUT_S,
        check=False,
    )
    assert (program.returncode, program.stderr) == (0, "")
    return json.loads(program.stdout)


class OllamaJavaScript(NativeClient):
    lacks = frozenset({"async"})

    def call(self, method: str, **request: Any) -> list[Any]:
        """Return the parts of the reply; raise Failure with the text and status."""
        result = run_scenario(self.url, "call", method=method, request=request)
        if method == "chat":
            parts = result["parts"]
            self.received = "".join(part["message"]["content"] for part in parts)
        if "error" in result:
            error = result["error"]
            raise Failure(error["message"], error.get("status"))
        return result["parts"]

    def list_models(self) -> set[str]:
        [listed] = self.call("list")
        return {entry["model"] for entry in listed["models"]}

    def read_parts(self, options: Options) -> Iterator[dict[str, Any]]:
        yield from self.call("chat", **self.make_request(options))

    def abandon_stream(self) -> None:
        message = self.user_message("Hello", None)
        request = {"model": GPT, "messages": [message]}
        name = run_scenario(self.url, "abort", request=request, by="iterator")
        assert name == "AbortError"


class LangChain(ChatClient):
    lacks = frozenset({"abandon", "list"})

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.transport = httpx.HTTPTransport()

    def close(self) -> None:
        self.transport.close()

    def make_model(self, model: str = GPT, **arguments: Any) -> ChatOllama:
        return ChatOllama(
            model=model,
            base_url=self.url,
            client_kwargs={"trust_env": False},
            sync_client_kwargs={"transport": self.transport},
            **arguments,
        )

    def user_message(self, prompt: str, image: str | None) -> Any:
        return HumanMessage(image_parts(prompt, image) if image else prompt)

    def add_results(self, results: list[str]) -> None:
        calls = self.messages[-1].tool_calls
        self.messages += [
            ToolMessage(result, tool_call_id=call["id"])
            for call, result in zip(calls, results, strict=True)
        ]

    def send(self, options: Options) -> Answer:
        model: Any = self.make_model(
            options.model,
            reasoning=True if options.think is None else options.think,
            format="json" if options.json else options.schema,
            num_predict=options.max_tokens,
        )
        if options.tools:
            model = model.bind_tools([{"type": "function", "function": FUNCTION}])
        try:
            parts: Iterable[Any] = (
                model.stream(self.messages)
                if options.stream
                else [model.invoke(self.messages)]
            )
            message: Any = None
            for part in parts:
                self.received += part.content
                message = part if message is None else message + part
        except ollama.ResponseError as error:
            raise Failure(error.error, error.status_code) from error
        assert isinstance(message, AIMessageChunk) is options.stream
        self.messages.append(message)
        return Answer(
            text=message.content,
            thinking=message.additional_kwargs.get("reasoning_content", ""),
            cities=[call["args"]["city"] for call in message.tool_calls],
            stop=message.response_metadata["done_reason"],
            output_tokens=message.usage_metadata["output_tokens"],
        )

    async def chat_async(self, prompts: list[str]) -> list[str]:
        async def read_text(prompt: str) -> str:
            return "".join([str(part.content) async for part in model.astream(prompt)])

        model = self.make_model()
        try:
            return await asyncio.gather(*map(read_text, prompts))
        finally:
            await model._async_client.close()  # ChatOllama has no method for it


class LiteLLMChat(OpenAIFormat):
    """LiteLLM's provider for `/api/chat`."""

    lacks = frozenset({"abandon", "async", "list", "no thinking"})
    provider = "ollama_chat"
    process: subprocess.Popen[str]

    def send(self, options: Options) -> Answer:
        arguments = {
            **self.make_request(options),
            "model": f"{self.provider}/{options.model}",
            "api_base": self.url,
            "stream": options.stream,
            "num_retries": 0,
        }
        print(json.dumps(arguments), file=self.process.stdin, flush=True)
        result = json.loads(self.process.stdout.readline())
        chunks = [chunk["choices"][0] for chunk in result.get("chunks", ())]
        deltas = [chunk["delta"] for chunk in chunks]
        self.received = "".join(delta.get("content") or "" for delta in deltas)
        if "error" in result:
            raise Failure(result["error"]["message"], result["error"]["status"])
        if not options.stream:
            [choice] = result["reply"]["choices"]
            usage = result["reply"]["usage"]
            return self.read_message(choice["message"], choice["finish_reason"], usage)
        message = {
            "role": "assistant",
            "content": self.received,
            "reasoning_content": "".join(
                delta.get("reasoning_content") or "" for delta in deltas
            ),
            "tool_calls": [
                call for delta in deltas for call in delta.get("tool_calls") or ()
            ],
        }
        return self.read_message(message, chunks[-1]["finish_reason"], None)


class LiteLLMGenerate(LiteLLMChat):
    """LiteLLM's provider for `/api/generate`."""

    lacks = LiteLLMChat.lacks | {"tools"}
    image_kinds = ("PNG", "JPEG")
    length_stop = "stop"
    provider = "ollama"


@contextlib.contextmanager
def litellm_process() -> Iterator[subprocess.Popen[str]]:
    """Run `litellm_calls.py` in LiteLLM's own environment."""
    require_real(LITELLM_PYTHON)
    [packages] = LITELLM_PYTHON.parents[1].glob("lib/python*/site-packages")
    require_real(packages / "litellm")
    with subprocess.Popen(
        [LITELLM_PYTHON, Path(__file__).with_name("litellm_calls.py")],
        env=os.environ | OFFLINE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        yield program
        program.stdin.close()
