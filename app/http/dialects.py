"""Which dialect the current request speaks: the one of its blueprint.

It decides the shape of errors and the headers with the request id.
"""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, Flask, current_app, request

from app.translate.anthropic.dialect import AnthropicDialect
from app.translate.dialect import Dialect
from app.translate.ollama.dialect import OllamaDialect
from app.translate.openai.dialect import OpenAIDialect

EXTENSION = "cerellama_dialects"
NATIVE, OPENAI, ANTHROPIC = OllamaDialect(), OpenAIDialect(), AnthropicDialect()

# A path without a route has no blueprint, but may still get an error, for example 401.
UNROUTED: tuple[tuple[str, Dialect], ...] = (
    ("/v1/messages", ANTHROPIC),
    ("/v1/", OPENAI),
    ("/chat/completions", OPENAI),
)


def register(app: Flask, blueprints: Iterable[Blueprint], dialect: Dialect) -> None:
    """Register blueprints whose errors have the shape of the dialect."""
    dialects = app.extensions.setdefault(EXTENSION, {})
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
        dialects[blueprint.name] = dialect


def current_dialect() -> Dialect:
    """Return the dialect of the current request, by default Ollama's own."""
    if request.blueprint is None:
        starts = (
            dialect for start, dialect in UNROUTED if request.path.startswith(start)
        )
        return next(starts, NATIVE)
    dialects: dict[str, Dialect] = current_app.extensions[EXTENSION]
    return dialects[request.blueprint]
