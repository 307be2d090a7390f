"""Every route of every dialect, asked what nobody asks: refused in shape, or answered.

`pytest tests/blueprints/test_fuzz.py --hypothesis-profile=campaign` asks far more.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from urllib.parse import unquote, unquote_to_bytes

import pytest
from flask import Flask
from hypothesis import given

from tests.apps import make_app
from tests.blueprints.hostile import Hostile, requests
from tests.blueprints.hostile_seeds import SEEDS
from tests.blueprints.in_shape import check
from tests.cerebras import Fake

# What fails here is told as a stream's line, or as 500 by who wants one object: Ollama.
IN_STREAM = ("/api/create", "/api/pull", "/api/push")


@pytest.fixture(scope="module")
def app(fake: Fake, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """Its own, for what one request makes is there for the next."""
    return make_app(fake, tmp_path_factory.mktemp("fuzz"))


@pytest.fixture
def faults() -> Iterator[list[str]]:
    """What the app logs as its own fault."""
    found: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: found.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("app").addHandler(handler)
    yield found
    logging.getLogger("app").removeHandler(handler)


def is_meant(status: int, rule: str) -> bool:
    """Ollama's own status, and that of what we lack."""
    return status == 501 or (status == 500 and rule in IN_STREAM)


def ask_anything(app: Flask, faults: list[str], method: str, rule: str) -> None:
    @given(requests(method, rule))
    def ask(asked: Hostile) -> None:
        faults.clear()
        answer = app.test_client().open(
            method=asked.method,
            environ_overrides={
                "PATH_INFO": unquote_to_bytes(asked.path).decode("latin-1"),
                "QUERY_STRING": asked.query,
            },
            headers=asked.headers,
            data=asked.body,
        )
        told = f"{answer.status_code} {answer.data[:300]!r}"
        assert answer.status_code < 500 or is_meant(answer.status_code, rule), told
        check(asked.method, unquote(asked.path), answer)
        assert faults == []

    ask()


@pytest.mark.parametrize(("method", "rule"), SEEDS, ids=str)
def test_no_body_is_a_fault_of_ours(
    app: Flask, faults: list[str], method: str, rule: str
) -> None:
    ask_anything(app, faults, method, rule)


def test_no_path_is_a_fault_of_ours(app: Flask, faults: list[str]) -> None:
    routes = {(m, r.rule) for r in app.url_map.iter_rules() for m in r.methods or ()}

    assert set(SEEDS) <= routes
    for method, rule in sorted(routes - set(SEEDS)):
        ask_anything(app, faults, method, rule)
