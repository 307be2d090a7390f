"""The OpenAI dialect, as Ollama speaks it."""

from app.blueprints.openai import (
    chat,
    completions,
    embeddings,
    models,
    responses,
    transcriptions,
)

MODULES = (chat, completions, responses, transcriptions, models, embeddings)
BLUEPRINTS = tuple(module.bp for module in MODULES)
