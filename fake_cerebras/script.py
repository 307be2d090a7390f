"""Scripts: JSON objects that state a response, its framing and its faults.

README.md describes the keys.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from fake_cerebras.errors import DEFAULT_ERRORS, ERRORS

MARK = re.compile(r"@fake\s*(?=\{)")
CHOICES: dict[str, tuple[str, ...]] = {
    "connection": ("keep", "close", "close_silently", "close_on_next"),
    "error": tuple(ERRORS),
    "extras": (
        "comments",
        "crlf",
        "empty_deltas",
        "finish_with_content",
        "no_role",
        "tight_data",
        "usage_chunk",
    ),
    "fault": (
        "cut",
        "end",
        "flood",
        "garbage",
        "half_event",
        "in_stream_error",
        "reset",
        "stall",
        "stall_in_head",
    ),
    "framing": ("chunked", "close"),
    "omit": (
        "details",
        "done",
        "finish_reason",
        "system_fingerprint",
        "time_info",
        "usage",
    ),
}


class ScriptError(Exception):
    """A script with an unknown key or value."""


@dataclass(frozen=True)
class Interruption:
    """A hold, pause or fault at a position of the response.

    `after` counts events of a stream or bytes of a whole response; without it the
    interruption happens before the first byte.
    """

    after: int | None = None
    hold: str | None = None
    fault: str | None = None
    pause: float | None = None


@dataclass(frozen=True)
class Script:
    # Content
    content: str | None = None
    reasoning: str | None = None
    tool_calls: list[dict[str, Any]] = field(default_factory=list)
    finish_reason: str | None = None
    usage: dict[str, Any] = field(default_factory=dict)
    time_info: dict[str, Any] = field(default_factory=dict)
    # Shape of the stream
    tokens_per_second: float | None = None
    delta_size: int | None = None
    arguments_delta_size: int | None = None
    extras: list[str] = field(default_factory=list)
    omit: list[str] = field(default_factory=list)
    events: list[Any] | None = None
    # Framing
    framing: str = "chunked"
    events_per_chunk: int = 1
    events_per_write: int = 1
    chunk_sizes: list[int] = field(default_factory=list)
    write_sizes: list[int] = field(default_factory=list)
    write_pause: float = 0.001
    connection: str = "keep"
    # Errors and faults
    status: int | None = None
    error: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    after: int | None = None
    hold: str | None = None
    fault: str | None = None
    pause: float | None = None
    at: list[dict[str, Any]] = field(default_factory=list)
    # The requests it is for
    match: str | None = None

    @property
    def has_content(self) -> bool:
        texts = (self.content, self.reasoning)
        return any(text is not None for text in texts) or bool(self.tool_calls)

    @property
    def interruptions(self) -> list[Interruption]:
        first = Interruption(self.after, self.hold, self.fault, self.pause)
        return [first, *(Interruption(**each) for each in self.at)]

    def without_tool_calls(self) -> "Script":
        """Return the script without its content, if that has tool calls."""
        if not self.tool_calls:
            return self
        return replace(self, content=None, reasoning=None, tool_calls=[])


SCRIPT_KEYS = {each.name for each in fields(Script)}
INTERRUPTION_KEYS = {each.name for each in fields(Interruption)}


def parse_script(source: Any) -> Script:
    """Return the script, or raise `ScriptError`."""
    _check(source, SCRIPT_KEYS)
    script = Script(**source)
    for interruption in script.at:
        _check(interruption, INTERRUPTION_KEYS)
    known = script.status in {None, 200, *DEFAULT_ERRORS}
    if not known and script.body is None:
        raise ScriptError(f"status {script.status} has no default body: give a body")
    return script


def find_script(text: str) -> Script | None:
    """Return the script that follows the first `@fake` in a text."""
    mark = MARK.search(text)
    if mark is None:
        return None
    try:
        source, _ = json.JSONDecoder().raw_decode(text, mark.end())
    except ValueError as error:
        raise ScriptError(f"the text after @fake is not JSON: {error}") from error
    return parse_script(source)


def _check(source: Any, keys: set[str]) -> None:
    if not isinstance(source, Mapping):
        raise ScriptError(f"a script is an object, not {source!r}")
    unknown = sorted(set(source) - keys)
    if unknown:
        raise ScriptError(f"unknown keys {unknown}; known: {sorted(keys)}")
    for key, choices in CHOICES.items():
        value = source.get(key)
        for each in value if isinstance(value, list) else [value]:
            if each is not None and each not in choices:
                raise ScriptError(f"unknown {key} {each!r}; known: {choices}")
