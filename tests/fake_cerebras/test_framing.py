"""How a body arrives: HTTP chunks, writes, and bodies without framing."""

import json
import re
from typing import Any

import pytest

from tests.cerebras import Fake
from tests.fake_cerebras.client import (
    Response,
    open_script,
    read_all,
    read_parts,
    read_until,
)

TEXT = "Grüße, 東京 🙂 "
CHUNK_HEAD = re.compile(rb"([0-9a-f]+)\r\n")


def read_chunks(fake: Fake, script: dict[str, Any]) -> list[bytes]:
    """Return the payload of each HTTP chunk of a response."""
    with open_script(fake, {**script, "connection": "close"}) as sock:
        _, _, data = read_all(sock).partition(b"\r\n\r\n")
    chunks = []
    while data:
        head = CHUNK_HEAD.match(data)
        assert head, data
        start, size = head.end(), int(head[1], 16)
        chunks.append(data[start : start + size])
        data = data[start + size + 2 :]
    assert chunks.pop() == b""
    return chunks


def streamed(data: bytes) -> str:
    return Response(200, {}, data).streamed()


def test_each_event_is_a_chunk(fake: Fake) -> None:
    chunks = read_chunks(fake, {"content": TEXT * 9})

    assert len(chunks) > 9
    assert all(chunk.startswith(b"data: ") for chunk in chunks)
    assert all(chunk.endswith(b"\n\n") for chunk in chunks)
    assert streamed(b"".join(chunks)) == TEXT * 9


@pytest.mark.parametrize("per_chunk", [2, 3, 1000])
def test_several_events_in_a_chunk(fake: Fake, per_chunk: int) -> None:
    script = {"content": TEXT, "delta_size": 1, "events_per_chunk": per_chunk}

    *chunks, last = read_chunks(fake, script)

    assert all(chunk.count(b"data: ") == per_chunk for chunk in chunks)
    assert 1 <= last.count(b"data: ") <= per_chunk


@pytest.mark.parametrize("sizes", [[1], [3], [100, 1, 7]], ids=str)
def test_events_are_split_into_chunks(fake: Fake, sizes: list[int]) -> None:
    chunks = read_chunks(fake, {"content": TEXT, "chunk_sizes": sizes})

    assert max(map(len, chunks)) == max(sizes)
    assert streamed(b"".join(chunks)) == TEXT


@pytest.mark.parametrize("stream", [True, False])
def test_body_without_framing_ends_with_the_connection(
    fake: Fake, stream: bool
) -> None:
    script = {"content": TEXT, "framing": "close"}

    with open_script(fake, script, stream=stream) as sock:
        head, _, data = read_all(sock).partition(b"\r\n\r\n")

    assert b"transfer-encoding" not in head
    assert b"content-length" not in head
    assert b"connection: close" in head
    if stream:
        assert streamed(data) == TEXT
    else:
        assert json.loads(data)["choices"][0]["message"]["content"] == TEXT


def test_several_events_in_one_write(fake: Fake) -> None:
    script: dict[str, Any] = {"content": TEXT, "delta_size": 1, "events_per_write": 4}
    script["at"] = [{"after": 0, "hold": "head"}, {"after": 4, "hold": "rest"}]

    with open_script(fake, script) as sock:
        read_until(sock, b"\r\n\r\n")
        fake.release("head")
        part = sock.recv(65536)

    assert part.count(b"data: ") == 4


def test_writes_are_split_within_characters(fake: Fake) -> None:
    script = {"content": TEXT, "write_sizes": [1], "framing": "close"}

    with open_script(fake, script) as sock:
        read_until(sock, b"\r\n\r\n")
        parts = read_parts(sock)

    assert any(not is_utf8(part) for part in parts)
    assert streamed(b"".join(parts)) == TEXT


def is_utf8(part: bytes) -> bool:
    try:
        part.decode()
    except UnicodeDecodeError:
        return False
    return True
