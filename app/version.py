"""The version of Cerellama; `/api/version` answers that of the Ollama API."""

VERSION = "0.1.0"
