"""The steps of an inference request, from top to bottom, whatever the dialect.

Read this file first: `run` is the table of contents of an inference request.
"""

import functools
import logging
from collections.abc import Mapping
from typing import Any

from app.catalogue.resolve import Target, resolve
from app.errors import InvalidRequest
from app.inference import passthrough, reply
from app.inference.call import Call, Reply
from app.inference.offload import offload
from app.inference.sending import ChunkBatches, send
from app.schemas.base import BodySchema
from app.translate.fit import check_image_count, fit
from app.translate.images import must_convert
from app.wire.completion import Choice, Chunk, Delta

log = logging.getLogger(__name__)

MAX_LOGGED_NAME = 50  # characters of a name that the client chose
EMPTY_COMPLETION = Chunk([Choice(delta=Delta(), finish_reason="load")])


def run(call: Call, schema: BodySchema) -> Reply:
    """Answer an inference request. If that fails, release what the call holds."""
    with call.closed_on_error():
        if call.services.passthrough and passthrough.has_model(call):
            return passthrough.relay(call)
        call.body = validate(call, schema)
        call.target = find_target(call)
        if call.dialect.is_empty(call.body):
            return load_or_unload(call)
        check_capabilities(call)
        take_slot(call)
        request = translate(call)
        mark_used(call)
        if call.body.get("_debug_render_only"):  # Ollama's: show the request only
            return debug_reply(call, request)
        answer = empty_answer(call) if has_no_prompt(request) else send(call, request)
        if isinstance(answer, ChunkBatches):
            return reply.stream_reply(call, request, answer)
        return reply.completion_reply(call, request, answer)


def validate(call: Call, schema: BodySchema) -> dict[str, Any]:
    """Return the body as the schema loads it, or raise InvalidRequest."""
    load = schema.load
    body: dict[str, Any] = (
        offload(load, call.document) if call.is_large else load(call.document)
    )
    return body


def find_target(call: Call) -> Target:
    """Return the model that the body names, or raise ModelNotFound.

    A model that Cerebras has retired is found if `FALLBACK_MODELS` can replace it.
    """
    name, services = call.body.get("model", ""), call.services
    if call.dialect.model_required and not name.strip():
        raise InvalidRequest("model is required")
    target = resolve(
        name,
        services.catalogue,
        services.store,
        services.default_model,
        allow_retired=bool(services.fallback_models),
    )
    call.record.model = target.model.id
    return target


def check_capabilities(call: Call) -> None:
    """Raise InvalidRequest if the model lacks a capability that the request needs.

    The texts are Ollama's: it quotes the name as it was sent when the model cannot
    think, and names the model in full otherwise.
    """
    call.dialect.check(call.body)
    target = call.target
    for capability, is_needed in call.dialect.needs(call.body).items():
        if is_needed and capability not in target.model.capabilities:
            as_sent = f'"{target.name}"'
            name = as_sent if capability == "thinking" else target.full_name
            raise InvalidRequest(f"{name} does not support {capability}")


def load_or_unload(call: Call) -> Reply:
    """Answer a native request without a prompt: it loads or unloads the model.

    Any model can be unloaded, whatever else the request asks for.
    """
    dialect, body, loaded = call.dialect, call.body, call.services.loaded
    context = reply.reply_context(call, {})
    if body.get("keep_alive") == 0:
        loaded.unload(call.target.own_name)
        return reply.json_reply(dialect, dialect.load_reply(context, "unload"))
    check_capabilities(call)
    dialect.check_load(body, call.target.preset)
    mark_used(call)
    return reply.json_reply(dialect, dialect.load_reply(context, "load"))


def take_slot(call: Call) -> None:
    """Wait for a slot; closing the call gives it back."""
    slots = call.services.slots
    slots.take(call.cancel)
    call.on_close.callback(slots.give)


def mark_used(call: Call) -> None:
    """Count the model as loaded, for as long as the request or the setting says."""
    keep_alive_ns = call.body.get("keep_alive")
    call.services.loaded.mark_used(call.target.own_name, keep_alive_ns)


def translate(call: Call) -> dict[str, Any]:
    """Return the request in the upstream form, with the derived model applied to it."""
    dialect, target = call.dialect, call.target
    preset = target.preset
    body = dialect.inherit(preset, call.body) if preset else call.body
    base64_images = list(dialect.images(body))
    if base64_images and must_convert(base64_images):
        check_image_count(len(base64_images), target.model.traits, target.name)
        request = offload(dialect.to_upstream, body, target.model)
    else:
        request = dialect.to_upstream(body, target.model)
    for name in dialect.ignored(body):
        log_once(f"ignored, since Cerebras lacks it: {name[:MAX_LOGGED_NAME]!r}")
    if preset and not has_no_prompt(request):
        if any(message.get("images") for message in preset.messages):
            return offload(dialect.apply_preset, preset, request, body)
        return dialect.apply_preset(preset, request, body)
    return request


def has_no_prompt(request: Mapping[str, Any]) -> bool:
    """Return whether a request has neither messages nor a raw prompt."""
    return not request.get("messages") and "prompt" not in request


def empty_answer(call: Call) -> Chunk | ChunkBatches:
    """Return the answer to a blank request, which is not sent to the upstream.

    Ollama does not ask the model either.
    """
    if call.wants_stream:
        return ChunkBatches([[EMPTY_COMPLETION]])
    return EMPTY_COMPLETION


def debug_reply(call: Call, request: Mapping[str, Any]) -> Reply:
    """Answer `_debug_render_only` with what would be sent to the upstream."""
    target = call.target
    fitted = fit(request, target.model.traits, model=target.model.id, name=target.name)
    context = reply.reply_context(call, request)
    return reply.json_reply(call.dialect, call.dialect.debug_reply(fitted, context))


@functools.lru_cache(maxsize=1024)
def log_once(message: str) -> None:
    """Log a message once per process; the last 1,024 messages are remembered."""
    log.info("%s", message)
