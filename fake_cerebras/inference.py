"""Answer one request for a completion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fake_cerebras import models
from fake_cerebras.checks.rules import check_request
from fake_cerebras.completion import make_completion
from fake_cerebras.connection import Connection, DisconnectWatch
from fake_cerebras.delivery import BodyWriter, Delivery, Interruptions
from fake_cerebras.errors import DEFAULT_ERRORS, ERRORS, ApiError, invalid_request
from fake_cerebras.request import (
    PromptSize,
    last_user_text,
    prompt_size,
    tool_results,
)
from fake_cerebras.response import Response
from fake_cerebras.script import Script, ScriptError, find_script
from fake_cerebras.state import ScriptQueue


@dataclass(frozen=True)
class Inference:
    """One request and what answering it needs; `text_only` for /v1/completions."""

    body: dict[str, Any]
    text_only: bool
    scripts: ScriptQueue
    watch: DisconnectWatch
    connection: Connection
    tokens_per_second: float
    reserve_quota: Callable[[str, int], None]  # raises the 429

    def run(self) -> None:
        text = last_user_text(self.body)
        queued = self.scripts.take(text)
        script = queued or script_of_message(text)
        self.connection.use_script(script)
        check_request(self.body, text_only=self.text_only)
        prompt = prompt_size(self.body)
        self.reserve_quota(self.body["model"], prompt.tokens)
        if queued is None and tool_results(self.body):
            script = script.without_tool_calls()
        writer = BodyWriter(script, self.connection.write, self.watch.sleep)
        interruptions = Interruptions(script, writer, self.watch, self.scripts.gate)
        delivery = Delivery(writer, interruptions, self.watch)
        delivery.before_response()
        raise_scripted_error(script)
        self._respond(delivery, script, prompt)

    def _respond(self, delivery: Delivery, script: Script, prompt: PromptSize) -> None:
        model = models.find(self.body["model"])
        completion = make_completion(self.body, model, script)
        response = Response(self.body, self.text_only, model, script, prompt)
        headers = {"inference-id": response.id, "content-type": "application/json"}
        pace = script.tokens_per_second
        pace = self.tokens_per_second if pace is None else pace
        if self.body.get("stream"):
            headers["content-type"] = "text/event-stream"
            self.connection.start_response(200, headers | script.headers)
            delivery.stream(response.events(completion), pace)
            return
        if pace > 0:
            self.watch.sleep(completion.completion_tokens / pace)
        self.connection.start_response(200, headers | script.headers)
        delivery.send_whole(response.whole(completion))


def script_of_message(text: str) -> Script:
    """Return the script in the last user message, or an empty one."""
    try:
        return find_script(text) or Script()
    except ScriptError as error:
        message = f"fake_cerebras: {error}"
        raise invalid_request(message, "script", "script") from error


def raise_scripted_error(script: Script) -> None:
    """Raise the error or the fixed body that a script asks for."""
    name = script.error
    if name is None and script.status is not None and script.body is None:
        name = DEFAULT_ERRORS.get(script.status)
    status, body = ERRORS[name] if name else (200, None)
    if script.body is not None:
        body = script.body
    if body is not None:
        raise ApiError(script.status or status, body, script.headers)
