"""Write a reply of `/v1/responses`: the events of a stream, or one response object."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.errors import CerellamaError
from app.translate.dialect import NS_PER_S, Event, ReplyContext
from app.translate.openai.dialect import KEEP_ALIVE
from app.translate.openai.responses import output, tools
from app.translate.reply_writer import CONTENT, REASONING, ReplyWriter, TextRun
from app.wire.completion import Chunk

ITEM_TYPES = {REASONING: output.REASONING, CONTENT: output.MESSAGE}

# Finish reasons that make a response incomplete -> its reason in OpenAI's words.
INCOMPLETE_REASONS = {"length": "max_output_tokens", "content_filter": "content_filter"}

# Status -> the code that Codex acts on.
ERROR_CODES = {401: "authentication_error", 429: "rate_limit_exceeded"}
DEFAULT_ERROR_CODE = "api_error"

# Fields of the request that the response repeats, with their defaults.
REPEATED_FIELDS: Mapping[str, Any] = {
    "instructions": None,
    "tools": [],
    "tool_choice": "auto",
    "truncation": "disabled",
    "parallel_tool_calls": True,
    "top_p": 1,
    "temperature": 1,
    "reasoning": None,
    "max_output_tokens": None,
    "background": False,
    "metadata": {},
    "safety_identifier": None,
    "prompt_cache_key": None,
}
FIXED_FIELDS: Mapping[str, Any] = {
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "top_logprobs": 0,
    "max_tool_calls": None,
    "store": False,
    "service_tier": "default",
}
TEXT_FIELDS = {"format": {"type": "text"}}


class ResponseWriter(ReplyWriter):
    """Writes one reply, as a response object or as the events about it."""

    def __init__(self, context: ReplyContext) -> None:
        super().__init__(context)
        body = context.body
        self._head = {
            "id": context.reply_id("resp_"),
            "object": "response",
            "created_at": context.started_ns // NS_PER_S,
        }
        self._request_fields = {
            **FIXED_FIELDS,
            **{key: body.get(key, value) for key, value in REPEATED_FIELDS.items()},
            "text": TEXT_FIELDS | (body.get("text") or {}),
        }
        self._output = output.Output(context.new_id)
        self._tools = tools.offered(body)
        self._event_count = 0

    def whole(self, completion: Chunk) -> dict[str, Any]:
        """Return the response, which equals the one in a stream's last event."""
        for run in self._reader.read([completion]):
            self._text_events(run)
        response: dict[str, Any] = self._last_events()[-1]["response"]
        return response

    def stream(self, batches: Iterable[Sequence[Chunk]]) -> Iterator[list[Event]]:
        """Yield the events that announce the response, then those of each batch."""
        yield [
            self._with_number(self._state_event(name, "in_progress"))
            for name in ("response.created", "response.in_progress")
        ]
        for events in super().stream(batches):
            yield [
                event if isinstance(event, bytes) else self._with_number(event)
                for event in events
            ]

    def _keep_alive(self) -> Event:
        return KEEP_ALIVE

    def error_event(self, error: CerellamaError) -> dict[str, Any]:
        """Return the event that ends a failed stream, with the output so far."""
        code = ERROR_CODES.get(error.status, DEFAULT_ERROR_CODE)
        fields = {"code": code, "message": error.message}
        event = self._state_event("response.failed", "failed", error=fields)
        return self._with_number(event)

    def _text_events(self, run: TextRun) -> list[dict[str, Any]]:
        """Return one delta for all texts of the run."""
        text = "".join(run.texts)
        return self._output.add_text(ITEM_TYPES[run.kind], text) if text else []

    def _last_events(self) -> list[dict[str, Any]]:
        reason = INCOMPLETE_REASONS.get(self._reader.finish_reason or "")
        status = "incomplete" if reason else "completed"
        calls = self._reader.tool_calls()
        events = self._output.close("completed" if calls else status)
        for call in calls:
            events += self._output.add_call(call, self._tools.get(call.name))
        last = self._state_event(
            f"response.{status}", status, usage=self._usage(), reason=reason
        )
        return [*events, last]

    def _state_event(self, name: str, status: str, **fields: Any) -> dict[str, Any]:
        return {"type": name, "response": self._response(status, **fields)}

    def _response(
        self,
        status: str,
        *,
        usage: Mapping[str, Any] | None = None,
        error: Mapping[str, str] | None = None,
        reason: str | None = None,
    ) -> dict[str, Any]:
        """Return the response object; `reason` says why it is incomplete."""
        is_completed = status == "completed"
        return {
            **self._head,
            "completed_at": self._context.clock() // NS_PER_S if is_completed else None,
            "status": status,
            "incomplete_details": {"reason": reason} if reason else None,
            "model": self._context.name,
            "previous_response_id": None,
            "output": list(self._output.items()),
            "error": error,
            **self._request_fields,
            "usage": usage,
        }

    def _with_number(self, event: dict[str, Any]) -> dict[str, Any]:
        number = self._event_count
        self._event_count += 1
        return {**event, "sequence_number": number}

    def _usage(self) -> dict[str, Any]:
        meter, usage = self._reader.meter, self._reader.usage()
        return {
            "input_tokens": usage["prompt_tokens"],
            "input_tokens_details": {"cached_tokens": meter.cached_tokens()},
            "output_tokens": usage["completion_tokens"],
            "output_tokens_details": {"reasoning_tokens": meter.reasoning_tokens()},
            "total_tokens": usage["total_tokens"],
        }
