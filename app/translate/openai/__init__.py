"""The OpenAI dialect, as Ollama speaks it on `/v1`."""

from app.translate.openai.dialect import DIALECT

__all__ = ["DIALECT"]
