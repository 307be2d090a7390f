"""The JSON of a completion, whole or as events of a stream, with usage and times.

Key orders, and the keys that are absent instead of null, are those of real responses.
"""

import math
import secrets
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fake_cerebras.completion import Completion, ToolCall, split_into_events
from fake_cerebras.connection import dump_json
from fake_cerebras.models import Model
from fake_cerebras.prompt import Prompt
from fake_cerebras.script import Script

DONE = "[DONE]"
HEARTBEAT = ": cerebras heartbeat\n\n"  # guess: other stand-ins send it
OBJECTS = {  # by (text completion, stream)
    (False, False): "chat.completion",
    (False, True): "chat.completion.chunk",
    (True, False): "text_completion",
    (True, True): "text_completion",
}


@dataclass(frozen=True)
class Event:
    """An encoded event, and the number of tokens in it."""

    data: bytes
    tokens: int = 0


@dataclass(frozen=True)
class Delta:
    """A delta of a chunk, the tokens of its text, and their number for the pace."""

    fields: dict[str, Any]
    text_tokens: Sequence[str] = field(default_factory=tuple)
    tokens: int = 0


def encode_event(value: Any, extras: Sequence[str] = ()) -> bytes:
    """Return one server-sent event; a string is sent as it is, other values as JSON."""
    data = value if isinstance(value, str) else dump_json(value)
    space = "" if "tight_data" in extras else " "
    event = f"data:{space}{data}\n\n"
    if "comments" in extras:
        event = HEARTBEAT + event
    if "crlf" in extras:
        event = event.replace("\n", "\r\n")
    return event.encode()


