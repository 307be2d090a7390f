"""The dialects of the `/v1` endpoints in OpenAI's format, as Ollama implements them."""
