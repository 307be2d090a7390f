"""Whatever is asked, WSGI is told of it as gunicorn tells it."""

from __future__ import annotations

from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http import wsgi
from gunicorn.http.unreader import IterUnreader
from hypothesis import given
from hypothesis import strategies as st

from app.server import environ
from app.server.request import Request

PEER, SERVER = ("127.0.0.1", 50000), ("127.0.0.1", 11434)
LINE = "POST /api/chat HTTP/1.1"
FIELDS = (
    "Host: 127.0.0.1:11434",
    "Content-Type: application/json",
    "Content-Length: 0",
    "X-Forwarded-For: 10.0.0.1",
    "Accept: */*",
)


class Silent:
    """A socket that takes what it is given."""

    def send(self, data: bytes) -> int:
        return len(data)


SOCK: Any = Silent()


def asked(line: str, fields: list[str], **settings: Any) -> tuple[Request, Config]:
    cfg = Config()
    for name, value in settings.items():
        cfg.set(name, value)
    head = "\r\n".join([line, *fields, "", ""]).encode("latin-1")
    return Request(cfg, IterUnreader([head]), PEER), cfg


def check(
    line: str,
    fields: list[str],
    peer: Any = PEER,
    server: Any = SERVER,
    **settings: Any,
) -> dict[str, Any]:
    request, cfg = asked(line, fields, **settings)

    told = environ.build(request, SOCK, peer, server, cfg, environ.constants(cfg))

    theirs: Any = wsgi.create(request, SOCK, peer, server, cfg)[1]
    assert told.pop("wsgi.input") is theirs.pop("wsgi.input")
    del theirs["wsgi.early_hints"]
    assert told == {**theirs, **environ.OURS}
    return told


def test_a_usual_request_is_told_of_by_us(monkeypatch: pytest.MonkeyPatch) -> None:
    request, cfg = asked(LINE, list(FIELDS))
    always = environ.constants(cfg)
    monkeypatch.delattr(wsgi, "create")

    told = environ.build(request, SOCK, PEER, SERVER, cfg, always)

    assert told["PATH_INFO"] == "/api/chat"
    assert told["HTTP_X_FORWARDED_FOR"] == "10.0.0.1"


def test_it_is_told_as_gunicorn_tells_it() -> None:
    check(LINE, list(FIELDS))


@pytest.mark.parametrize("path", ["/", "/v1/models/a:b", "/%41?b=c", "//a", "/a//b"])
def test_any_path_is_told_as_gunicorn_tells_it(path: str) -> None:
    check(f"GET {path} HTTP/1.1", list(FIELDS))


@pytest.mark.parametrize(
    "field",
    ["Accept: again", "X-Forwarded-Proto: https", "Expect: 100-continue", "X!Odd: 1"],
)
def test_an_odd_field_is_told_as_gunicorn_tells_it(field: str) -> None:
    check(LINE, [*FIELDS, field])


@given(st.lists(st.from_regex("[A-Za-z-]{1,20}: ?[!-~]{0,10}", fullmatch=True)))
def test_any_fields_are_told_as_gunicorn_tells_them(fields: list[str]) -> None:
    check(LINE, ["X-One: 1", *(f"X-{field}" for field in fields)])


@pytest.mark.parametrize(
    ("peer", "server"),
    [("", "/run/socket"), (("::1", 5, 0, 0), ("::1", 6, 0, 0))],
    ids=["unix", "ipv6"],
)
def test_any_kind_of_socket_is_told_as_gunicorn_tells_it(
    peer: Any, server: Any
) -> None:
    check(LINE, list(FIELDS), peer, server)


def test_several_workers_are_told_of() -> None:
    assert check(LINE, list(FIELDS), workers=2)["wsgi.multiprocess"] is True


def test_a_path_below_ours_is_told_as_gunicorn_tells_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SCRIPT_NAME", "/api")

    assert check(LINE, list(FIELDS))["PATH_INFO"] == "/chat"
