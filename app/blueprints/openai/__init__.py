"""The OpenAI dialect, as Ollama speaks it."""

from app.blueprints.openai import chat, embeddings, models

BLUEPRINTS = (chat.bp, models.bp, embeddings.bp)
