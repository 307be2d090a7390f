"""The loop of `ollama run M`, as Ollama's CLI keeps it."""

from __future__ import annotations

from typing import Any

from tests.dropin import go_structs
from tests.dropin.go_client import ClientError
from tests.dropin.ollama_cli import Cli, Row, said, table, thinking


class Chat:
    """Every prompt sends the whole history."""

    def __init__(self, cli: Cli, name: str) -> None:
        cli.heartbeat()
        self.cli = cli
        self.name = name
        self.think = thinking(cli.found(name)["capabilities"])
        self.options: dict[str, Any] = {}
        self.messages: list[dict[str, Any]] = []
        self.greeting = cli.load_or_unload(name, **self.think)

    def say(self, text: str) -> str:
        self.messages.append({"role": "user", "content": text})
        asked = {"model": self.name, "messages": self.messages, "options": self.options}
        replies = [
            reply["message"]
            for reply in self.cli.client.stream(
                "/api/chat", go_structs.CHAT, {**asked, **self.think}
            )
        ]
        thought = "".join(reply["thinking"] for reply in replies)
        answer = {
            "role": replies[-1]["role"],
            "content": "".join(reply["content"] for reply in replies),
        }
        self.messages.append({**answer, "thinking": thought} if thought else answer)
        return said((reply["thinking"], reply["content"]) for reply in replies)

    def set_think(self, value: bool | str) -> str:
        """A warning, unless the model can think."""
        self.think = {"think": value}
        can_think = "thinking" in self.cli.shown(model=self.name)["capabilities"]
        return "" if can_think else f'warning: model "{self.name}" does not think'

    def set_system(self, text: str) -> None:
        self.messages.append({"role": "system", "content": text})

    def set_parameter(self, name: str, value: Any) -> None:
        self.options[name] = value

    def show_info(self) -> list[Row]:
        return table(self.cli.shown(name=self.name, options=self.options))

    def load(self, name: str) -> str:
        try:
            think = thinking(self.cli.shown(model=name)["capabilities"])
            greeting = self.cli.load_or_unload(name, **think)
        except ClientError as error:
            if "not found" not in str(error):
                raise
            return f"Couldn't find model '{name}'"
        self.name, self.think, self.messages = name, think, []
        return greeting

    def save(self, name: str) -> str:
        asked = {"model": name, "from": self.name, "messages": self.messages}
        asked |= {"parameters": self.options} if self.options else {}
        lines = self.cli.client.stream(
            "/api/create", go_structs.PROGRESS, {**asked, "name": ""}
        )
        list(lines)
        return f"Created new model '{name}'"
