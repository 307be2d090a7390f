"""The former interface of completions' replies, until the route uses the dialect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.translate.dialect import Event, ReplyContext, drained
from app.translate.openai.completions import OpenAICompletions
from app.wire.completion import Chunk

COMPLETIONS = OpenAICompletions()


class TextReply:
    def __init__(self, context: ReplyContext, body: Mapping[str, Any]) -> None:
        self._context = replace(context, body=body)

    def stream(self, batches: Iterable[Sequence[Chunk]]) -> Iterator[list[Event]]:
        return drained(COMPLETIONS, batches, self._context)

    def fold(self, batches: Iterable[Sequence[Chunk]]) -> dict[str, Any]:
        [[completion]] = batches
        return COMPLETIONS.reply(completion, self._context)

    def debug(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return COMPLETIONS.debug_reply(request, self._context)
