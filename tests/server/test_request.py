"""Every head is read as gunicorn reads it, usual or not."""

from __future__ import annotations

from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http import message
from gunicorn.http.unreader import IterUnreader
from hypothesis import given
from hypothesis import strategies as st

from app.server import request

USUAL = (
    "Host: 127.0.0.1:11434",
    "User-Agent: ollama/0.33.0",
    "Accept:\t*/* ",
    "X-Empty:",
    "X-Latin: \xe9",
    "Content-Type: application/json",
    "Content-Length: 0",
)
ODD = (
    "host: again",
    "X-A: 1",
    "x-a: 2",
    "Content-Type: text/plain",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Ssl: on",
    "Expect: 100-continue",
    "Expect: more",
    "With_Underscore: 1",
    "With Blank: 1",
    "With-Blank : 1",
    " folded",
    "no colon",
    ": no name",
    "X-Control: \x01",
    "X-Delete: \x7f",
    "X-Feed: a\nb",
    "X-Return: a\rb",
    "X!Token: 1",
    "X-\xe9: 1",
    "X-Long: " + "a" * 9000,
    "",
)


def read(kind: Any, lines: list[str], trusted: bool, most: int) -> Any:
    cfg = Config()
    cfg.set("limit_request_fields", most)
    head = "\r\n".join(["POST / HTTP/1.1", *lines, "", ""]).encode("latin-1")
    peer = ("127.0.0.1" if trusted else "203.0.113.9", 1)
    try:
        read = kind(cfg, IterUnreader([head]), peer)
    except Exception as error:
        return type(error), str(error)
    return read.headers, read.scheme, read._expected_100_continue


def check(lines: list[str], trusted: bool = True, most: int = 100) -> None:
    theirs = read(message.Request, lines, trusted, most)
    assert read(request.Request, lines, trusted, most) == theirs


def test_a_usual_head_is_read_by_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(message.Message, "parse_headers")

    headers, *_ = read(request.Request, list(USUAL), True, 100)

    assert headers[0] == ("HOST", "127.0.0.1:11434")
    assert headers[2] == ("ACCEPT", "*/*")
    assert len(headers) == len(USUAL)


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd[:20])
@pytest.mark.parametrize("trusted", [True, False])
def test_an_odd_line_is_read_as_by_gunicorn(odd: str, trusted: bool) -> None:
    check([*USUAL, odd], trusted)


@pytest.mark.parametrize("most", [6, 7, 8])
def test_there_are_as_many_lines_as_may_be(most: int) -> None:
    check(list(USUAL), most=most)


def test_no_line_at_all_is_read_as_by_gunicorn() -> None:
    check([])


@given(
    st.lists(st.sampled_from(USUAL + ODD) | st.text(st.characters(codec="latin-1"))),
    st.booleans(),
)
def test_any_lines_are_read_as_by_gunicorn(lines: list[str], trusted: bool) -> None:
    check(lines, trusted)
