"""The native API of Ollama."""

from app.blueprints.ollama import (
    account,
    chat,
    embed,
    experimental,
    generate,
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
    registry.bp,
    account.bp,
    experimental.bp,
)
