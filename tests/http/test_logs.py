"""What the operator reads."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest

from app.http import logs
from app.inference.pipeline import log_once


def test_setting_up_twice_logs_everything_once() -> None:
    logs.set_up("info", "text")
    handlers = list(logging.getLogger("app").handlers)

    logs.set_up("debug", "text")

    assert logging.getLogger("app").handlers == handlers
    assert logging.getLogger("app").level == logging.DEBUG
    logs.set_up("info", "text")


def line(form: str, text: str, **extra: Any) -> str:
    record = logging.LogRecord("app.x", logging.INFO, "", 0, text, None, None)
    record.__dict__.update(extra)
    return logs.FORMATTERS[form].format(record)


def test_what_stands_beside_the_text_follows_it() -> None:
    fields = {"method": "GET", "id": "a-1", "name": 'x"\r\n é', "total_s": 0.5}

    told = line("text", "GET / 200 ok", fields=fields)

    assert told.endswith(
        ' INFO app.x: GET / 200 ok id=a-1 name="x\\"\\r\\n \\u00e9" total_s=0.5'
    )


def test_json_is_one_line_whatever_it_tells() -> None:
    told = line("json", "a\nb\u2028", fields={"name": "x\ny"}, created=0.25)

    assert told.isascii()
    assert "\n" not in told
    assert json.loads(told) == {
        "time": "1970-01-01T00:00:00.250+00:00",
        "level": "info",
        "logger": "app.x",
        "message": "a\nb\u2028",
        "name": "x\ny",
    }


def test_json_holds_what_went_wrong() -> None:
    try:
        raise ValueError("of ours")
    except ValueError:
        told = line("json", "failed", exc_info=sys.exc_info())

    assert "ValueError: of ours" in json.loads(told)["exception"]


def test_a_note_is_made_once(app_log: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        log_once("nobody has ever said this before")
    log_once("nor this")

    assert app_log.messages == ["nobody has ever said this before", "nor this"]
