"""OpenAI's API, as Ollama implements it."""

from app.blueprints.openai import embeddings, inference, models, transcriptions

BLUEPRINTS = (inference.bp, transcriptions.bp, models.bp, embeddings.bp)
