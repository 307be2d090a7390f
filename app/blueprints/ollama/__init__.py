"""The native API of Ollama."""

from app.blueprints.ollama import chat, generate, models, root

BLUEPRINTS = (root.bp, models.bp, chat.bp, generate.bp)
