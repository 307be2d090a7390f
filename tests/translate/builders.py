"""Builders of messages, chunks, completions and reply contexts."""

import base64
import io
import itertools
from collections.abc import Mapping
from typing import Any

from PIL import Image

from app.catalogue.metadata import describe
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

MODEL = describe("gpt-oss-120b")
STARTED_S = 1_771_400_000
USAGE = Usage(9, 8, PromptDetails(3), CompletionDetails(2))
TIMES = TimeInfo(0.001, 0.041, 0.05)

LAST_LINE_MEASURES = (  # of USAGE and TIMES, for `context`
    '"total_duration":120000000,"load_duration":1000000,'
    '"prompt_eval_count":9,"prompt_eval_duration":41000000,'
    '"eval_count":8,"eval_duration":50000000'
)
PNG_BYTES = b"\x89PNG\r\n\x1a\n and so on"

Json = dict[str, Any]
Logprobs = Mapping[str, Any] | None


def message(role: str, content: Any = "", **fields: Any) -> Json:
    return {"role": role, "content": content, **fields}


def function(name: str, **fields: Any) -> Json:
    """Return a tool, or a call with its `arguments`, in the upstream form."""
    return {"type": "function", "function": {"name": name, **fields}}


def text_part(text: Any) -> Json:
    return {"type": "text", "text": text}


def image_part(url: Any) -> Json:
    return {"type": "image_url", "image_url": {"url": url}}


def make_context(**fields: Any) -> ReplyContext:
    """Return the context of a request that started a second ago."""
    ids = itertools.count()
    return ReplyContext(
        name="gpt-oss",
        clock=lambda: (STARTED_S + 1) * 10**9,
        new_id=lambda: f"id{next(ids):06}",
        started_ns=STARTED_S * 10**9,
        prompt_tokens=7,
        **fields,
    )


def text_chunk(
    content: str | None = None, *, logprobs: Logprobs = None, **delta: Any
) -> Chunk:
    return Chunk([Choice(delta=Delta(content=content, **delta), logprobs=logprobs)])


def reasoning_chunk(text: str) -> Chunk:
    return text_chunk(reasoning=text)


def tool_call_chunk(
    index: int | None, id: str | None, name: str | None, arguments: str
) -> Chunk:
    function = FunctionCall(name=name, arguments=arguments)
    return text_chunk(tool_calls=[ToolCall(index=index, id=id, function=function)])


def last_chunk(
    finish_reason: str = "stop",
    usage: Usage | None = USAGE,
    time_info: TimeInfo | None = TIMES,
) -> Chunk:
    choice = Choice(delta=Delta(), finish_reason=finish_reason)
    return Chunk([choice], usage=usage, time_info=time_info)


def completion(
    finish_reason: str = "stop", *, logprobs: Logprobs = None, **message: Any
) -> Chunk:
    choice = Choice(
        message=Delta(**message), finish_reason=finish_reason, logprobs=logprobs
    )
    return Chunk([choice], usage=USAGE, time_info=TIMES)


def base64_image(kind: str) -> str:
    """Return an image of one pixel in base64."""
    file = io.BytesIO()
    Image.new("RGB", (1, 1)).save(file, kind)
    return base64.b64encode(file.getvalue()).decode()
