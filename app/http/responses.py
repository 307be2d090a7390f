"""Flask responses: from a `Reply` or a JSON object, in the dialect of the route."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from flask import Blueprint, Flask, Request, Response, current_app, g

from app.inference.call import Reply
from app.inference.reply import events_reply
from app.translate.anthropic.dialect import AnthropicDialect
from app.translate.dialect import Dialect, Event, EventStream
from app.translate.ollama.dialect import OllamaDialect
from app.translate.openai.dialect import OpenAIDialect
from app.wire import json_codec

DIALECTS_KEY = "cerellama_dialects"
NATIVE, OPENAI, ANTHROPIC = OllamaDialect(), OpenAIDialect(), AnthropicDialect()

# A path without a route has no blueprint, but may still get an error, for example 401.
DIALECT_BY_PREFIX: tuple[tuple[str, Dialect], ...] = (
    ("/v1/messages", ANTHROPIC),
    ("/v1/", OPENAI),
    ("/chat/completions", OPENAI),
)


class StreamBody:
    """An iterator of pieces that Werkzeug hands to the server as it is.

    `direct_passthrough` keeps Werkzeug from wrapping each piece; the price is that the
    response's own close callbacks are not called, so this body calls them.
    """

    def __init__(self, pieces: Iterator[bytes], close: Callable[[], None]) -> None:
        self._pieces = pieces
        self.close = close

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces


def from_reply(reply: Reply) -> Response:
    """Return the reply as a response to the current request."""
    if isinstance(reply.body, bytes):
        response = Response(reply.body, reply.status)
    else:
        body = StreamBody(reply.body, g.on_close.close)
        response = Response(body, reply.status, direct_passthrough=True)
    if reply.content_type is None:
        del response.headers["Content-Type"]  # else Flask's default
    else:
        response.headers["Content-Type"] = reply.content_type
    response.headers.extend(reply.headers)
    return response


def json_response(
    dialect: Dialect, body: Mapping[str, Any], status: int = 200
) -> Response:
    """Return a JSON object with the dialect's content type."""
    return Response(dialect.encode(body), status, content_type=dialect.content_type)


def progress_response(
    dialect: Dialect, events: Iterable[list[Event]], *, stream: bool
) -> Response:
    """Return status lines as a stream, or the last of them as one object.

    Without a stream an error gets its own status, otherwise it is the last line.
    """
    g.record.streaming = True
    if stream:
        return from_reply(
            events_reply(EventStream(events, dialect.error), dialect, g.record)
        )
    lines = [line for batch in events for line in batch]
    return Response(json_codec.encode(lines[-1]), content_type="application/json")


def empty(status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response without a body or a content type."""
    response = Response(status=status, headers=headers)
    del response.headers["Content-Type"]
    return response


def register_blueprints(
    app: Flask, blueprints: Iterable[Blueprint], dialect: Dialect
) -> None:
    """Register blueprints whose errors have the shape of the dialect."""
    dialects = app.extensions.setdefault(DIALECTS_KEY, {})
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
        dialects[blueprint.name] = dialect


def dialect_of(request: Request) -> Dialect:
    """Return the dialect of a request, by default Ollama's own."""
    if request.blueprint is None:
        for prefix, dialect in DIALECT_BY_PREFIX:
            if request.path.startswith(prefix):
                return dialect
        return NATIVE
    dialects: dict[str, Dialect] = current_app.extensions[DIALECTS_KEY]
    return dialects[request.blueprint]
