"""The release of Cerellama itself; `/api/version` tells that of Ollama's API."""

VERSION = "0.1.0"
