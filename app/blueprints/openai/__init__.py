"""The OpenAI dialect, as Ollama speaks it."""

from app.blueprints.openai import chat, models

BLUEPRINTS = (chat.bp, models.bp)
