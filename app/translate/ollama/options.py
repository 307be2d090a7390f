"""Ollama's `options`, `think`, `format` and `logprobs` as upstream parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from app.errors import InvalidRequest
from app.wire import json_codec

INT64 = 2**63


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _mismatch(name: str, kind: str) -> InvalidRequest:
    return InvalidRequest(f'option "{name}" must be of {kind}')


def _integer(name: str, value: Any) -> int:
    """Return an int64; fractions are cut off, as Go does."""
    if not _is_number(value):
        raise _mismatch(name, "type integer")
    return int(min(max(value, -INT64), INT64 - 1))


def _float(name: str, value: Any) -> float:
    if not _is_number(value):
        raise _mismatch(name, "type float32")
    number: float = value
    return number


def _boolean(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _mismatch(name, "type boolean")
    return value


def _strings(name: str, value: Any) -> list[str]:
    if not isinstance(value, list):
        raise _mismatch(name, "type array")
    if not all(isinstance(item, str) for item in value):
        raise _mismatch(name, "an array of strings")
    return value


def _any(name: str, value: Any) -> Any:
    return value


def _clamped(number: float, *, low: float, high: float) -> float:
    return min(max(number, low), high)


def _penalty(number: float) -> float | None:
    return _clamped(number, low=-2, high=2) or None


def _positive(number: int) -> int | None:
    return number if number > 0 else None


def _seed(number: int) -> int | None:
    return None if number == -1 else number  # -1 means random


def _without_blanks(texts: list[str]) -> list[str] | None:
    return [text for text in texts if text] or None


class Option(NamedTuple):
    """One of Ollama's options.

    `check` raises InvalidRequest with Ollama's text. `convert` returns the value of the
    upstream's parameter `key`, or None to leave it out. An option without them has no
    counterpart at the upstream.
    """

    check: Callable[[str, Any], Any]
    key: str = ""
    convert: Callable[[Any], Any] | None = None


OPTIONS: Mapping[str, Option] = {
    "num_keep": Option(_integer),
    "seed": Option(_integer, "seed", _seed),
    "num_predict": Option(_integer, "max_completion_tokens", _positive),
    "top_k": Option(_integer),
    "top_p": Option(_float, "top_p", partial(_clamped, low=0, high=1)),
    "min_p": Option(_float),
    "typical_p": Option(_float),
    "repeat_last_n": Option(_integer),
    "temperature": Option(_float, "temperature", partial(_clamped, low=0, high=2)),
    "repeat_penalty": Option(_float),
    "presence_penalty": Option(_float, "presence_penalty", _penalty),
    "frequency_penalty": Option(_float, "frequency_penalty", _penalty),
    "stop": Option(_strings, "stop", _without_blanks),
    "num_ctx": Option(_integer),
    "num_batch": Option(_integer),
    "num_gpu": Option(_integer),
    "main_gpu": Option(_integer),
    "use_mmap": Option(_boolean),
    "num_thread": Option(_integer),
    "draft_num_predict": Option(_integer),
}
UNKNOWN = Option(_any)


def to_sampling(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options as upstream parameters, or raise InvalidRequest."""
    sampling = {}
    for name, requested in options.items():
        if requested is None:
            continue
        option = OPTIONS.get(name, UNKNOWN)
        value = option.check(name, requested)
        if option.convert and (converted := option.convert(value)) is not None:
            sampling[option.key] = converted
    return sampling


def ignored_options(options: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the options that the upstream has no parameter for."""
    return tuple(
        name
        for name, value in options.items()
        if value is not None and OPTIONS.get(name, UNKNOWN).convert is None
    )


def sampling(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return all fields that control the generation as upstream parameters."""
    parameters = to_sampling(body.get("options") or {})
    if effort := reasoning_effort(body.get("think")):
        parameters["reasoning_effort"] = effort
    if wanted := response_format(body.get("format")):
        parameters["response_format"] = wanted
    if body.get("logprobs"):
        parameters["logprobs"] = True
        if count := body.get("top_logprobs"):
            parameters["top_logprobs"] = count
    return parameters


def reasoning_effort(think: bool | str | None) -> str | None:
    """Return the level of `think`; fitting adapts it to the model."""
    if isinstance(think, str):
        return think
    return "none" if think is False else None


def response_format(wanted: Any) -> dict[str, Any] | None:
    """Return `format` as the upstream's response format, or raise InvalidRequest."""
    if wanted is None or wanted == "":
        return None
    if wanted == "json":
        return {"type": "json_object"}
    if isinstance(wanted, dict):
        return {"type": "json_schema", "json_schema": {"schema": wanted}}
    raise InvalidRequest(
        f"invalid format: {json_codec.quoted(wanted)}; "
        'expected "json" or a valid JSON Schema object'
    )
