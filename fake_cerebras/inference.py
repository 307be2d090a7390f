"""Answers one inference request: finds its script, checks it, makes and sends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from fake_cerebras import answer, checks, conversation, models, prompt, script
from fake_cerebras.completion import Reply
from fake_cerebras.delivery import Delivery
from fake_cerebras.departure import Departure
from fake_cerebras.errors import BY_STATUS, NAMED, Refused, invalid
from fake_cerebras.incidents import Incidents
from fake_cerebras.prompt import Prompt
from fake_cerebras.script import Script, ScriptError
from fake_cerebras.steering import Steering
from fake_cerebras.stream import Events
from fake_cerebras.writing import BodyWriter

STREAM = "text/event-stream"
JSON = "application/json"


class Connection(Protocol):
    """What an inference needs of the HTTP side."""

    def play(self, script: Script) -> None:
        """Learn how the answer is framed and what becomes of the connection."""

    def begin(self, status: int, headers: Mapping[str, str]) -> None: ...

    def write(self, data: bytes) -> None: ...


@dataclass(frozen=True)
class Inference:
    """One request whose body was read; `raw` ones come to /v1/completions."""

    body: dict[str, Any]
    raw: bool
    steering: Steering
    departure: Departure
    connection: Connection
    tokens_per_second: float
    admit: Callable[[str, int], None]  # refuses what quota does not hold

    def run(self) -> None:
        words = conversation.last_words(self.body)
        queued = self.steering.take(words)
        played = queued or own_script(words)
        self.connection.play(played)
        checks.check(self.body, raw=self.raw)
        measured = prompt.measure(self.body)
        self.admit(self.body["model"], measured.tokens)
        if queued is None and conversation.tool_results(self.body):
            played = played.for_tool_results()
        writer = BodyWriter(played, self.connection.write, self.departure.wait)
        incidents = Incidents(played, writer, self.departure, self.steering.gate)
        delivery = Delivery(writer, incidents, self.departure)
        delivery.before()
        refuse(played)
        self._deliver(delivery, played, measured)

    def _deliver(self, delivery: Delivery, played: Script, asked: Prompt) -> None:
        model = models.find(self.body["model"])
        said = answer.make(self.body, model, played)
        reply = Reply(self.body, self.raw, model, played, asked)
        headers = {"inference-id": reply.id} | played.headers
        pace = self._pace(played)
        if self.body.get("stream"):
            self.connection.begin(200, {"content-type": STREAM} | headers)
            delivery.stream(Events(reply, played).of(said), pace)
            return
        if pace > 0:
            self.departure.wait(said.completion_tokens / pace)
        self.connection.begin(200, {"content-type": JSON} | headers)
        delivery.whole(reply.whole(said))

    def _pace(self, played: Script) -> float:
        own = played.tokens_per_second
        return self.tokens_per_second if own is None else own


def own_script(words: str) -> Script:
    """The one in the user's last words, or one that changes nothing."""
    try:
        return script.find(words) or Script()
    except ScriptError as error:
        raise invalid(f"fake_cerebras: {error}", "script", "script") from error


def refuse(played: Script) -> None:
    """Answer what a script wants answered instead, if it wants that."""
    name, status = played.error, played.status
    if name is None and status is not None and played.body is None:
        name = BY_STATUS.get(status)
    known, body = NAMED[name] if name else (200, None)
    if played.body is not None:
        body = played.body
    if body is not None:
        raise Refused(status or known, body, played.headers)
