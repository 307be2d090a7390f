"""What the worker does beside serving; that it serves is shown by tests/live."""

from __future__ import annotations

from gunicorn.config import Config

from app.server.worker import settle


def test_settled_settings_are_what_they_were_and_need_no_looking_up() -> None:
    cfg = Config()
    cfg.set("keepalive", 75)
    before = {name: getattr(cfg, name) for name in cfg.settings}

    settle(cfg)

    assert {name: getattr(cfg, name) for name in cfg.settings} == before
    assert vars(cfg)["keepalive"] == 75
