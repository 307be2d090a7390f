"""What the operator reads."""

from __future__ import annotations

import logging

import pytest

from app.web import logs


def test_setting_up_twice_logs_everything_once() -> None:
    logs.set_up("info")
    handlers = list(logging.getLogger("app").handlers)

    logs.set_up("debug")

    assert logging.getLogger("app").handlers == handlers
    assert logging.getLogger("app").level == logging.DEBUG
    logs.set_up("info")


def test_a_note_is_made_once(app_log: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        logs.note_once("nobody has ever said this before")
    logs.note_once("nor this")

    assert app_log.messages == ["nobody has ever said this before", "nor this"]
