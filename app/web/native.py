"""The steps that `/api/chat` and `/api/generate` share between body and reply."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Protocol

from flask import Response

from app.catalogue.resolve import Target
from app.services import services
from app.translate import derived
from app.translate.dialect import Event, ReplyContext
from app.translate.ollama.dialect import DIALECT
from app.translate.ollama.options import to_sampling
from app.web import answer, inference, replies
from app.web.capabilities import require
from app.web.inference import Apply, Body, exchange_with, translated, with_preset
from app.web.logs import note_once
from app.web.relay import relay

LONGEST_NAME = 50  # of an option in the log; clients name them as they like


class Spoken(inference.Spoken, Protocol):
    """A native endpoint's translator; its replies may want more than an exchange."""

    @property
    def from_chunks(self) -> Callable[..., Iterator[list[Event]]]: ...
    @property
    def from_completion(self) -> Callable[..., dict[str, Any]]: ...

    def ignored(self, body: Body) -> tuple[str, ...]: ...
    def idle_reply(self, exchange: ReplyContext, reason: str) -> dict[str, Any]: ...
    def debug_reply(self, request: Body, exchange: ReplyContext) -> dict[str, Any]: ...


def idle(body: Body, target: Target, spoken: Spoken) -> Response:
    """Load or unload a model: a request that asks nothing of it."""
    exchange = exchange_with(target, thinking=True)
    if body.get("keep_alive") == 0:
        services().loaded.unload(target.own_name)
        return replies.native(spoken.idle_reply(exchange, "unload"))
    require(body, target)
    given = body.get("options") or {}
    options = derived.options(target.preset, given) if target.preset else given
    to_sampling(options)  # for its refusals
    services().loaded.use(target.own_name, body.get("keep_alive"))
    return replies.native(spoken.idle_reply(exchange, "load"))


def prepare(
    body: Body, target: Target, spoken: Spoken, apply: Apply = derived.apply
) -> dict[str, Any]:
    """The request in the upstream form, with its preset; refusals come first."""
    require(body, target)
    request = translated(spoken, body, target)
    for name in spoken.ignored(body):
        note_once(f"left out, for it cannot be honoured: {name[:LONGEST_NAME]!r}")
    request = with_preset(request, target, body, apply)
    services().loaded.use(target.own_name, body.get("keep_alive"))
    return request


def reply(
    body: Body,
    target: Target,
    request: dict[str, Any],
    spoken: Spoken,
    **further: Any,
) -> Response:
    """Ask, and answer as a stream unless the client wants one object."""
    thinking = body.get("think") is not False
    exchange = partial(exchange_with, target, thinking=thinking)  # tells who answered
    if body.get("_debug_render_only"):
        return replies.native(
            spoken.debug_reply(answer.fit_to(target, request), exchange())
        )
    if not body.get("stream", True):
        completion = answer.complete(request, target)
        return replies.native(spoken.from_completion(completion, exchange(), **further))
    batches, close = answer.stream(request, target)
    return relay(spoken.from_chunks(batches, exchange(), **further), DIALECT, close)
