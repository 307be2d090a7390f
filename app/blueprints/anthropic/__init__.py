"""Anthropic's API, as Ollama implements it."""

from app.blueprints.anthropic import messages

BLUEPRINTS = (messages.bp,)
