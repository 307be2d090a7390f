"""Scripts: JSON objects that say what to answer, in what shape, and what goes wrong.

The vocabulary is described in README.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from fake_cerebras.errors import BY_STATUS, NAMED

MARK = re.compile(r"@fake\s*(?=\{)")
FAULTS = (
    "cut",
    "end",
    "flood",
    "garbage",
    "half_event",
    "in_stream_error",
    "reset",
    "stall",
    "stall_in_head",
)
EXTRAS = (
    "comments",
    "crlf",
    "empty_deltas",
    "finish_with_content",
    "no_role",
    "tight_data",
    "usage_chunk",
)
OMITTABLE = (
    "details",
    "done",
    "finish_reason",
    "system_fingerprint",
    "time_info",
    "usage",
)
CONNECTION = ("keep", "close", "close_silently", "close_on_next")
FRAMINGS = ("chunked", "close")


class ScriptError(Exception):
    """A script that means nothing."""


@dataclass(frozen=True)
class Incident:
    """Something that happens in the middle; `after` None: before any byte."""

    after: int | None = None
    hold: str | None = None
    fault: str | None = None
    pause: float | None = None


@dataclass(frozen=True)
class Script:
    """Absent keys leave the server's own behaviour as it is."""

    # What it says.
    content: str | None = None
    reasoning: str | None = None
    tool_calls: list[dict[str, Any]] = field(default_factory=list)
    finish_reason: str | None = None
    usage: dict[str, Any] = field(default_factory=dict)
    time_info: dict[str, Any] = field(default_factory=dict)
    after_tools: dict[str, Any] | None = None
    # The shape of the stream.
    tokens_per_second: float | None = None
    delta_size: int | None = None
    arguments_delta_size: int | None = None
    extras: list[str] = field(default_factory=list)
    omit: list[str] = field(default_factory=list)
    deltas: list[dict[str, Any]] | None = None
    events: list[Any] | None = None
    # How it is written.
    framing: str = "chunked"
    events_per_chunk: int = 1
    events_per_write: int = 1
    chunk_sizes: list[int] = field(default_factory=list)
    write_sizes: list[int] = field(default_factory=list)
    write_pause: float = 0.001
    # What goes wrong.
    status: int | None = None
    error: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    after: int | None = None
    hold: str | None = None
    fault: str | None = None
    pause: float | None = None
    at: list[dict[str, Any]] = field(default_factory=list)
    connection: str = "keep"
    # Which request it is for.
    match: str | None = None

    @property
    def speaks(self) -> bool:
        """Whether the answer is the script's, not the server's own."""
        return (
            self.content is not None
            or self.reasoning is not None
            or bool(self.tool_calls)
        )

    @property
    def incidents(self) -> list[Incident]:
        own = Incident(self.after, self.hold, self.fault, self.pause)
        return [own, *(Incident(**each) for each in self.at)]

    def for_tool_results(self) -> Script:
        """The same script once the tools it called have answered."""
        if self.after_tools is not None:
            return parse(self.after_tools)
        return (
            replace(self, content=None, reasoning=None, tool_calls=[])
            if self.tool_calls
            else self
        )


CHOICES: dict[str, tuple[str | int, ...]] = {
    "connection": CONNECTION,
    "error": tuple(NAMED),
    "extras": EXTRAS,
    "fault": FAULTS,
    "framing": FRAMINGS,
    "omit": OMITTABLE,
}
KEYS = {each.name for each in fields(Script)}
INCIDENT_KEYS = {each.name for each in fields(Incident)}


def parse(source: Any) -> Script:
    _check(source, KEYS)
    script = Script(**source)
    for incident in script.at:
        _check(incident, INCIDENT_KEYS)
    if script.after_tools is not None:
        parse(script.after_tools)
    if script.status is not None and script.status not in {200, *BY_STATUS}:
        _need_body(script)
    return script


def find(text: str) -> Script | None:
    """The script in a text: `@fake {...}` anywhere in it."""
    mark = MARK.search(text)
    if mark is None:
        return None
    try:
        source, _ = json.JSONDecoder().raw_decode(text, mark.end())
    except ValueError as error:
        raise ScriptError(f"the text after @fake is no JSON: {error}") from error
    return parse(source)


def _check(source: Any, keys: set[str]) -> None:
    if not isinstance(source, Mapping):
        raise ScriptError(f"a script is an object, not {source!r}")
    unknown = sorted(set(source) - keys)
    if unknown:
        raise ScriptError(f"unknown {unknown}; known: {sorted(keys)}")
    for key, choices in CHOICES.items():
        value = source.get(key)
        for each in value if isinstance(value, list) else [value]:
            if each is not None and each not in choices:
                raise ScriptError(f"{key} {each!r} is none of {choices}")


def _need_body(script: Script) -> None:
    if script.body is None:
        raise ScriptError(f"status {script.status} has no known body: give one")
