from __future__ import annotations

import random
import zlib

import pytest

from app.translate.ollama import context


def turns(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"role": role, "content": text} for role, text in pairs]


def noise(size: int, seed: int = 1) -> str:
    """Text that hardly compresses."""
    return random.Random(seed).randbytes(size // 2).hex()


CONVERSATIONS = {
    "empty": turns(),
    "one": turns(("user", "hi")),
    "all-roles": turns(("system", "be brief"), ("user", "hi"), ("assistant", "ho")),
    "any-character": turns(("user", 'é\u2028\0\U0001f600\\"')),
    "long": turns(("user", noise(400_000)), ("assistant", noise(400_000, 2))),
}


@pytest.mark.parametrize("messages", CONVERSATIONS.values(), ids=CONVERSATIONS)
def test_a_conversation_comes_back_whole(messages: list[dict[str, str]]) -> None:
    numbers = context.encode_context(messages)

    assert numbers
    assert 0 <= min(numbers) <= max(numbers) < 2**24
    assert context.decode_context(numbers) == messages


def test_what_is_encoded_stays_the_same() -> None:
    messages = CONVERSATIONS["all-roles"]

    assert context.encode_context(messages) == context.encode_context(messages)
    assert context.encode_context(messages)[0] == int.from_bytes(
        context.MAGIC, "little"
    )


def changed(numbers: list[int], place: int, value: int) -> list[int]:
    return [*numbers[:place], value, *numbers[place + 1 :]]


OURS = context.encode_context(turns(("user", "hello"), ("assistant", "good day")))


@pytest.mark.parametrize(
    "numbers",
    [
        [],
        [1, 2, 3],
        [128006, 882, 128007, 271, 15339, 128009],
        changed(OURS, 0, OURS[0] ^ 1),
        changed(OURS, 2, OURS[2] ^ 1),
        changed(OURS, -3 % len(OURS), 0),
        changed(OURS, 5, 2**24),
        changed(OURS, 5, 2**32),
        changed(OURS, 5, -1),
        OURS[:-2],
        [0] * (context.MAX_NUMBERS + 1),
    ],
    ids=[
        "empty",
        "small",
        "tokens",
        "version",
        "checksum",
        "damaged",
        "too-large",
        "beyond-int32",
        "negative",
        "cut",
        "too-long",
    ],
)
def test_a_foreign_or_damaged_context_is_none(numbers: list[int]) -> None:
    assert context.decode_context(numbers) is None


def packed(text: bytes) -> list[int]:
    data = zlib.compress(text)
    header = context.HEADER.pack(context.MAGIC, zlib.crc32(data), len(data))
    return context._to_numbers(header + data)


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
def test_a_wellformed_context_of_another_content_is_none(text: bytes) -> None:
    assert context.decode_context(packed(text)) is None


def test_what_does_not_inflate_is_none() -> None:
    header = context.HEADER.pack(context.MAGIC, zlib.crc32(b"xx"), 2)

    assert context.decode_context(context._to_numbers(header + b"xx")) is None


def test_the_oldest_turns_of_a_long_conversation_are_left_out() -> None:
    told = turns(
        ("system", "be brief"),
        ("user", noise(500_000)),
        ("assistant", "one"),
        ("user", noise(300_000, 2)),
        ("assistant", "two"),
        ("user", noise(300_000, 3)),
        ("assistant", "three"),
    )

    kept = context.decode_context(context.encode_context(told))

    assert kept == [told[0], *told[3:]]


def test_a_conversation_of_one_turn_too_long_is_forgotten() -> None:
    told = turns(("user", noise(1_200_000)), ("assistant", "short"))

    assert context.decode_context(context.encode_context(told)) == []


def test_a_system_text_too_long_is_left_out() -> None:
    told = turns(("system", noise(1_200_000)), ("user", "hi"), ("assistant", "ho"))

    assert context.decode_context(context.encode_context(told)) == told[1:]
