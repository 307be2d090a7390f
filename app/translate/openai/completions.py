"""`/v1/completions`: a prompt becomes the user's only message, as in Ollama."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.domain.models import Model
from app.errors import InvalidRequest
from app.translate.dialect import (
    Body,
    Event,
    ReplyContext,
    debug_info,
    frame_around,
    frame_texts,
)
from app.translate.openai.content import GO_TYPES
from app.translate.openai.dialect import (
    DONE,
    KEEP_ALIVE,
    OpenAIDialect,
    frame_event,
    logprob_entries,
    reply_head,
    stop_texts,
    wants_usage,
)
from app.translate.reply_writer import CONTENT, ReplyWriter, TextRun, joined_text
from app.wire.completion import Chunk
from app.wire.json_codec import without_none

SAMPLING = ("temperature", "seed", "frequency_penalty", "presence_penalty")
NO_USAGE = dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), 0)

# Requests have no tools, so the upstream's other reasons are passed on unchanged.
FINISH_REASONS = {None: "stop", "tool_calls": "stop"}


class OpenAICompletions(OpenAIDialect):
    """A prompt, answered as the only message of a conversation."""

    model_required = False

    def needs(self, body: Body) -> Mapping[str, bool]:
        return {"insert": bool(body.get("suffix"))}

    def to_upstream(self, body: Body, model: Model) -> dict[str, Any]:
        prompt, max_tokens = body.get("prompt"), body.get("max_tokens") or 0
        request = {
            "messages": [{"role": "user", "content": prompt}] if prompt else [],
            **{key: body.get(key) for key in SAMPLING},
            "top_p": body.get("top_p") or None,  # zero means absent
            "max_completion_tokens": max_tokens if max_tokens > 0 else None,
            "stop": _stops(body.get("stop")),
            "logprobs": True if body.get("logprobs") else None,
            "top_logprobs": body.get("logprobs") or None,
        }
        return without_none(request)

    def writer(self, context: ReplyContext) -> "TextWriter":
        return TextWriter(context)

    def debug_reply(self, request: Body, context: ReplyContext) -> dict[str, Any]:
        reply = {**_head(context), "choices": [_choice("", None)]}
        return {**reply, "_debug_info": debug_info(request)}


def _stops(stop: Any) -> list[str] | None:
    for text in stop if isinstance(stop, list) else ():
        if not isinstance(text, str):
            kind = GO_TYPES[type(text)]
            raise InvalidRequest(f"invalid type for 'stop' field: {kind}")
    return stop_texts(stop)


def _head(context: ReplyContext) -> dict[str, Any]:
    return reply_head(context, context.reply_id("cmpl-"), "text_completion")


class TextWriter(ReplyWriter):
    """Writes one reply, as one object or as chunks."""

    def __init__(self, context: ReplyContext) -> None:
        super().__init__(context)
        body = context.body
        self._head = _head(context)
        self._include_usage = wants_usage(body)
        self._echo: str = (body.get("prompt") or "") if body.get("echo") else ""
        self._offset = len(self._echo)  # of the next text, in characters
        self._frame: tuple[bytes, bytes] | None = None

    def whole(self, completion: Chunk) -> dict[str, Any]:
        runs = self._reader.read([completion])
        text = self._echo + joined_text(runs, CONTENT)
        choice = _choice(text, self._finish_reason(), self._logprobs(runs))
        return {**self._head, "choices": [choice], "usage": self._reader.usage()}

    def stream(self, batches: Iterable[Sequence[Chunk]]) -> Iterator[list[Event]]:
        """Yield the chunks for each batch, after the prompt if it is echoed."""
        if self._echo:
            yield [self._chunk(self._echo)]
        yield from super().stream(batches)

    def _keep_alive(self) -> Event:
        return KEEP_ALIVE

    def _text_events(self, run: TextRun) -> list[Event]:
        """Return chunks of texts as bytes, without making an object for each text."""
        if run.logprobs:
            return [self._chunk(run.texts[0], logprobs=self._logprobs([run]))]
        if self._frame is None:
            self._frame = frame_around(frame_event, self._chunk)
        head, tail = self._frame
        return [frame_texts(head, run.texts, tail)]

    def _last_events(self) -> list[Event]:
        events: list[Event] = [self._chunk("", self._finish_reason())]
        if self._include_usage:
            usage = self._reader.usage()
            events.append({**self._head, "choices": [], "usage": usage})
        return [*events, DONE]

    def _finish_reason(self) -> str:
        reason = self._reader.finish_reason
        return FINISH_REASONS.get(reason) or str(reason)

    def _chunk(
        self,
        text: str,
        finish_reason: str | None = None,
        logprobs: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        choice = _choice(text, finish_reason, logprobs)
        chunk = {**self._head, "choices": [choice]}
        return {**chunk, "usage": NO_USAGE} if self._include_usage else chunk

    def _logprobs(self, runs: Iterable[TextRun]) -> dict[str, Any] | None:
        """Return the entries of chat's logprobs as this endpoint's parallel lists."""
        entries = [entry for run in runs for entry in logprob_entries(run)]
        if not entries:
            return None
        tokens = [entry["token"] for entry in entries]
        offsets = []
        for token in tokens:
            offsets.append(self._offset)
            self._offset += len(token)
        return {
            "tokens": tokens,
            "token_logprobs": [entry["logprob"] for entry in entries],
            "top_logprobs": [_top_logprobs(entry) for entry in entries],
            "text_offset": offsets,
        }


def _top_logprobs(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {top["token"]: top["logprob"] for top in entry.get("top_logprobs") or ()}


def _choice(
    text: str, finish_reason: str | None, logprobs: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    choice = {"text": text, "index": 0, "finish_reason": finish_reason}
    return {**choice, "logprobs": logprobs} if logprobs else choice
