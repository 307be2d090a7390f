"""The format of log lines: text for people or JSON for machines.

Lines go to standard error. They never contain a request body or a key.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

# A value that needs no quotes in a text line.
PLAIN_VALUE = re.compile(r"[\w.:/+-]+", re.ASCII)
IN_MESSAGE = ("method", "route", "status", "outcome")  # part of a request's message


class TextFormatter(logging.Formatter):
    """One line per record; its further fields follow as `name=value`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        fields = [
            f" {name}={_quoted(value)}"
            for name, value in _fields(record).items()
            if name not in IN_MESSAGE
        ]
        return super().formatMessage(record) + "".join(fields)


class JSONFormatter(logging.Formatter):
    """One JSON object per record, whatever the message contains."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        line = {
            "time": at.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


FORMATTERS: Mapping[str, logging.Formatter] = {
    "text": TextFormatter(),
    "json": JSONFormatter(),
}

# Logging configuration for gunicorn: its own lines as JSON, each of them once.
GUNICORN = {
    "root": {"level": "WARNING"},
    "loggers": {"gunicorn.error": {"handlers": ["error_console"], "propagate": False}},
    "formatters": {"generic": {"()": JSONFormatter}},
}


def set_up(level: str, log_format: str) -> None:
    """Give the app's loggers a handler, once per process."""
    logger = logging.getLogger("app")
    logger.setLevel(level.upper())
    if not logger.handlers:
        logger.addHandler(logging.StreamHandler())
        logger.propagate = False
    for handler in logger.handlers:
        handler.setFormatter(FORMATTERS[log_format])


def _quoted(value: Any) -> str:
    text = str(value)
    return text if PLAIN_VALUE.fullmatch(text) else json.dumps(value)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields: dict[str, Any] = getattr(record, "fields", {})
    return fields
