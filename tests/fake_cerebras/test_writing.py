"""How bytes arrive: chunk framing, what one write holds, where writes are cut."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.cerebras import Fake
from tests.fake_cerebras.raw import (
    Answer,
    post,
    read_all,
    read_until,
    reads,
    sending,
    user,
)

WORDS = "Grüße, 東京 🙂 "
CHUNK = re.compile(rb"([0-9a-f]+)\r\n")


def body(script: dict[str, Any], **more: Any) -> dict[str, Any]:
    return user(f"@fake {json.dumps(script)}", **{"stream": True, **more})


def chunks(data: bytes) -> list[bytes]:
    """The payload of each HTTP chunk of an answer's body."""
    found = []
    while data:
        head = CHUNK.match(data)
        assert head, data
        start, size = head.end(), int(head[1], 16)
        found.append(data[start : start + size])
        data = data[start + size + 2 :]
    assert found.pop() == b""
    return found


def exchange(fake: Fake, script: dict[str, Any]) -> tuple[bytes, bytes]:
    """Head and body as they came over the wire."""
    with sending(fake, body({**script, "connection": "close"})) as sock:
        head, _, rest = read_all(sock).partition(b"\r\n\r\n")
    return head, rest


def said(data: bytes) -> str:
    return Answer(200, {}, data).said()


def test_each_event_is_a_chunk(fake: Fake) -> None:
    _, data = exchange(fake, {"content": WORDS * 9})

    found = chunks(data)
    assert len(found) > 9
    assert all(each.startswith(b"data: ") for each in found)
    assert all(each.endswith(b"\n\n") for each in found)
    assert said(b"".join(found)) == WORDS * 9


@pytest.mark.parametrize("per_chunk", [2, 3, 1000])
def test_several_events_in_a_chunk(fake: Fake, per_chunk: int) -> None:
    script = {"content": WORDS, "delta_size": 1, "events_per_chunk": per_chunk}

    *full, last = chunks(exchange(fake, script)[1])

    assert all(each.count(b"data: ") == per_chunk for each in full)
    assert 1 <= last.count(b"data: ") <= per_chunk


@pytest.mark.parametrize("sizes", [[1], [3], [100, 1, 7]], ids=str)
def test_events_split_over_chunks(fake: Fake, sizes: list[int]) -> None:
    found = chunks(exchange(fake, {"content": WORDS, "chunk_sizes": sizes})[1])

    assert max(map(len, found)) == max(sizes)
    assert said(b"".join(found)) == WORDS


def test_body_that_ends_with_the_connection(fake: Fake) -> None:
    with sending(fake, body({"content": WORDS, "framing": "close"})) as sock:
        head, _, data = read_all(sock).partition(b"\r\n\r\n")

    assert b"transfer-encoding" not in head
    assert b"content-length" not in head
    assert b"connection: close" in head
    assert said(data) == WORDS


def test_whole_answer_that_ends_with_the_connection(fake: Fake) -> None:
    asked = body({"content": WORDS, "framing": "close"}, stream=False)

    with sending(fake, asked) as sock:
        _, _, data = read_all(sock).partition(b"\r\n\r\n")

    assert json.loads(data)["choices"][0]["message"]["content"] == WORDS


def test_several_events_in_one_write(fake: Fake) -> None:
    script = {"content": WORDS, "delta_size": 1, "events_per_write": 4}
    script["at"] = [{"after": 0, "hold": "head"}, {"after": 4, "hold": "rest"}]

    with sending(fake, body(script)) as sock:
        read_until(sock, b"\r\n\r\n")
        fake.release("head")
        first_read = sock.recv(65536)

    assert first_read.count(b"data: ") == 4


def test_writes_are_cut_within_characters(fake: Fake) -> None:
    script = {
        "content": WORDS,
        "write_sizes": [1],
        "framing": "close",
        "events_per_write": 1,
    }

    with sending(fake, body(script)) as sock:
        read_until(sock, b"\r\n\r\n")
        parts = reads(sock)

    assert any(not decodes(part) for part in parts)
    assert said(b"".join(parts)) == WORDS


def decodes(part: bytes) -> bool:
    try:
        part.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_whole_answers_are_cut_too(fake: Fake) -> None:
    asked = body(
        {"content": WORDS, "write_sizes": [50], "chunk_sizes": [10]}, stream=False
    )

    assert post(fake, asked).message["content"] == WORDS
