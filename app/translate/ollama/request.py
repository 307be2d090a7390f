"""Requests of the native API in the upstream form: messages, tools, options, format.

This module imports no dialect: every dialect needs it to apply a derived model.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from app.errors import InvalidRequest
from app.translate import images
from app.translate.messages import ROLES, function, image_part, text_part
from app.wire import json_codec
from app.wire.json_codec import without_empty

INT64 = 2**63


def message_to_upstream(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a native message in the upstream form; unknown roles become `user`."""
    role = message.get("role")
    content = content_of(message.get("content") or "", message.get("images") or ())
    fields = ROLE_FIELDS[role](message) if role in ROLE_FIELDS else {}
    return {"role": role if role in ROLES else "user", "content": content, **fields}


def content_of(text: str, encoded: Sequence[str]) -> str | list[dict[str, Any]]:
    """Return the text itself, or parts if there are images (base64) beside it."""
    if not encoded:
        return text
    image_parts = [image_part(images.data_uri(image)) for image in encoded]
    return [text_part(text), *image_parts] if text else image_parts


def tool_to_upstream(tool: Mapping[str, Any]) -> dict[str, Any]:
    """Return the definition of a tool in the upstream form."""
    definition = tool.get("function") or {}
    return function(
        definition.get("name") or "",
        **without_empty(description=definition.get("description")),
        parameters=definition.get("parameters") or {},
    )


def _assistant_fields(message: Mapping[str, Any]) -> dict[str, Any]:
    if message.get("images"):
        raise InvalidRequest("messages of an assistant cannot have images")
    calls = [_tool_call(call) for call in message.get("tool_calls") or ()]
    return without_empty(reasoning=message.get("thinking"), tool_calls=calls)


def _tool_fields(message: Mapping[str, Any]) -> dict[str, Any]:
    name = message.get("tool_name") or message.get("name")
    return without_empty(tool_call_id=message.get("tool_call_id"), name=name)


ROLE_FIELDS = {"assistant": _assistant_fields, "tool": _tool_fields}


def _tool_call(call: Mapping[str, Any]) -> dict[str, Any]:
    called = call.get("function") or {}
    arguments = json_codec.encode(called.get("arguments") or {}).decode()
    converted = function(called.get("name") or "", arguments=arguments)
    return {**without_empty(id=call.get("id")), **converted}


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


def _unchanged(value: Any) -> Any:
    return value


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
    "top_p": Option(_float, "top_p", _unchanged),
    "min_p": Option(_float),
    "typical_p": Option(_float),
    "repeat_last_n": Option(_integer),
    "temperature": Option(_float, "temperature", _unchanged),
    "repeat_penalty": Option(_float),
    "presence_penalty": Option(_float, "presence_penalty", _unchanged),
    "frequency_penalty": Option(_float, "frequency_penalty", _unchanged),
    "stop": Option(_strings, "stop", _without_blanks),
    "num_ctx": Option(_integer),
    "num_batch": Option(_integer),
    "num_gpu": Option(_integer),
    "main_gpu": Option(_integer),
    "use_mmap": Option(_boolean),
    "num_thread": Option(_integer),
    "draft_num_predict": Option(_integer),
}
UNKNOWN = Option(lambda name, value: value)


def options_to_upstream(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options as upstream parameters, or raise InvalidRequest.

    Numbers outside their range stay as they are: `fit` changes them.
    """
    parameters = {}
    for name, value in options.items():
        if value is None:
            continue
        option = OPTIONS.get(name, UNKNOWN)
        checked = option.check(name, value)
        if option.convert and (converted := option.convert(checked)) is not None:
            parameters[option.key] = converted
    return parameters


def ignored_options(options: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the options that the upstream has no parameter for."""
    return tuple(
        name
        for name, value in options.items()
        if value is not None and OPTIONS.get(name, UNKNOWN).convert is None
    )


def generation_parameters(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return all fields that control the generation as upstream parameters."""
    parameters = options_to_upstream(body.get("options") or {})
    if effort := reasoning_effort(body.get("think")):
        parameters["reasoning_effort"] = effort
    if output_format := response_format(body.get("format")):
        parameters["response_format"] = output_format
    if body.get("logprobs"):
        parameters["logprobs"] = True
        if count := body.get("top_logprobs"):
            parameters["top_logprobs"] = count
    return parameters


def reasoning_effort(think: bool | str | None) -> str | None:
    """Return the effort that `think` stands for; fitting adapts it to the model."""
    if isinstance(think, str):
        return think
    return "none" if think is False else None


def response_format(value: Any) -> dict[str, Any] | None:
    """Return `format` in the upstream form, None if blank, or raise InvalidRequest."""
    if value is None or value == "":
        return None
    if value == "json":
        return {"type": "json_object"}
    if isinstance(value, dict):
        return {"type": "json_schema", "json_schema": {"schema": value}}
    raise InvalidRequest(
        f"invalid format: {json_codec.quoted(value)}; "
        'expected "json" or a valid JSON Schema object'
    )
