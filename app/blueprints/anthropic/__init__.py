"""The Anthropic dialect, as Ollama speaks it."""

from app.blueprints.anthropic import messages

BLUEPRINTS = (messages.bp,)
