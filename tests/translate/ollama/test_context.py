"""The `context` of `/api/generate`: a conversation as numbers."""

import random
import struct
import zlib
from collections.abc import Sequence

import pytest

from app.translate.ollama.context import (
    HEADER,
    MAGIC,
    MAX_NUMBERS,
    decode_context,
    encode_context,
)


def conversation(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"role": role, "content": text} for role, text in pairs]


def incompressible_text(size: int, seed: int = 1) -> str:
    return random.Random(seed).randbytes(size // 2).hex()


CONVERSATIONS = {
    "empty": conversation(),
    "one": conversation(("user", "hi")),
    "all-roles": conversation(
        ("system", "be brief"), ("user", "hi"), ("assistant", "ho")
    ),
    "any-character": conversation(("user", 'é\u2028\0\U0001f600\\"')),
    "long": conversation(
        ("user", incompressible_text(400_000)),
        ("assistant", incompressible_text(400_000, 2)),
    ),
}


@pytest.mark.parametrize("messages", CONVERSATIONS.values(), ids=CONVERSATIONS)
def test_conversation_is_decoded_as_encoded(messages: list[dict[str, str]]) -> None:
    numbers = encode_context(messages)

    assert numbers
    assert 0 <= min(numbers) <= max(numbers) < 2**24
    assert decode_context(numbers) == messages


def test_context_begins_with_the_magic_number() -> None:
    numbers = encode_context(CONVERSATIONS["all-roles"])

    assert numbers[0] == int.from_bytes(MAGIC, "little")


def replace_number(numbers: list[int], place: int, value: int) -> list[int]:
    return [*numbers[:place], value, *numbers[place + 1 :]]


VALID = encode_context(conversation(("user", "hello"), ("assistant", "good day")))
INVALID = {
    "empty": [],
    "small": [1, 2, 3],
    "tokens": [128006, 882, 128007, 271, 15339, 128009],
    "version": replace_number(VALID, 0, VALID[0] ^ 1),
    "checksum": replace_number(VALID, 2, VALID[2] ^ 1),
    "damaged": replace_number(VALID, -3 % len(VALID), 0),
    "too-large": replace_number(VALID, 5, 2**24),
    "beyond-int32": replace_number(VALID, 5, 2**32),
    "negative": replace_number(VALID, 5, -1),
    "cut": VALID[:-2],
    "too-long": [0] * (MAX_NUMBERS + 1),
}


@pytest.mark.parametrize("numbers", INVALID.values(), ids=INVALID)
def test_foreign_or_damaged_context_is_none(numbers: list[int]) -> None:
    assert decode_context(numbers) is None


def pack(data: bytes) -> Sequence[int]:
    """Return numbers with a valid header before the data."""
    packed = HEADER.pack(MAGIC, zlib.crc32(data), len(data)) + data
    packed += bytes(-len(packed) % 3)
    triples = (packed[i : i + 3] + b"\0" for i in range(0, len(packed), 3))
    return [number for triple in triples for number in struct.unpack("<I", triple)]


def test_pack_makes_a_valid_context() -> None:
    assert decode_context(pack(zlib.compress(b'[["user","x"]]')))


@pytest.mark.parametrize(
    "text",
    [
        b'[["user","' + b"a" * 2_000_000 + b'"]]',
        b'[["tool","x"]]',
        b'[["user"]]',
        b'{"user":"x"}',
        b'[["user","\xff"]]',
        b"",
    ],
    ids=["bomb", "role", "shape", "object", "no-utf-8", "nothing"],
)
def test_valid_header_with_invalid_content_is_none(text: bytes) -> None:
    assert decode_context(pack(zlib.compress(text))) is None


def test_content_that_does_not_inflate_is_none() -> None:
    assert decode_context(pack(b"xx")) is None


def test_oldest_messages_of_a_long_conversation_are_left_out() -> None:
    messages = conversation(
        ("system", "be brief"),
        ("user", incompressible_text(500_000)),
        ("assistant", "one"),
        ("user", incompressible_text(300_000, 2)),
        ("assistant", "two"),
        ("user", incompressible_text(300_000, 3)),
        ("assistant", "three"),
    )

    kept = decode_context(encode_context(messages))

    assert kept == [messages[0], *messages[3:]]


def test_conversation_with_one_huge_message_is_dropped() -> None:
    messages = conversation(
        ("user", incompressible_text(1_200_000)), ("assistant", "short")
    )

    assert decode_context(encode_context(messages)) == []


def test_huge_system_text_is_left_out() -> None:
    messages = conversation(
        ("system", incompressible_text(1_200_000)), ("user", "hi"), ("assistant", "ho")
    )

    assert decode_context(encode_context(messages)) == messages[1:]
