"""The objects of a chat reply: one head for all of them, and the role only once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from app.translate.dialect import Event, ReplyContext, frame_around, frame_texts
from app.translate.openai.dialect import FAMILY
from app.translate.reading import Run

CHUNK, COMPLETION = "chat.completion.chunk", "chat.completion"
ROLE = {"role": "assistant"}
FINGERPRINT = "fp_ollama"
SECOND = 1_000_000_000


class Chunks:
    """Makes the chunks of one reply; SDKs would join a role that is told again."""

    def __init__(self, context: ReplyContext) -> None:
        self.is_open = False
        self._name = context.name
        self._id = "chatcmpl-" + "".join(context.new_id() for _ in range(3))
        self._created = context.started_ns // SECOND
        self._frames: dict[str, tuple[bytes, bytes]] = {}

    def head(self, kind: str) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": kind,
            "created": self._created,
            "model": self._name,
            "system_fingerprint": FINGERPRINT,
        }

    def say(
        self, kind: str, text: str, logprobs: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Add to one of the reply's texts; `content` stands in every delta."""
        chunk = self.add({"content": ""} | {kind: text})
        if logprobs:
            chunk["choices"][0]["logprobs"] = logprobs
        return chunk

    def add(self, delta: Mapping[str, Any]) -> dict[str, Any]:
        opened, self.is_open = self.is_open, True
        return self._chunk(delta if opened else {**ROLE, **delta}, None)

    def finish(self, reason: str) -> dict[str, Any]:
        return self._chunk({}, reason)

    def cost(self, usage: Mapping[str, int]) -> dict[str, Any]:
        return {**self.head(CHUNK), "choices": [], "usage": usage}

    def tell(self, run: Run) -> list[Event]:
        """Say many texts; after the reply's first, without an object for any."""
        kind, texts = run.kind, run.texts
        if run.logprobs:
            return [self.say(kind, texts[0], run.logprobs)]
        if self.is_open:
            return [self._run(kind, texts)]
        first = self.say(kind, texts[0])
        return [first, self._run(kind, texts[1:])] if texts[1:] else [first]

    def _run(self, kind: str, texts: Sequence[str]) -> bytes:
        if kind not in self._frames:
            self._frames[kind] = frame_around(FAMILY.frame, partial(self.say, kind))
        head, tail = self._frames[kind]
        return frame_texts(head, texts, tail)

    def _chunk(self, delta: Mapping[str, Any], reason: str | None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return {**self.head(CHUNK), "choices": [choice]}
