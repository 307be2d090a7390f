"""Message heads are parsed and written strictly; body framing follows RFC 9112."""

from collections.abc import Callable, Iterable
from http.client import RemoteDisconnected

import pytest

from app.http1.chunked import ChunkedDecoder
from app.http1.messages import (
    MAX_HEAD_BYTES,
    MAX_HEADS,
    LengthDecoder,
    NotHTTP,
    NotSendable,
    ResponseHead,
    UntilCloseDecoder,
    frame_request_body,
    parse_response_head,
    read_response_head,
    response_decoder,
    serialize_head,
)

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-A: 1\r\nx-a:\t2 \r\n\r\n"
PARSED = ResponseHead(
    200,
    [("Content-Type", "text/plain"), ("X-A", "1"), ("x-a", "2")],
    {"content-type": "text/plain", "x-a": "1, 2"},
    keep_alive=True,
)


def reads(*pieces: bytes) -> Callable[[], bytes]:
    """Return a read function that returns the pieces, then b"" for the end."""
    left = iter(pieces)
    return lambda: next(left, b"")


def make_head(status: int = 200, **headers: str) -> bytes:
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"HTTP/1.1 {status} X", *lines]).encode()


def test_request_head_is_serialized() -> None:
    head = serialize_head("POST", "/v1/chat?a=b", {"Host": "h:1", "X-A": "\xe4 b"})

    assert head == b"POST /v1/chat?a=b HTTP/1.1\r\nHost: h:1\r\nX-A: \xe4 b\r\n"


@pytest.mark.parametrize(
    ("method", "target", "name", "value"),
    [
        ("GET /x HTTP/1.1\r\nA: b\r\n\r\nGET", "/", "A", "b"),
        ("GET", "/ HTTP/1.1\r\nB: c\r\n\r\n", "A", "b"),
        ("GET", "/a b", "A", "b"),
        ("GET", "/", "A", "b\r\nC: d"),
        ("GET", "/", "A", "b\nC: d"),
        ("GET", "/", "A", "b\0"),
        ("GET", "/", "A: b\r\nC", "d"),
        ("GET", "/", "", "b"),
        ("GET", "/", "A b", "c"),
    ],
)
def test_request_head_with_an_injected_line_is_refused(
    method: str, target: str, name: str, value: str
) -> None:
    with pytest.raises(NotSendable):
        serialize_head(method, target, {name: value})


@pytest.mark.parametrize("body", [b"", b"abc", HEAD])
def test_response_head_is_read_in_any_two_pieces(body: bytes) -> None:
    whole = HEAD + body
    for at in range(1, len(HEAD) + 1):
        head, rest = read_response_head(reads(whole[:at], whole[at:]))

        assert head == PARSED
        assert body.startswith(rest)


def test_informational_responses_are_skipped() -> None:
    early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"

    assert read_response_head(reads(early + HEAD + b"abc")) == (PARSED, b"abc")
    assert read_response_head(reads(early, HEAD)) == (PARSED, b"")


def test_informational_responses_are_limited() -> None:
    early = b"HTTP/1.1 100 Continue\r\n\r\n"

    with pytest.raises(NotHTTP):
        read_response_head(lambda: early)
    allowed = early * (MAX_HEADS - 1) + HEAD
    assert read_response_head(reads(allowed)) == (PARSED, b"")
    with pytest.raises(NotHTTP):
        read_response_head(reads(early * MAX_HEADS + HEAD))


def test_switching_protocols_is_refused() -> None:
    with pytest.raises(NotHTTP):
        read_response_head(reads(b"HTTP/1.1 101 Switching Protocols\r\n\r\n", HEAD))


def test_close_before_the_first_byte_is_a_disconnect() -> None:
    with pytest.raises(RemoteDisconnected):
        read_response_head(reads())


@pytest.mark.parametrize("at", [1, 8, 17, 30, len(HEAD) - 1])
def test_close_within_the_head_is_an_error(at: int) -> None:
    with pytest.raises(OSError, match="cut short"):
        read_response_head(reads(HEAD[:at]))


def test_response_head_size_is_limited() -> None:
    with pytest.raises(NotHTTP):
        read_response_head(lambda: b"HTTP/1.1 200 OK\r\nA: " + b"a" * 1000)
    pieces = [b"a" * 1000] * (MAX_HEAD_BYTES // 1000 + 1)
    with pytest.raises(NotHTTP):
        read_response_head(reads(*pieces, b"still read", HEAD))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"what?",
        b"HTTP/1.1 200OK",
        b"HTTP/1.1 20 OK",
        b"HTTP/1.1 020 OK",
        b"HTTP/2 200 OK",
        b"HTTP/1.2 200 OK",
        b"ICY 200 OK",
        b" HTTP/1.1 200 OK",
        b"HTTP/1.1 200 OK\nA: b",
        b"HTTP/1.1 200 OK\r\nA: b\nC: d",
        b"HTTP/1.1 200 OK\r\nA: b\rC: d",
        b"HTTP/1.1 200 OK\r\nA: b\0",
        b"HTTP/1.1 200 OK\r\nA",
        b"HTTP/1.1 200 OK\r\n: b",
        b"HTTP/1.1 200 OK\r\nA : b",
        b"HTTP/1.1 200 OK\r\n A: b",
        b"HTTP/1.1 200 OK\r\nA: b\r\n c",
        b"HTTP/1.1 200 OK\r\n\xc4: b",
    ],
)
def test_malformed_response_head_is_refused(data: bytes) -> None:
    with pytest.raises(NotHTTP):
        parse_response_head(data)


