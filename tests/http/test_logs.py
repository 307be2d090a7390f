"""Log lines as text and as JSON."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest

from app.http import logs
from app.inference.pipeline import log_once


def test_second_setup_adds_no_handler() -> None:
    logs.set_up("info", "text")
    handlers = list(logging.getLogger("app").handlers)

    logs.set_up("debug", "text")

    assert logging.getLogger("app").handlers == handlers
    assert logging.getLogger("app").level == logging.DEBUG
    logs.set_up("info", "text")


def format_line(form: str, text: str, **extra: Any) -> str:
    record = logging.LogRecord("app.x", logging.INFO, "", 0, text, None, None)
    record.__dict__.update(extra)
    return logs.FORMATTERS[form].format(record)


def test_fields_follow_the_message() -> None:
    fields = {"method": "GET", "id": "a-1", "name": 'x"\r\n é', "total_s": 0.5}

    formatted = format_line("text", "GET / 200 ok", fields=fields)

    assert formatted.endswith(
        ' INFO app.x: GET / 200 ok id=a-1 name="x\\"\\r\\n \\u00e9" total_s=0.5'
    )


def test_json_line_escapes_line_ends() -> None:
    formatted = format_line("json", "a\nb\u2028", fields={"name": "x\ny"}, created=0.25)

    assert formatted.isascii()
    assert "\n" not in formatted
    assert json.loads(formatted) == {
        "time": "1970-01-01T00:00:00.250+00:00",
        "level": "info",
        "logger": "app.x",
        "message": "a\nb\u2028",
        "name": "x\ny",
    }


def test_json_line_contains_the_traceback() -> None:
    try:
        raise ValueError("a bug")
    except ValueError:
        formatted = format_line("json", "failed", exc_info=sys.exc_info())

    assert "ValueError: a bug" in json.loads(formatted)["exception"]


def test_log_once_logs_each_text_once(app_log: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        log_once("first text")
    log_once("second text")

    assert app_log.messages == ["first text", "second text"]
