"""Upstream chunks by what they say, for the tests of this dialect's replies."""

from __future__ import annotations

import itertools
from typing import Any

from app.translate.dialect import ReplyContext
from app.wire.completion import (
    Choice,
    Chunk,
    CompletionDetails,
    Delta,
    FunctionCall,
    PromptDetails,
    TimeInfo,
    ToolCall,
    Usage,
)

STARTED_S = 1_771_400_000
TIMES = TimeInfo(0.1, 0.1, 0.1, 0.3)


def context(**fields: Any) -> ReplyContext:
    ids = itertools.count()
    return ReplyContext(
        name="gpt-oss",
        clock=lambda: (STARTED_S + 1) * 10**9,
        new_id=lambda: f"id{next(ids):06}",
        started_ns=STARTED_S * 10**9,
        prompt_tokens=7,
        **fields,
    )


def said(text: str | None = None, **fields: Any) -> Chunk:
    return Chunk([Choice(delta=Delta(content=text, **fields))])


def thought(text: str) -> Chunk:
    return said(reasoning=text)


def called(name: str, arguments: str, index: int = 0, id: str | None = "c") -> Chunk:
    function = FunctionCall(name=name, arguments=arguments)
    call = ToolCall(index=index, id=id and f"{id}{index}", function=function)
    return said(tool_calls=[call])


def finish(reason: str = "stop") -> Chunk:
    usage = Usage(9, 8, PromptDetails(3), CompletionDetails(2))
    choice = Choice(delta=Delta(), finish_reason=reason)
    return Chunk([choice], usage=usage, time_info=TIMES)


def whole(reason: str = "stop", **message: Any) -> Chunk:
    choice = Choice(message=Delta(**message), finish_reason=reason)
    return Chunk([choice], usage=Usage(9, 8), time_info=TIMES)
