"""Ollama's native API."""

from app.blueprints.ollama import (
    account,
    blobs,
    embed,
    inference,
    library,
    models,
    registry,
    root,
)

BLUEPRINTS = (
    root.bp,
    models.bp,
    inference.bp,
    embed.bp,
    library.bp,
    blobs.bp,
    registry.bp,
    account.bp,
)