class Response:
    """The response to one request; `text_only` for /v1/completions."""

    def __init__(
        self,
        body: Mapping[str, Any],
        text_only: bool,
        model: Model,
        script: Script,
        prompt: Prompt,
        cached_tokens: int,
    ) -> None:
        self.id = f"chatcmpl-{uuid.uuid4()}"
        self._body = body
        self._text_only = text_only
        self._model = model
        self._script = script
        self._prompt = prompt
        self._cached_tokens = cached_tokens
        self._created = time.time()
        self._fingerprint = f"fp_{secrets.token_hex(10)}"
        self._object = OBJECTS[text_only, bool(body.get("stream"))]

    def whole(self, completion: Completion) -> bytes:
        choice: dict[str, Any] = {
            "finish_reason": completion.finish_reason,
            "index": 0,
        }
        if self._text_only:
            choice["text"] = "".join(completion.content)
        else:
            choice["message"] = message_of(completion)
        choice |= self._logprobs("content", completion.content)
        choice |= self._logprobs("reasoning", completion.reasoning)
        if "finish_reason" in self._script.omit:
            del choice["finish_reason"]
        return dump_json(self._wrap([choice], self._usage(completion))).encode()

    def events(self, completion: Completion) -> Iterator[Event]:
        if self._script.events is not None:
            yield from (self._event(each) for each in self._script.events)
            return
        deltas = list(self._deltas(completion))
        with_content = "finish_with_content" in self._script.extras
        last = deltas.pop() if with_content else Delta({})
        for delta in deltas:
            yield self._event(self._wrap([self._choice(delta)]), delta.tokens)
        yield from self._last_events(last, completion)
        if "done" not in self._script.omit:
            yield self._event(DONE)

    def _last_events(self, delta: Delta, completion: Completion) -> Iterator[Event]:
        choice = self._choice(delta)
        if "finish_reason" not in self._script.omit:
            index = choice.pop("index")
            choice |= {"finish_reason": completion.finish_reason, "index": index}
        usage = self._usage(completion)
        if "usage_chunk" in self._script.extras:
            yield self._event(self._wrap([choice]), delta.tokens)
            yield self._event(self._wrap([], usage))
        else:
            yield self._event(self._wrap([choice], usage), delta.tokens)

    def _deltas(self, completion: Completion) -> Iterator[Delta]:
        empty = [Delta({})] if "empty_deltas" in self._script.extras else []
        if "no_role" not in self._script.extras and not self._text_only:
            yield Delta({"role": "assistant"})
        yield from empty
        yield from self._text_deltas("reasoning", completion.reasoning)
        yield from empty
        yield from self._text_deltas("content", completion.content)
        yield from empty
        for index, call in enumerate(completion.tool_calls):
            yield from self._tool_call_deltas(index, call)

    def _text_deltas(self, key: str, tokens: Sequence[str]) -> Iterator[Delta]:
        size = self._script.delta_size
        if size is None:
            parts = split_into_events(tokens)
        else:
            parts = ([part] for part in _split("".join(tokens), size))
        for part in parts:
            yield Delta({key: "".join(part)}, part, len(part))

    def _tool_call_deltas(self, index: int, call: ToolCall) -> Iterator[Delta]:
        """Yield the call whole, or without its arguments and then these in parts."""
        fields = call.as_dict() | {"index": index}
        size = self._script.arguments_delta_size
        if size is None:
            yield Delta({"tool_calls": [fields]}, tokens=call.token_count)
            return
        first = fields | {"function": {"name": call.name, "arguments": ""}}
        yield Delta({"tool_calls": [first]}, tokens=1)
        for part in _split(call.arguments, size):
            fields = {"function": {"arguments": part}, "index": index}
            yield Delta({"tool_calls": [fields]}, tokens=1)

    def _choice(self, delta: Delta) -> dict[str, Any]:
        if self._text_only:
            return {"text": delta.fields.get("content", ""), "index": 0}
        key = "reasoning" if "reasoning" in delta.fields else "content"
        logprobs = self._logprobs(key, delta.text_tokens)
        return {"delta": delta.fields, "index": 0} | logprobs

    def _event(self, value: Any, tokens: int = 0) -> Event:
        return Event(encode_event(value, self._script.extras), tokens)

    def _wrap(
        self, choices: list[dict[str, Any]], usage: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return a chunk or a whole response; the last chunk carries the usage."""
        fields = {
            "id": self.id,
            "choices": choices,
            "created": int(self._created),
            "model": self._model.id,
            "system_fingerprint": self._fingerprint,
            "object": self._object,
            **(usage or {}),
        }
        return {k: v for k, v in fields.items() if k not in self._script.omit}

    def _usage(self, completion: Completion) -> dict[str, Any]:
        completion_details = {"reasoning_tokens": len(completion.reasoning)}
        if self._model.counts_predictions:
            kinds = ("accepted_prediction_tokens", "rejected_prediction_tokens")
            completion_details = dict.fromkeys(kinds, 0) | completion_details
        prompt_details = {"cached_tokens": self._cached_tokens}
        if self._model.vision:
            prompt_details["image_tokens"] = self._prompt.image_tokens
        usage = {
            "total_tokens": self._prompt.tokens + completion.completion_tokens,
            "completion_tokens": completion.completion_tokens,
            "completion_tokens_details": completion_details,
            "prompt_tokens": self._prompt.tokens,
            "prompt_tokens_details": prompt_details,
        } | self._script.usage
        if "details" in self._script.omit:
            usage = {k: v for k, v in usage.items() if not k.endswith("_details")}
        return {"usage": usage, "time_info": self._time_info()}

    def _time_info(self) -> dict[str, Any]:
        """Return times in seconds; as in real responses, the total exceeds the sum."""
        queue = 0.000_2
        prompt = 0.001 + (self._prompt.tokens - self._cached_tokens) * 0.000_01
        completion = max(time.time() - self._created, 0.000_5)
        return {
            "created": self._created,
            "queue_time": queue,
            "prompt_time": prompt,
            "completion_time": completion,
            "total_time": queue + prompt + completion + 0.000_3,
        } | self._script.time_info

    def _logprobs(self, key: str, tokens: Sequence[str]) -> dict[str, Any]:
        """Return made-up log probabilities, if the request asks for them."""
        if self._text_only or not self._body.get("logprobs") or not tokens:
            return {}
        name = "reasoning_logprobs" if key == "reasoning" else "logprobs"
        top = self._body.get("top_logprobs") or 0
        return {name: {"content": [_logprob(token, top) for token in tokens]}}


def message_of(completion: Completion) -> dict[str, Any]:
    message: dict[str, Any] = {}
    if completion.content:
        message["content"] = "".join(completion.content)
    if completion.reasoning:
        message["reasoning"] = "".join(completion.reasoning)
    message["role"] = "assistant"
    if completion.tool_calls:
        message["tool_calls"] = [call.as_dict() for call in completion.tool_calls]
    return message


def _logprob(token: str, top: int) -> dict[str, Any]:
    alternatives = [_ranked(token + "'" * rank, rank) for rank in range(top)]
    return _ranked(token, 0) | {"top_logprobs": alternatives}


def _ranked(token: str, rank: int) -> dict[str, Any]:
    return {
        "token": token,
        "logprob": math.log(0.9) - rank,
        "bytes": list(token.encode()),
    }


def _split(text: str, size: int) -> Iterator[str]:
    for start in range(0, len(text), size):
        yield text[start : start + size]
