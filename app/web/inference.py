"""What stands before every inference view: body, model, a watch on the client."""

from __future__ import annotations

import functools
import random
import string
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol

from flask import Response

from app.catalogue.resolve import Target
from app.domain.presets import Preset
from app.schemas.base import BodySchema
from app.services import services
from app.translate import derived, images
from app.translate.dialect import ReplyContext
from app.translate.fit import check_picture_count
from app.translate.ollama import chat
from app.web import passthrough, record
from app.web.hold import holding
from app.web.offload import offload
from app.web.targets import find_target

Body = Mapping[str, Any]
Apply = Callable[[Preset, Body, Body], dict[str, Any]]
View = Callable[[dict[str, Any], Target], Response]

ID_ALPHABET = string.ascii_lowercase + string.digits
ID_LENGTH = 8
BYTES_PER_TOKEN = 4  # a rough guess, for an upstream that does not count


def inference(
    schema: BodySchema, *, model_required: bool = False
) -> Callable[[View], Callable[[], Response]]:
    """Call the view with the checked body and the model it names.

    A request for a model of the passthrough goes there instead.
    """

    def decorate(view: View) -> Callable[[], Response]:
        @functools.wraps(view)
        def infer() -> Response:
            body = passthrough.body_or_answer(schema)
            if isinstance(body, Response):
                return body
            name = body.get("model", "")
            target = find_target(name, model_required=model_required, to_ask=True)
            record.current().model = target.model.id
            return holding(partial(view, body, target), slot=True)

        return infer

    return decorate


class Spoken(Protocol):
    """The half of a dialect's translator, a module, that reads requests."""

    def to_upstream(self, body: Body) -> dict[str, Any]: ...
    def pictures(self, body: Body) -> Iterable[str]: ...


def translated(spoken: Spoken, body: Body, target: Target) -> dict[str, Any]:
    """The request in the upstream form; converting pictures stalls no stream."""
    pictures = list(spoken.pictures(body))
    if not pictures or not images.must_convert(pictures):
        return spoken.to_upstream(body)
    check_picture_count(len(pictures), target.model.traits, target.name)
    return offload(spoken.to_upstream, body)


def with_preset(
    request: dict[str, Any],
    target: Target,
    body: Body,
    apply: Apply = derived.apply,
) -> dict[str, Any]:
    """The request with what a derived model adds to it, pictures not least."""
    preset = target.preset
    if preset is None:
        return request
    if images.must_convert(chat.pictures({"messages": preset.messages})):
        return offload(apply, preset, request, body)
    return apply(preset, request, body)


def exchange_with(target: Target, *, thinking: bool) -> ReplyContext:
    """What the reply to the current request must know of it."""
    asked, found = record.current(), services()
    return ReplyContext(
        name=target.name,
        clock=time.time_ns,
        new_id=new_id,
        started_ns=asked.began_ns,
        remote={"remote_model": asked.model, "remote_host": found.remote_host},
        thinking=thinking,
        silence_ns=round(found.upstream.tick_s * 1e9),
        prompt_tokens=1 + asked.body_bytes // BYTES_PER_TOKEN,
    )


def new_id() -> str:
    return "".join(random.choices(ID_ALPHABET, k=ID_LENGTH))
