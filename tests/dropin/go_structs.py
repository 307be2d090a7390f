"""Decode JSON into the structs of Ollama's Go client, as strictly as encoding/json.

A `Kind` converts a decoded value to a field. A missing or null value becomes the zero
value, unknown keys are dropped, and a value of another type raises ValueError.
"""

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

Kind = Callable[[Any], Any]

RFC_3339 = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII
)
NEVER = datetime(1, 1, 1, tzinfo=UTC)


class WrongType(ValueError):
    """Go cannot unmarshal the value."""


def plain(python_type: type, zero: Any) -> Kind:
    def decode(value: Any) -> Any:
        if value is None:
            return zero
        if type(value) is not python_type:
            raise WrongType(f"cannot unmarshal {value!r} into {python_type.__name__}")
        return value

    return decode


text = plain(str, "")
flag = plain(bool, False)
integer = plain(int, 0)  # also for durations: nanoseconds
anything: Kind = lambda value: value  # noqa: E731  # a Kind as the others


def number(value: Any) -> float:
    return float(value) if type(value) is int else plain(float, 0.0)(value)


def time(value: Any) -> datetime:
    if value is None:
        return NEVER
    parts = RFC_3339.fullmatch(text(value))
    if parts is None:
        raise WrongType(f"cannot parse {value!r} as a time")
    second, fraction, zone = parts.groups()
    return datetime.fromisoformat(second + (fraction or ".0")[:7].ljust(7, "0") + zone)


def unique_id(value: Any) -> uuid.UUID:
    return uuid.UUID(text(value) or str(uuid.UUID(int=0)))


def list_of(kind: Kind) -> Kind:
    return lambda value: [kind(each) for each in plain(list, [])(value)]


def map_of(kind: Kind) -> Kind:
    def decode(value: Any) -> Any:
        return {key: kind(each) for key, each in plain(dict, {})(value).items()}

    return decode


def struct(fields: Mapping[str, Kind]) -> Kind:
    def decode(value: Any) -> Any:
        values = plain(dict, {})(value)
        return {key: kind(values.get(key)) for key, kind in fields.items()}

    return decode


def strings(*names: str) -> dict[str, Kind]:
    return dict.fromkeys(names, text)


def integers(*names: str) -> dict[str, Kind]:
    return dict.fromkeys(names, integer)


DETAILS = struct(
    strings("parent_model", "format", "family", "parameter_size", "quantization_level")
    | integers("context_length", "embedding_length")
    | {"families": list_of(text)}
)
TOOL_CALL = struct(
    {
        "id": text,
        "function": struct(
            {"index": integer, "name": text, "arguments": map_of(anything)}
        ),
    }
)
MESSAGE = struct(
    strings("role", "content", "thinking", "tool_name", "tool_call_id")
    | {"tool_calls": list_of(TOOL_CALL), "images": list_of(text)}
)
REPLY = {
    **strings("model", "remote_model", "remote_host", "done_reason"),
    **integers(
        "total_duration",
        "load_duration",
        "prompt_eval_count",
        "prompt_eval_duration",
        "eval_count",
        "eval_duration",
    ),
    "created_at": time,
    "done": flag,
}
CHAT = struct({**REPLY, "message": MESSAGE})
GENERATE = struct(
    {
        **REPLY,
        **strings("response", "thinking"),
        "context": list_of(integer),
        "tool_calls": list_of(TOOL_CALL),
    }
)
PROGRESS = struct(strings("status", "digest") | integers("total", "completed"))
SHOW = struct(
    {
        **strings("license", "modelfile", "parameters", "template", "system"),
        **strings("renderer", "parser", "remote_model", "remote_host", "requires"),
        "details": DETAILS,
        "messages": list_of(MESSAGE),
        "model_info": map_of(anything),
        "projector_info": map_of(anything),
        "tensors": list_of(struct(strings("name", "type"))),
        "capabilities": list_of(text),
        "modified_at": time,
    }
)
LISTED = struct(
    strings("name", "model", "remote_model", "remote_host", "digest")
    | {"modified_at": time, "size": integer, "details": DETAILS}
    | {"capabilities": list_of(text)}
)
LIST = struct({"models": list_of(LISTED)})
PROCESS = struct(
    strings("name", "model", "digest")
    | integers("size", "size_vram", "context_length")
    | {"details": DETAILS, "expires_at": time}
)
PROCESSES = struct({"models": list_of(PROCESS)})
VERSION = struct({"version": text})
USER = struct(strings("email", "name", "plan") | {"id": unique_id})
STATUS = struct({"cloud": struct({"disabled": flag, "source": text})})
RECOMMENDATION = struct(
    strings("model", "description", "required_plan")
    | integers("context_length", "max_output_tokens", "vram_bytes")
)
RECOMMENDATIONS = struct({"recommendations": list_of(RECOMMENDATION)})
