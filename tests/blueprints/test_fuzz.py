"""Every route answers any request in its format, and never with a server error.

`pytest tests/blueprints/test_fuzz.py --hypothesis-profile=campaign` tries far more.
"""

import logging
from collections.abc import Iterator
from urllib.parse import unquote, unquote_to_bytes

import pytest
from flask import Flask
from hypothesis import given

from tests.apps import make_app
from tests.blueprints.mutations import Request, requests
from tests.blueprints.readers import check_format
from tests.blueprints.samples import SAMPLES
from tests.cerebras import Fake

# Ollama answers errors of these with a line of the stream, or 500 without a stream.
STATUS_500_PATHS = ("/api/create", "/api/pull", "/api/push")


@pytest.fixture(scope="module")
def app(fake: Fake, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """Return an app that only these tests use, because they create models."""
    return make_app(fake, tmp_path_factory.mktemp("fuzz"))


@pytest.fixture
def errors() -> Iterator[list[str]]:
    """Return the list to which messages of level ERROR are added."""
    messages: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("app").addHandler(handler)
    yield messages
    logging.getLogger("app").removeHandler(handler)


def is_expected_status(status: int, rule: str) -> bool:
    return status < 500 or status == 501 or (status == 500 and rule in STATUS_500_PATHS)


def send_damaged_requests(
    app: Flask, errors: list[str], method: str, rule: str
) -> None:
    @given(requests(method, rule))
    def send(request: Request) -> None:
        errors.clear()
        response = app.test_client().open(
            method=request.method,
            environ_overrides={
                "PATH_INFO": unquote_to_bytes(request.path).decode("latin-1"),
                "QUERY_STRING": request.query,
            },
            headers=request.headers,
            data=request.body,
        )
        shown = f"{response.status_code} {response.data[:300]!r}"
        response.close()  # frees its slot
        assert is_expected_status(response.status_code, rule), shown
        check_format(request.method, unquote(request.path), response)
        assert errors == []

    send()


@pytest.mark.parametrize(("method", "rule"), SAMPLES, ids=str)
def test_damaged_body_is_never_a_server_error(
    app: Flask, errors: list[str], method: str, rule: str
) -> None:
    send_damaged_requests(app, errors, method, rule)


def test_damaged_path_is_never_a_server_error(app: Flask, errors: list[str]) -> None:
    routes = {(m, r.rule) for r in app.url_map.iter_rules() for m in r.methods or ()}

    assert set(SAMPLES) <= routes
    for method, rule in sorted(routes - set(SAMPLES)):
        send_damaged_requests(app, errors, method, rule)
