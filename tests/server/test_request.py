"""Every head is read as gunicorn reads it, usual or not."""

from __future__ import annotations

import sys
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


LINE = "POST / HTTP/1.1"
LINES = (
    "GET /v1/models/gpt-oss-120b HTTP/1.1",
    "OPTIONS /api/chat HTTP/1.1",
    "HEAD /%20a/@b:c~d HTTP/1.1",
    "GET /a?b=c&d HTTP/1.1",
    "GET /a? HTTP/1.1",
    "GET /a#b HTTP/1.1",
    "GET //a/b HTTP/1.1",
    "GET /a//b HTTP/1.1",
    "GET /a/ HTTP/1.1",
    "GET /a;b HTTP/1.1",
    "GET /\xe9 HTTP/1.1",
    "GET /a HTTP/1.0",
    "GET /a HTTP/1.2",
    "GET /a HTTP/2.0",
    "GET /a HTTP/1.1 ",
    "GET  /a HTTP/1.1",
    "GET /a",
    "GET a HTTP/1.1",
    "GET http://a/b HTTP/1.1",
    "OPTIONS * HTTP/1.1",
    "CONNECT /a HTTP/1.1",
    "CONNECT a:1 HTTP/1.1",
    "get /a HTTP/1.1",
    "GE /a HTTP/1.1",
    "G3T /a HTTP/1.1",
    "\r\nGET /a HTTP/1.1",
    "GET /" + "a" * 5000 + " HTTP/1.1",
    "",
)
REST = b"the body, or the next request"


def read(
    kind: Any, line: str, lines: list[str], trusted: bool = True, most: int = 100
) -> Any:
    cfg = Config()
    cfg.set("limit_request_fields", most)
    head = "\r\n".join([line, *lines, "", ""]).encode("latin-1")
    source = IterUnreader([head + REST])
    peer = ("127.0.0.1" if trusted else "203.0.113.9", 1)
    try:
        read = kind(cfg, source, peer)
    except Exception as error:
        return type(error), str(error)
    told = vars(read).keys() - {"cfg", "unreader", "body", "is_usual"}
    return {**{name: getattr(read, name) for name in told}, "rest": source.read()}


def check(lines: list[str], *, line: str = LINE, **further: Any) -> None:
    theirs = read(message.Request, line, lines, **further)
    assert read(request.Request, line, lines, **further) == theirs


def test_a_usual_head_is_read_by_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(message.Request, "parse")

    usual = read(request.Request, LINE, list(USUAL))

    assert usual["headers"][0] == ("HOST", "127.0.0.1:11434")
    assert usual["headers"][2] == ("ACCEPT", "*/*")
    assert len(usual["headers"]) == len(USUAL)


@pytest.mark.parametrize(
    "fields",
    [
        [],
        ["Content-Length: 0"],
        ["Content-Length: 10"],
        [f"Content-Length: {len(REST)}"],
        [f"Content-Length: {len(REST) + 1}"],
        ["Content-Length: 00000010"],
        ["Content-Length: -1"],
        ["Content-Length: 1_0"],
        ["Content-Length:"],
        ["Transfer-Encoding: chunked"],
        ["Transfer-Encoding: identity", "Content-Length: 5"],
    ],
    ids=str,
)
@pytest.mark.parametrize("sizes", [[1 << 20, 1], [4, 3, 1 << 20, 1]], ids=str)
def test_a_body_is_read_as_by_gunicorn(fields: list[str], sizes: list[int]) -> None:
    """And what follows it is left to the next request."""

    def read(kind: Any) -> Any:
        head = "\r\n".join([LINE, *fields, "", ""]).encode()
        source = IterUnreader([head + REST])
        try:
            asked = kind(Config(), source, ("127.0.0.1", 1))
            return [asked.body.read(size) for size in sizes], source.read()
        except Exception as error:
            return type(error), str(error)

    assert read(request.Request) == read(message.Request)


def test_a_body_that_has_been_read_is_kept_no_longer() -> None:
    body = request.Whole(REST * 1000)
    held = sys.getsizeof(body)

    assert body.read(len(REST) * 1000) == REST * 1000

    assert sys.getsizeof(body) < held - len(REST) * 999
    assert body.read(1) == b""


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[:20])
def test_any_first_line_is_read_as_by_gunicorn(line: str) -> None:
    check(list(USUAL), line=line)


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd[:20])
@pytest.mark.parametrize("trusted", [True, False])
def test_an_odd_line_is_read_as_by_gunicorn(odd: str, trusted: bool) -> None:
    check([*USUAL, odd], trusted=trusted)


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
    check(lines, trusted=trusted)


@given(
    st.text(st.sampled_from("/a.:@%~-_?#; \t\r\n\0\xe9*+="), max_size=12),
    st.sampled_from(["GET", "POST", "get", "G", "G T", "CONNECT"]),
)
def test_any_target_is_read_as_by_gunicorn(target: str, method: str) -> None:
    check(list(USUAL), line=f"{method} {target} HTTP/1.1")


def test_a_head_in_pieces_is_read_as_by_gunicorn() -> None:
    head = "\r\n".join([LINE, *USUAL, "", ""]).encode("latin-1")
    pieces = [head[:40], head[40:90], head[90:]]

    read = request.Request(Config(), IterUnreader(pieces), ("127.0.0.1", 1))

    assert (read.method, len(read.headers)) == ("POST", len(USUAL))
