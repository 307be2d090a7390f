"""The steps that `/api/chat` and `/api/generate` share between body and reply."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

from flask import Response

from app.catalogue.resolve import Target
from app.services import services
from app.translate.dialect import Event, Exchange
from app.translate.ollama.dialect import DIALECT
from app.translate.ollama.options import to_sampling
from app.web import answer, inference, replies
from app.web.capabilities import require
from app.web.inference import Body, exchange_with, translated
from app.web.logs import note_once
from app.web.relay import relay
from app.wire.completion import Chunk


class Spoken(inference.Spoken, Protocol):
    """What a native endpoint's translator has besides."""

    def ignored(self, body: Body) -> tuple[str, ...]: ...
    def idle_reply(self, exchange: Exchange, reason: str) -> dict[str, Any]: ...


def idle(body: Body, target: Target, spoken: Spoken) -> Response:
    """Load or unload a model: a request that asks nothing of it."""
    exchange = exchange_with(target, thinking=True)
    if body.get("keep_alive") == 0:
        services().loaded.unload(target.model.id)
        return replies.native(spoken.idle_reply(exchange, "unload"))
    require(body, target)
    to_sampling(body.get("options") or {})  # for its refusals
    services().loaded.use(target.model.id, body.get("keep_alive"))
    return replies.native(spoken.idle_reply(exchange, "load"))


def prepare(body: Body, target: Target, spoken: Spoken) -> dict[str, Any]:
    """The request in the upstream form, after all that could refuse it."""
    require(body, target)
    request = translated(spoken, body)
    for name in spoken.ignored(body):
        note_once(f"Cerebras has no {name!r}: left out")
    services().loaded.use(target.model.id, body.get("keep_alive"))
    return request


def reply(
    body: Body,
    target: Target,
    request: dict[str, Any],
    from_chunks: Callable[[Iterable[Sequence[Chunk]], Exchange], Iterator[list[Event]]],
    from_completion: Callable[[Chunk, Exchange], dict[str, Any]],
) -> Response:
    """Ask, and answer as a stream unless the client wants one object."""
    exchange = exchange_with(target, thinking=body.get("think") is not False)
    if not body.get("stream", True):
        completion = answer.complete(request, target)
        return replies.native(from_completion(completion, exchange))
    batches, close = answer.stream(request, target)
    return relay(from_chunks(batches, exchange), DIALECT, close)
