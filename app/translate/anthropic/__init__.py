"""Anthropic's Messages API, as far as Ollama implements it."""
