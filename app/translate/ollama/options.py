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


def _refuse(name: str, kind: str) -> InvalidRequest:
    return InvalidRequest(f'option "{name}" must be of {kind}')


def _integer(name: str, value: Any) -> int:
    """An int64; fractions are cut off, as Go does."""
    if not _is_number(value):
        raise _refuse(name, "type integer")
    return int(min(max(value, -INT64), INT64 - 1))


def _float(name: str, value: Any) -> float:
    if not _is_number(value):
        raise _refuse(name, "type float32")
    number: float = value
    return number


def _boolean(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _refuse(name, "type boolean")
    return value


def _strings(name: str, value: Any) -> list[str]:
    if not isinstance(value, list):
        raise _refuse(name, "type array")
    if not all(isinstance(item, str) for item in value):
        raise _refuse(name, "an array of strings")
    return value


def _any(name: str, value: Any) -> Any:
    return value


def _clamped(number: float, *, low: float, high: float) -> float:
    return min(max(number, low), high)


def _penalty(number: float) -> Any:
    return _clamped(number, low=-2, high=2) or None


def _above_zero(number: int) -> Any:
    return number if number > 0 else None


def _seed(number: int) -> Any:
    return None if number == -1 else number


def _not_empty(texts: list[str]) -> Any:
    return [text for text in texts if text] or None


class Option(NamedTuple):
    """`check` raises Ollama's text; `convert` gives None for what is best left out.

    Without a key and a conversion the upstream has no such option.
    """

    check: Callable[[str, Any], Any]
    key: str = ""
    convert: Callable[[Any], Any] | None = None


OPTIONS: Mapping[str, Option] = {
    "num_keep": Option(_integer),
    "seed": Option(_integer, "seed", _seed),
    "num_predict": Option(_integer, "max_completion_tokens", _above_zero),
    "top_k": Option(_integer),
    "top_p": Option(_float, "top_p", partial(_clamped, low=0, high=1)),
    "min_p": Option(_float),
    "typical_p": Option(_float),
    "repeat_last_n": Option(_integer),
    "temperature": Option(_float, "temperature", partial(_clamped, low=0, high=2)),
    "repeat_penalty": Option(_float),
    "presence_penalty": Option(_float, "presence_penalty", _penalty),
    "frequency_penalty": Option(_float, "frequency_penalty", _penalty),
    "stop": Option(_strings, "stop", _not_empty),
    "num_ctx": Option(_integer),
    "num_batch": Option(_integer),
    "num_gpu": Option(_integer),
    "main_gpu": Option(_integer),
    "use_mmap": Option(_boolean),
    "num_thread": Option(_integer),
    "draft_num_predict": Option(_integer),
}
UNKNOWN = Option(_any)


def to_sampling(options: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Upstream parameters, and the names that were given but cannot be honoured."""
    sampling, ignored = {}, []
    for name, given in options.items():
        if given is None:
            continue
        option = OPTIONS.get(name, UNKNOWN)
        value = option.check(name, given)
        if option.convert is None:
            ignored.append(name)
        elif (converted := option.convert(value)) is not None:
            sampling[option.key] = converted
    return sampling, tuple(ignored)


def sampling(body: Mapping[str, Any]) -> dict[str, Any]:
    """All a body says about how to answer, as upstream parameters."""
    parameters, _ = to_sampling(body.get("options") or {})
    if effort := reasoning_effort(body.get("think")):
        parameters["reasoning_effort"] = effort
    if wanted := response_format(body.get("format")):
        parameters["response_format"] = wanted
    if body.get("logprobs"):
        parameters |= {"logprobs": True} | _top(body.get("top_logprobs"))
    return parameters


def reasoning_effort(think: bool | str | None) -> str | None:
    """A level as it is; models that lack it are not known here."""
    if isinstance(think, str):
        return think
    return "none" if think is False else None


def response_format(wanted: Any) -> dict[str, Any] | None:
    if wanted is None or wanted == "":
        return None
    if wanted == "json":
        return {"type": "json_object"}
    if isinstance(wanted, dict):
        return {"type": "json_schema", "json_schema": {"schema": wanted}}
    # Go prints the raw JSON as a quoted string: its quotes are escaped once more.
    printed = json_codec.encode(json_codec.encode(wanted).decode()).decode()
    raise InvalidRequest(
        f'invalid format: {printed}; expected "json" or a valid JSON Schema object'
    )


def _top(count: int | None) -> dict[str, int]:
    return {"top_logprobs": count} if count else {}