def test_reason_and_fields_are_optional() -> None:
    bare = ResponseHead(204, [], {}, keep_alive=True)

    assert parse_response_head(b"HTTP/1.1 204") == bare
    assert parse_response_head(b"HTTP/1.1 404 ").status == 404


@pytest.mark.parametrize(
    ("data", "keep_alive"),
    [
        (b"HTTP/1.1 200 OK", True),
        (b"HTTP/1.1 200 OK\r\nConnection: keep-alive", True),
        (b"HTTP/1.1 200 OK\r\nConnection: Close", False),
        (b"HTTP/1.1 200 OK\r\nConnection: x, close", False),
        (b"HTTP/1.0 200 OK", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive", False),
    ],
)
def test_version_and_connection_header_decide_keep_alive(
    data: bytes, keep_alive: bool
) -> None:
    assert parse_response_head(data).keep_alive is keep_alive


def test_length_decoder_ends_after_its_length() -> None:
    decoder = LengthDecoder(5)

    assert (decoder.feed(b"abc"), decoder.done) == (b"abc", False)
    assert (decoder.feed(b"defg"), decoder.done, decoder.excess) == (b"de", True, True)
    assert (decoder.feed(b"h"), decoder.done) == (b"", True)
    assert LengthDecoder(0).done


@pytest.mark.parametrize(
    ("head", "decoder"),
    [
        (make_head(content_length="9"), LengthDecoder),
        (make_head(transfer_encoding="chunked"), ChunkedDecoder),
        (make_head(transfer_encoding="Chunked"), ChunkedDecoder),
        (make_head(transfer_encoding="chunked", content_length="9"), ChunkedDecoder),
        (make_head(content_length="9") + b"\r\nContent-Length: 9", LengthDecoder),
        (make_head(), UntilCloseDecoder),
    ],
)
def test_headers_choose_the_body_decoder(head: bytes, decoder: type) -> None:
    assert isinstance(response_decoder(parse_response_head(head), "POST"), decoder)


@pytest.mark.parametrize(
    ("head", "method"),
    [
        (make_head(content_length="0"), "POST"),
        (make_head(204), "POST"),
        (make_head(304, content_length="9"), "GET"),
        (make_head(content_length="9"), "HEAD"),
        (make_head(transfer_encoding="chunked"), "HEAD"),
    ],
)
def test_some_responses_have_no_body(head: bytes, method: str) -> None:
    assert response_decoder(parse_response_head(head), method).done


@pytest.mark.parametrize(
    "head",
    [
        make_head(content_length=""),
        make_head(content_length="-1"),
        make_head(content_length="+1"),
        make_head(content_length="0x1"),
        make_head(content_length="1_0"),
        make_head(content_length="1.0"),
        make_head(content_length="9" * 19),
        make_head(content_length="\xb2"),
        make_head(content_length="5") + b"\r\nContent-Length: 6",
        make_head(transfer_encoding="gzip, chunked"),
        make_head(transfer_encoding="identity"),
        make_head(transfer_encoding="chunked") + b"\r\nTransfer-Encoding: chunked",
    ],
)
def test_invalid_framing_headers_are_refused(head: bytes) -> None:
    with pytest.raises(NotHTTP):
        response_decoder(parse_response_head(head), "POST")


@pytest.mark.parametrize(
    ("method", "headers", "body", "line", "sent"),
    [
        ("POST", {}, b"abc", b"Content-Length: 3\r\n", b"abc"),
        ("POST", {}, None, b"Content-Length: 0\r\n", b""),
        ("GET", {}, None, b"", b""),
        ("DELETE", {}, b"a", b"Content-Length: 1\r\n", b"a"),
        ("POST", {"Content-Length": "3"}, [b"a", b"bc"], b"", b"abc"),
        (
            "POST",
            {},
            [b"a", b"", b"b" * 16],
            b"Transfer-Encoding: chunked\r\n",
            b"1\r\na\r\n10\r\n" + b"b" * 16 + b"\r\n0\r\n\r\n",
        ),
    ],
)
def test_request_head_ends_with_the_framing_of_its_body(
    method: str,
    headers: dict[str, str],
    body: bytes | Iterable[bytes] | None,
    line: bytes,
    sent: bytes,
) -> None:
    end, pieces = frame_request_body(method, headers, body)

    assert end == line + b"\r\n"
    assert b"".join(pieces) == sent
