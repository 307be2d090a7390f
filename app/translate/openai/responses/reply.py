"""A reply of `/v1/responses`, as events or folded into one object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.errors import CerellamaError
from app.translate.dialect import Event, ReplyContext, StreamFormat
from app.translate.openai.dialect import KEEP_ALIVE
from app.translate.openai.responses import output, tools
from app.translate.openai.responses.envelope import Envelope
from app.translate.reading import CONTENT, REASONING, Reading, Run
from app.wire import json_codec, sse
from app.wire.completion import Chunk

KINDS = {REASONING: output.REASONING, CONTENT: output.MESSAGE}

# Why an answer that ended early did; all other ends are complete.
INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}

# By status, in the words that Codex knows what to do about.
ERROR_CODES = {401: "authentication_error", 429: "rate_limit_exceeded"}
OTHER_ERRORS = "api_error"


class Reply:
    """One reply under way."""

    def __init__(self, context: ReplyContext, body: Mapping[str, Any]) -> None:
        self._envelope = Envelope(context, body)
        self._output = output.Output(context.new_id)
        self._reading = Reading(context)
        self._tools = tools.offered(body)
        self._told = 0  # events

    @property
    def dialect(self) -> StreamFormat:
        """As this reply ends when it fails: its last event tells what there is."""
        return StreamFormat(sse.MIMETYPE, encode, self.failed)

    def stream(self, batches: Iterable[Sequence[Chunk]]) -> Iterator[list[Event]]:
        """The reply's events, one list per read, after those that announce it."""
        yield self._numbered(
            self._state(name, "in_progress")
            for name in ("response.created", "response.in_progress")
        )
        yield from self._reading.stream(
            batches, self._events, self._last_events, lambda: KEEP_ALIVE
        )

    def fold(self, batches: Iterable[Sequence[Chunk]]) -> dict[str, Any]:
        """The reply as one object: what its last event holds."""
        for batch in batches:
            self._events(self._reading.read(batch))
        *_, last = self._end()
        response: dict[str, Any] = last["response"]
        return response

    def failed(self, error: CerellamaError) -> dict[str, Any]:
        code = ERROR_CODES.get(error.status, OTHER_ERRORS)
        told = {"code": code, "message": error.message}
        failed = self._state("response.failed", "failed", error=told)
        return self._number(failed)

    def _events(self, runs: list[Run]) -> list[Event]:
        """Of what one read says, each run of one kind is one delta."""
        events: list[dict[str, Any]] = []
        for run in runs:
            text = "".join(run.texts)
            events += self._output.say(KINDS[run.kind], text) if text else []
        return self._numbered(events)

    def _last_events(self) -> list[Event]:
        return self._numbered(self._end())

    def _end(self) -> list[dict[str, Any]]:
        reason = INCOMPLETE.get(self._reading.finish_reason or "")
        status = "incomplete" if reason else "completed"
        calls = self._reading.tool_calls()
        events = self._output.close("completed" if calls else status)
        for call in calls:
            events += self._output.call(call, self._tools.get(call.name))
        state = {"usage": self._usage(), "reason": reason}
        return [*events, self._state(f"response.{status}", status, **state)]

    def _state(self, name: str, status: str, **more: Any) -> dict[str, Any]:
        response = self._envelope.state(status, self._output.items(), **more)
        return {"type": name, "response": response}

    def _numbered(self, events: Iterable[dict[str, Any]]) -> list[Event]:
        return [self._number(event) for event in events]

    def _number(self, event: dict[str, Any]) -> dict[str, Any]:
        number = self._told
        self._told += 1
        return {**event, "sequence_number": number}

    def _usage(self) -> dict[str, Any]:
        meter, counts = self._reading.meter, self._reading.usage()
        return {
            "input_tokens": counts["prompt_tokens"],
            "input_tokens_details": {"cached_tokens": meter.cached_tokens()},
            "output_tokens": counts["completion_tokens"],
            "output_tokens_details": {"reasoning_tokens": meter.reasoning_tokens()},
            "total_tokens": counts["total_tokens"],
        }


def encode(event: dict[str, Any]) -> bytes:
    """Frame an event by its name."""
    return sse.encode(json_codec.encode(event), event["type"])
