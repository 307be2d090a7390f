"""The native dialect: Ollama's own API."""

from app.translate.ollama.dialect import DIALECT

__all__ = ["DIALECT"]
