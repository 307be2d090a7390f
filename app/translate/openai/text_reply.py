"""A reply of `/v1/completions`, as chunks or folded into one object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.translate.debug import debug_info
from app.translate.dialect import Event, ReplyContext, frame_around, frame_texts
from app.translate.openai.chat import wants_usage
from app.translate.openai.chunks import FINGERPRINT, SECOND
from app.translate.openai.dialect import DONE, FAMILY, KEEP_ALIVE
from app.translate.reading import CONTENT, Reading, Run, text_of
from app.wire.completion import Chunk

NO_USAGE = dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), 0)

# Nobody calls a tool here, so the upstream's other reasons are as they are told.
STOPPED = {None: "stop", "tool_calls": "stop"}


class TextReply:
    """One reply under way; its context hides what the model thinks."""

    def __init__(self, context: ReplyContext, body: Mapping[str, Any]) -> None:
        self._reading = Reading(context)
        self._head = {
            "id": "cmpl-" + "".join(context.new_id() for _ in range(3)),
            "object": "text_completion",
            "created": context.started_ns // SECOND,
            "model": context.name,
            "system_fingerprint": FINGERPRINT,
        }
        self._usage = wants_usage(body)
        self._echo: str = (body.get("prompt") or "") if body.get("echo") else ""
        self._offset = len(self._echo)  # of the next text, in characters
        self._frame: tuple[bytes, bytes] | None = None

    def stream(self, batches: Iterable[Sequence[Chunk]]) -> Iterator[list[Event]]:
        """The reply's chunks, one list per read."""
        if self._echo:
            yield [self._chunk(self._echo)]
        yield from self._reading.stream(
            batches, self._events, self._last_events, lambda: KEEP_ALIVE
        )

    def fold(self, batches: Iterable[Sequence[Chunk]]) -> dict[str, Any]:
        """The reply as one object."""
        runs = [run for batch in batches for run in self._reading.read(batch)]
        text = self._echo + text_of(CONTENT, runs)
        logprobs = self._logprobs(runs)
        choice = _choice(text, self._reason(), logprobs)
        return {**self._head, "choices": [choice], "usage": self._reading.usage()}

    def debug(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """What would be asked instead of an answer, for `_debug_render_only`."""
        shown = {"choices": [_choice("", None)], "_debug_info": debug_info(request)}
        return {**self._head, **shown}

    def _events(self, runs: list[Run]) -> list[Event]:
        return [
            self._chunk(run.texts[0], None, self._logprobs([run]))
            if run.logprobs
            else self._run(run.texts)
            for run in runs
        ]

    def _last_events(self) -> list[Event]:
        events: list[Event] = [self._chunk("", self._reason())]
        if self._usage:
            cost = {"choices": [], "usage": self._reading.usage()}
            events.append({**self._head, **cost})
        return [*events, DONE]

    def _reason(self) -> str:
        reason = self._reading.finish_reason
        return STOPPED.get(reason) or str(reason)

    def _run(self, texts: Sequence[str]) -> bytes:
        """Say many texts without an object for any of them."""
        if self._frame is None:
            self._frame = frame_around(FAMILY.frame, self._chunk)
        head, tail = self._frame
        return frame_texts(head, texts, tail)

    def _chunk(
        self,
        text: str,
        reason: str | None = None,
        logprobs: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        chunk = {**self._head, "choices": [_choice(text, reason, logprobs)]}
        return {**chunk, "usage": NO_USAGE} if self._usage else chunk

    def _logprobs(self, runs: Iterable[Run]) -> dict[str, Any] | None:
        """Chat's entries as the parallel lists of this route."""
        entries = [entry for run in runs for entry in _entries(run)]
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
            "top_logprobs": [_top(entry) for entry in entries],
            "text_offset": offsets,
        }


def _choice(
    text: str, reason: str | None, logprobs: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    choice = {"text": text, "index": 0, "finish_reason": reason}
    return {**choice, "logprobs": logprobs} if logprobs else choice


def _entries(run: Run) -> Sequence[Mapping[str, Any]]:
    return (run.logprobs or {}).get("content") or ()


def _top(entry: Mapping[str, Any]) -> dict[str, float]:
    return {
        other["token"]: other["logprob"] for other in entry.get("top_logprobs") or ()
    }
