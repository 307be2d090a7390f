"""The upstream form as one model takes it: a model's quirks are data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from app.domain.models import Traits
from app.errors import InvalidRequest
from app.translate import formats, messages
from app.translate.pairing import pair

Request = dict[str, Any]

# What a completion of a raw prompt takes; the upstream refuses any other key.
RAW_KEYS = frozenset(
    {
        "model",
        "prompt",
        "max_tokens",
        "temperature",
        "top_p",
        "seed",
        "stop",
        "frequency_penalty",
        "presence_penalty",
        "logprobs",
    }
)
RANGES = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "frequency_penalty": (-2, 2),
    "presence_penalty": (-2, 2),
}
OFF_AT_ZERO = frozenset({"frequency_penalty", "presence_penalty"})
FUNCTION_KEYS = ("name", "description", "parameters", "strict")

# What a tool's schema must have and clients leave empty or out.
FILLED = {"type": "object", "properties": {}}


def fit(
    request: Mapping[str, Any], traits: Traits, *, model: str, name: str
) -> dict[str, Any]:
    """The request for the upstream's `model`, which the client calls `name`."""
    fitted = {**request, "model": model}
    if "prompt" in request:
        return _fit_sampling(_fit_raw(fitted), traits)
    _check_pictures(request, traits, name)
    for step in STEPS:
        fitted = step(fitted, traits)
    return fitted


def _fit_raw(request: Request) -> Request:
    raw = {key: value for key, value in request.items() if key in RAW_KEYS}
    if "max_completion_tokens" in request:
        raw["max_tokens"] = request["max_completion_tokens"]
    return raw


def _check_pictures(request: Mapping[str, Any], traits: Traits, name: str) -> None:
    pictures = messages.pictures_of(request["messages"])
    if not pictures:
        return
    check_picture_count(len(pictures), traits, name)
    size = sum(_size(picture["image_url"]["url"]) for picture in pictures)
    if size > traits.max_image_bytes:
        raise InvalidRequest(
            f'"{name}" takes at most {traits.max_image_bytes >> 20} MB of images in '
            f"one request, this one has {size / (1 << 20):.1f} MB"
        )


def check_picture_count(count: int, traits: Traits, name: str) -> None:
    """Can be told before the pictures are converted, which takes long."""
    if count and not traits.vision:
        raise InvalidRequest(f'"{name}" does not support vision')
    if count > traits.max_images:
        raise InvalidRequest(
            f'"{name}" takes at most {traits.max_images} images in one request, '
            f"this one has {count}"
        )


def _size(data_url: str) -> int:
    """The bytes behind a base64 data URL."""
    digits = len(data_url) - data_url.index(",") - 1
    padding = len(data_url) - len(data_url.rstrip("="))
    return digits * 3 // 4 - padding


def _fit_effort(request: Request, traits: Traits) -> Request:
    asked = request.get("reasoning_effort", "")
    return _with(request, "reasoning_effort", traits.reasoning_efforts.get(asked))


def _fit_tools(request: Request, traits: Traits) -> Request:
    """Tools with the keys the upstream knows; it wants one `strict` for all."""
    if formats.TOOL_KEYS.isdisjoint(request):
        return request
    if not request.get("tools"):
        return {k: v for k, v in request.items() if k not in formats.TOOL_KEYS}
    functions = [tool["function"] for tool in request["tools"]]
    is_mixed = len({bool(function.get("strict")) for function in functions}) > 1
    kept = FUNCTION_KEYS[:-1] if is_mixed else FUNCTION_KEYS
    tools = [
        {"type": "function", "function": _function(function, kept)}
        for function in functions
    ]
    return {**request, "tools": tools}


def _function(described: Mapping[str, Any], kept: Iterable[str]) -> dict[str, Any]:
    told = {key: described[key] for key in kept if described.get(key) is not None}
    if "parameters" in told:
        told["parameters"] = _filled(told["parameters"])
    return told


def _filled(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema kept whole: the upstream reads more of it than Ollama does."""
    told = {key: value for key, value in schema.items() if value is not None}
    return told | {key: told.get(key) or value for key, value in FILLED.items()}


def _fit_format(request: Request, traits: Traits) -> Request:
    return formats.valid(request) if "response_format" in request else request


def _fit_messages(request: Request, traits: Traits) -> Request:
    said = messages.with_known_roles(
        request["messages"], developer_role=traits.developer_role
    )
    said = messages.with_pictures_from_users(pair(said))
    if traits.single_system:
        said = messages.with_one_system(said)
    if not traits.reasoning_efforts:
        said = [messages.without_reasoning(message) for message in said]
    return {**request, "messages": said}


def _fit_sampling(request: Request, traits: Traits) -> Request:
    if RANGES.keys().isdisjoint(request):
        return request
    sampling: Request = {}
    for key, (low, high) in RANGES.items():
        value = request.get(key)
        if value is not None and (value or key not in OFF_AT_ZERO):
            sampling[key] = min(max(value, low), high)
    kept = {k: v for k, v in request.items() if k not in RANGES}
    return {**kept, **sampling}


def _fit_prediction(request: Request, traits: Traits) -> Request:
    prediction = request.get("prediction") if traits.prediction else None
    return _with(request, "prediction", prediction)


STEPS: tuple[Callable[[Request, Traits], Request], ...] = (
    _fit_effort,
    _fit_tools,
    _fit_format,
    _fit_messages,
    _fit_sampling,
    _fit_prediction,
)


def _with(request: Request, key: str, value: Any) -> Request:
    """The request with one key set, or without it when there is no value."""
    if value is None and key not in request:
        return request
    rest = {k: v for k, v in request.items() if k != key}
    return rest if value is None else {**rest, key: value}
