"""What the operator reads: plain lines on standard error, never a body or a key."""

from __future__ import annotations

import functools
import json
import logging
import re
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

# Of a value in which nothing could be taken for something else.
PLAIN = re.compile(r"[\w.:/+-]+", re.ASCII)
IN_THE_TEXT = ("method", "route", "status", "outcome")  # of a request's line

log = logging.getLogger(__name__)


class Lines(logging.Handler):
    """Each is one write to standard error, so that no lock is needed."""

    def handle(self, record: logging.LogRecord) -> bool:
        if self.filter(record):
            self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(f"{self.format(record)}\n")
        except Exception:
            self.handleError(record)


class TextLines(logging.Formatter):
    """A line for people; what stands beside its text follows as `name=value`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line at once; what is more than a line is put together as usual."""
        if record.exc_info or record.exc_text or record.stack_info:
            return super().format(record)
        return self.formatMessage(record)

    def formatMessage(self, record: logging.LogRecord) -> str:
        time = f"{_time(int(record.created))},{int(record.msecs):03d}"
        told = [
            f" {name}={value if PLAIN.fullmatch(str(value)) else json.dumps(value)}"
            for name, value in _fields(record).items()
            if name not in IN_THE_TEXT
        ]
        line = f"{time} {record.levelname} {record.name}: {record.getMessage()}"
        return line + "".join(told)


class JsonLines(logging.Formatter):
    """A line for machines: one JSON object, whatever the text holds."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        told = {
            "time": at.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told)


FORMATTERS: Mapping[str, logging.Formatter] = {
    "text": TextLines(),
    "json": JsonLines(),
}

# gunicorn's own lines as JSON, and each of them once.
GUNICORN = {
    "root": {"level": "WARNING"},
    "loggers": {"gunicorn.error": {"handlers": ["error_console"], "propagate": False}},
    "formatters": {"generic": {"()": JsonLines}},
}


def set_up(level: str, form: str) -> None:
    """Give the app's own loggers a handler, once per process."""
    logging.logThreads = False  # no line tells of them, and each would ask
    ours = logging.getLogger("app")
    ours.setLevel(level.upper())
    if not ours.handlers:
        ours.addHandler(Lines())
        ours.propagate = False
    for handler in ours.handlers:
        handler.setFormatter(FORMATTERS[form])


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields: dict[str, Any] = getattr(record, "fields", {})
    return fields


@functools.lru_cache(maxsize=1)
def _time(second: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(second))


@functools.lru_cache(maxsize=1024)
def note_once(message: str) -> None:
    """Log something that every further request would only repeat."""
    log.info("%s", message)
