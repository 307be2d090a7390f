"""The shapes of answers: whole ones, chunks, usage and time_info.

Key orders and left-out nulls are as in real answers: cerebras.md, sections 4 and 5.
"""

from __future__ import annotations

import math
import secrets
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from fake_cerebras.answer import Answer, Call
from fake_cerebras.encoding import dump
from fake_cerebras.models import Model
from fake_cerebras.prompt import Prompt
from fake_cerebras.script import Script

OBJECTS = {
    (False, False): "chat.completion",
    (False, True): "chat.completion.chunk",
    (True, False): "text_completion",
    (True, True): "text_completion",
}


class Reply:
    """What all chunks of one answer have in common, and its whole form."""

    def __init__(
        self,
        body: Mapping[str, Any],
        raw: bool,
        model: Model,
        script: Script,
        prompt: Prompt,
    ) -> None:
        self.id = f"chatcmpl-{uuid.uuid4()}"
        self.raw = raw
        self._body = body
        self._model = model
        self._script = script
        self._prompt = prompt
        self._created = time.time()
        self._fingerprint = f"fp_{secrets.token_hex(10)}"
        self._object = OBJECTS[raw, bool(body.get("stream"))]

    def whole(self, answer: Answer) -> bytes:
        choice = {"finish_reason": answer.finish, "index": 0}
        if self.raw:
            choice["text"] = "".join(answer.content)
        else:
            choice["message"] = message(answer)
        choice |= self.logprobs("content", answer.content)
        choice |= self.logprobs("reasoning", answer.reasoning)
        if "finish_reason" in self._script.omit:
            del choice["finish_reason"]
        return dump(self.wrap([choice], self.end(answer))).encode()

    def wrap(
        self, choices: list[dict[str, Any]], end: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """One chunk, or the whole; `end` comes with the last."""
        wrapped = {
            "id": self.id,
            "choices": choices,
            "created": int(self._created),
            "model": self._model.id,
            "system_fingerprint": self._fingerprint,
            "object": self._object,
            **(end or {}),
        }
        return {k: v for k, v in wrapped.items() if k not in self._script.omit}

    def end(self, answer: Answer) -> dict[str, Any]:
        return {"usage": self._usage(answer), "time_info": self._time_info()}

    def logprobs(self, key: str, tokens: Sequence[str]) -> dict[str, Any]:
        """What goes into a choice for these tokens, when it was asked for."""
        if self.raw or not self._body.get("logprobs") or not tokens:
            return {}
        name = "reasoning_logprobs" if key == "reasoning" else "logprobs"
        top = self._body.get("top_logprobs") or 0
        return {name: {"content": [logprob(token, top) for token in tokens]}}

    def _usage(self, answer: Answer) -> dict[str, Any]:
        completion_details = {"reasoning_tokens": answer.reasoning_tokens}
        if self._model.counts_predictions:
            kinds = ("accepted_prediction_tokens", "rejected_prediction_tokens")
            completion_details = dict.fromkeys(kinds, 0) | completion_details
        prompt_details = {"cached_tokens": 0}
        if self._model.vision:
            prompt_details["image_tokens"] = self._prompt.image_tokens
        usage = {
            "total_tokens": self._prompt.tokens + answer.completion_tokens,
            "completion_tokens": answer.completion_tokens,
            "completion_tokens_details": completion_details,
            "prompt_tokens": self._prompt.tokens,
            "prompt_tokens_details": prompt_details,
        } | self._script.usage
        if "details" in self._script.omit:
            return {k: v for k, v in usage.items() if not k.endswith("_details")}
        return usage

    def _time_info(self) -> dict[str, Any]:
        """Seconds; the total is a little more than the sum, as in real answers."""
        queue = 0.000_2
        prompt = 0.001 + self._prompt.tokens * 0.000_01
        completion = max(time.time() - self._created, 0.000_5)
        return {
            "created": self._created,
            "queue_time": queue,
            "prompt_time": prompt,
            "completion_time": completion,
            "total_time": queue + prompt + completion + 0.000_3,
        } | self._script.time_info


def message(answer: Answer) -> dict[str, Any]:
    shape: dict[str, Any] = {}
    if answer.content:
        shape["content"] = "".join(answer.content)
    if answer.reasoning:
        shape["reasoning"] = "".join(answer.reasoning)
    shape["role"] = "assistant"
    if answer.calls:
        shape["tool_calls"] = [call(each) for each in answer.calls]
    return shape


def call(made: Call) -> dict[str, Any]:
    return {
        "function": {"name": made.name, "arguments": made.arguments},
        "type": "function",
        "id": made.id,
    }


def logprob(token: str, top: int) -> dict[str, Any]:
    """Made up: the token itself, then less and less likely ones."""
    others = [_rated(token + "'" * rank, rank) for rank in range(top)]
    return _rated(token, 0) | {"top_logprobs": others}


def _rated(token: str, rank: int) -> dict[str, Any]:
    return {
        "token": token,
        "logprob": math.log(0.9) - rank,
        "bytes": list(token.encode()),
    }
