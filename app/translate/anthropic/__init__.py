"""The Anthropic dialect, as Ollama speaks it on `/v1/messages`, in full."""

from app.translate.anthropic.dialect import DIALECT

__all__ = ["DIALECT"]
