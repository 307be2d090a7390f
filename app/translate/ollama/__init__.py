"""The dialects of Ollama's native API."""
