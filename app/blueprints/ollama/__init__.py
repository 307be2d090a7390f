"""The native API of Ollama."""

from app.blueprints.ollama import (
    account,
    blobs,
    chat,
    embed,
    experimental,
    generate,
    library,
    models,
    registry,
    root,
)

BLUEPRINTS = (
    root.bp,
    models.bp,
    chat.bp,
    generate.bp,
    embed.bp,
    library.bp,
    blobs.bp,
    registry.bp,
    account.bp,
    experimental.bp,
)
