"""The interactive loop of `ollama run`, as Ollama's CLI implements it."""

from typing import Any

from tests.dropin import go_structs
from tests.dropin.go_client import ClientError
from tests.dropin.ollama_cli import Cli, join_output, thinking


class Chat:
    """A conversation. Each prompt sends all earlier messages."""

    def __init__(self, cli: Cli, name: str) -> None:
        cli.heartbeat()
        self.cli = cli
        self.name = name
        self.think = thinking(cli.find_or_pull(name)["capabilities"])
        self.options: dict[str, Any] = {}
        self.messages: list[dict[str, Any]] = []
        self.greeting = cli.load_or_unload(name, **self.think)

    def say(self, text: str) -> str:
        self.messages.append({"role": "user", "content": text})
        request = {
            "model": self.name,
            "messages": self.messages,
            "options": self.options,
        }
        replies = [
            reply["message"]
            for reply in self.cli.client.stream(
                "/api/chat", go_structs.CHAT, {**request, **self.think}
            )
        ]
        thought = "".join(reply["thinking"] for reply in replies)
        message = {
            "role": replies[-1]["role"],
            "content": "".join(reply["content"] for reply in replies),
        }
        self.messages.append({**message, "thinking": thought} if thought else message)
        return join_output((reply["thinking"], reply["content"]) for reply in replies)

    def set_parameter(self, name: str, value: Any) -> None:
        self.options[name] = value

    def load(self, name: str) -> str:
        try:
            think = thinking(self.cli.fetch_model(model=name)["capabilities"])
            greeting = self.cli.load_or_unload(name, **think)
        except ClientError as error:
            if "not found" not in str(error):
                raise
            return f"Couldn't find model '{name}'"
        self.name, self.think, self.messages = name, think, []
        return greeting

    def save(self, name: str) -> str:
        request = {"model": name, "from": self.name, "messages": self.messages}
        request |= {"parameters": self.options} if self.options else {}
        lines = self.cli.client.stream(
            "/api/create", go_structs.PROGRESS, {**request, "name": ""}
        )
        list(lines)
        return f"Created new model '{name}'"
