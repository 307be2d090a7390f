"""Fit a request in the upstream form to one model, as its `Traits` describe it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from app.domain.models import Traits
from app.errors import InvalidRequest
from app.translate import response_formats
from app.translate.messages import (
    ROLES,
    Message,
    Part,
    join_contents,
    parts_of,
    text_of,
)
from app.translate.tool_pairing import pair_results
from app.wire.json_codec import without_none

Form = dict[str, Any]  # a request in the upstream form

# The fields of a raw completion; the upstream refuses all others.
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

ROLES_WITHOUT_DEVELOPER = frozenset(ROLES) - {"developer"}
REPLACED_ROLES = {"developer": "system"}
TEXT_ONLY = frozenset({"assistant", "tool"})  # roles that may not send images

# Required in a tool's parameters; clients leave them out or empty.
DEFAULT_PARAMETERS = {"type": "object", "properties": {}}


def fit(request: Mapping[str, Any], traits: Traits, *, model: str, name: str) -> Form:
    """Return the request as the upstream's `model` accepts it.

    Errors call the model `name`, as the client does.
    """
    fitted = {**request, "model": model}
    if "prompt" in request:
        return _fit_sampling(_fit_raw(fitted), traits)
    _check_images(request, traits, name)
    for step in STEPS:
        fitted = step(fitted, traits)
    return fitted


def images_of(messages: Iterable[Message]) -> list[Part]:
    """Return the image parts of all messages."""
    return [
        part
        for message in messages
        if not isinstance(message.get("content"), str)
        for part in parts_of(message.get("content"))
        if part["type"] == "image_url"
    ]


def check_image_count(count: int, traits: Traits, name: str) -> None:
    """Raise InvalidRequest if the model does not accept this many images."""
    if count and not traits.vision:
        raise InvalidRequest(f'"{name}" does not support vision')
    if count > traits.max_images:
        raise InvalidRequest(
            f'"{name}" takes at most {traits.max_images} images in one request, '
            f"this one has {count}"
        )


def _check_images(request: Mapping[str, Any], traits: Traits, name: str) -> None:
    images = images_of(request["messages"])
    if not images:
        return
    check_image_count(len(images), traits, name)
    size = sum(_decoded_size(image["image_url"]["url"]) for image in images)
    if size > traits.max_image_bytes:
        raise InvalidRequest(
            f'"{name}" takes at most {traits.max_image_bytes >> 20} MB of images in '
            f"one request, this one has {size / (1 << 20):.1f} MB"
        )


def _decoded_size(data_url: str) -> int:
    """Return the number of bytes that a base64 data URL encodes."""
    digits = len(data_url) - data_url.index(",") - 1
    padding = len(data_url) - len(data_url.rstrip("="))
    return digits * 3 // 4 - padding


def _fit_raw(request: Form) -> Form:
    raw = {key: value for key, value in request.items() if key in RAW_KEYS}
    if "max_completion_tokens" in request:
        raw["max_tokens"] = request["max_completion_tokens"]
    return raw


def _fit_effort(request: Form, traits: Traits) -> Form:
    effort = traits.reasoning_efforts.get(request.get("reasoning_effort", ""))
    return _with_field(request, "reasoning_effort", effort)


def _fit_tools(request: Form, traits: Traits) -> Form:
    """Keep only known fields of tools; the upstream requires one `strict` for all."""
    if response_formats.TOOL_KEYS.isdisjoint(request):
        return request
    if not request.get("tools"):
        return {k: v for k, v in request.items() if k not in response_formats.TOOL_KEYS}
    functions = [tool["function"] for tool in request["tools"]]
    is_mixed = len({bool(function.get("strict")) for function in functions}) > 1
    keys = FUNCTION_KEYS[:-1] if is_mixed else FUNCTION_KEYS
    fitted = [_fit_function(function, keys) for function in functions]
    tools = [{"type": "function", "function": function} for function in fitted]
    return {**request, "tools": tools}


def _fit_function(function: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    fitted = {key: function[key] for key in keys if function.get(key) is not None}
    if "parameters" in fitted:
        fitted["parameters"] = _fit_parameters(fitted["parameters"])
    return fitted


def _fit_parameters(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole schema: the upstream reads more keywords than Ollama does."""
    fitted = without_none(schema)
    for key, default in DEFAULT_PARAMETERS.items():
        fitted[key] = fitted.get(key) or default
    return fitted


def _fit_format(request: Form, traits: Traits) -> Form:
    if "response_format" not in request:
        return request
    return response_formats.fit_format(request)


def _fit_messages(request: Form, traits: Traits) -> Form:
    messages = with_known_roles(request["messages"], traits)
    if any("tool_calls" in each or each["role"] == "tool" for each in messages):
        messages = pair_results(messages)
    messages = with_images_from_users(messages)
    if traits.single_system:
        messages = with_one_system(messages)
    if not traits.reasoning_efforts:
        messages = [_without_reasoning(message) for message in messages]
    return {**request, "messages": messages}


def with_known_roles(messages: Iterable[Message], traits: Traits) -> list[Message]:
    """Map `developer` to `system` if the model lacks it, unknown roles to `user`."""
    known = ROLES if traits.developer_role else ROLES_WITHOUT_DEVELOPER
    return [
        message
        if message["role"] in known
        else {**message, "role": REPLACED_ROLES.get(message["role"], "user")}
        for message in messages
    ]


def with_images_from_users(messages: Iterable[Message]) -> list[Message]:
    """Move the images of assistants and tools to user messages after them.

    The upstream accepts images from users only, and allows no user message between
    tool messages.
    """
    repaired: list[Message] = []
    images: list[Part] = []
    for message in messages:
        if images and message["role"] != "tool":
            repaired.append({"role": "user", "content": images})
            images = []
        if message["role"] not in TEXT_ONLY or isinstance(message["content"], str):
            repaired.append(message)
        else:
            images += images_of([message])
            repaired.append({**message, "content": text_of(message["content"])})
    if images:
        repaired.append({"role": "user", "content": images})
    return repaired


def with_one_system(messages: Sequence[Message]) -> list[Message]:
    """Join all system messages into one and put it first."""
    systems = [message for message in messages if message["role"] == "system"]
    others = [message for message in messages if message["role"] != "system"]
    if not systems:
        return others
    return [{"role": "system", "content": join_contents(systems)}, *others]


def _without_reasoning(message: Message) -> Message:
    """Return the message without the model's earlier reasoning."""
    if "reasoning" not in message:
        return message
    return {key: value for key, value in message.items() if key != "reasoning"}


def _fit_sampling(request: Form, traits: Traits) -> Form:
    if RANGES.keys().isdisjoint(request):
        return request
    sampling: Form = {}
    for key, (low, high) in RANGES.items():
        value = request.get(key)
        if value is not None and (value or key not in OFF_AT_ZERO):
            sampling[key] = min(max(value, low), high)
    others = {key: value for key, value in request.items() if key not in RANGES}
    return {**others, **sampling}


def _fit_prediction(request: Form, traits: Traits) -> Form:
    prediction = request.get("prediction") if traits.prediction else None
    return _with_field(request, "prediction", prediction)


STEPS: tuple[Callable[[Form, Traits], Form], ...] = (
    _fit_effort,
    _fit_tools,
    _fit_format,
    _fit_messages,
    _fit_sampling,
    _fit_prediction,
)


def _with_field(request: Form, key: str, value: Any) -> Form:
    """Return the request with a field set, or without the field if `value` is None."""
    if value is None and key not in request:
        return request
    others = {k: v for k, v in request.items() if k != key}
    return others if value is None else {**others, key: value}
