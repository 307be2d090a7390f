"""The `context` of generate: a conversation's text as a list of numbers, and back.

Three bytes to a number keep it within the int32 that clients expect of token ids:

    magic and version (3) | crc32 (4) | length (4) | zlib of [[role, text], ...] | zeros

Nothing here is larger than `MAX_BYTES` of conversation, whichever way it goes.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence

import msgspec

MAGIC = b"Cc\x01"  # the last byte is the version
HEADER = struct.Struct(">3sII")
ROLES = frozenset({"system", "user", "assistant"})
MAX_BYTES = 1_000_000
MAX_NUMBERS = (MAX_BYTES + MAX_BYTES // 100) // 3  # incompressible text grows a little

Pair = tuple[str, str]

_decode_pairs = msgspec.json.Decoder(list[Pair]).decode
_encode = msgspec.json.Encoder().encode


def encode_context(messages: Sequence[Mapping[str, str]]) -> list[int]:
    """Pack a conversation; the oldest turns of one that is too long are left out."""
    pairs = [(message["role"], message["content"]) for message in messages]
    text = _encode(pairs)
    if len(text) > MAX_BYTES:
        text = _encode(_newest(pairs))
    packed = zlib.compress(text)
    return _to_numbers(HEADER.pack(MAGIC, zlib.crc32(packed), len(packed)) + packed)


def decode_context(numbers: Sequence[int]) -> list[dict[str, str]] | None:
    """Unpack a conversation; None for one that is not ours, or damaged."""
    data = _to_bytes(numbers) if len(numbers) <= MAX_NUMBERS else b""
    if len(data) < HEADER.size:
        return None
    magic, checksum, length = HEADER.unpack_from(data)
    packed = data[HEADER.size : HEADER.size + length]
    if magic != MAGIC or zlib.crc32(packed) != checksum:
        return None
    return _to_messages(packed)


def _newest(pairs: Sequence[Pair]) -> list[Pair]:
    """As many of the last turns as fit beside the system text."""
    system = [pair for pair in pairs[:1] if pair[0] == "system"]
    room = MAX_BYTES - len(_encode(system))
    if room < 0:
        system, room = [], MAX_BYTES
    turns = pairs[len(system) :]
    first = len(turns)
    while first and (room := room - len(_encode(turns[first - 1])) - 1) > 0:
        first -= 1
    while first < len(turns) and turns[first][0] != "user":
        first += 1  # an answer without its question says nothing
    return [*system, *turns[first:]]


def _to_messages(packed: bytes) -> list[dict[str, str]] | None:
    inflater = zlib.decompressobj()
    try:  # what is cut at the bound is no JSON any more
        pairs = _decode_pairs(inflater.decompress(packed, MAX_BYTES))
    except (zlib.error, msgspec.DecodeError, UnicodeDecodeError):
        return None
    if not all(role in ROLES for role, _ in pairs):
        return None
    return [{"role": role, "content": text} for role, text in pairs]


def _to_numbers(data: bytes) -> list[int]:
    data += bytes(-len(data) % 3)
    count = len(data) // 3
    wide = bytearray(4 * count)
    for place in range(3):
        wide[place::4] = data[place::3]
    return list(struct.unpack(f"<{count}I", wide))


def _to_bytes(numbers: Sequence[int]) -> bytes:
    """The bytes of numbers below 2**24, else none."""
    try:
        wide = struct.pack(f"<{len(numbers)}I", *numbers)
    except struct.error:
        return b""
    if any(wide[3::4]):
        return b""
    data = bytearray(3 * len(numbers))
    for place in range(3):
        data[place::3] = wide[place::4]
    return bytes(data)
