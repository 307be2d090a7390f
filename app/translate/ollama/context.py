"""The `context` of `/api/generate`: a conversation's text as a list of numbers.

Each number holds three bytes, so it fits the int32 that clients expect of token ids:

    magic and version (3) | crc32 (4) | length (4) | zlib of [[role, text], ...] | zeros

Encoding and decoding take at most `MAX_BYTES` of conversation.
"""

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
    """Return a conversation as numbers, without its oldest messages if it is long."""
    pairs = [(message["role"], message["content"]) for message in messages]
    text = _encode(pairs)
    if len(text) > MAX_BYTES:
        text = _encode(_newest(pairs))
    packed = zlib.compress(text)
    return _to_numbers(HEADER.pack(MAGIC, zlib.crc32(packed), len(packed)) + packed)


def decode_context(numbers: Sequence[int]) -> list[dict[str, str]] | None:
    """Return the conversation, None if `encode_context` did not make the numbers."""
    data = _to_bytes(numbers) if len(numbers) <= MAX_NUMBERS else b""
    if len(data) < HEADER.size:
        return None
    magic, checksum, length = HEADER.unpack_from(data)
    packed = data[HEADER.size : HEADER.size + length]
    if magic != MAGIC or zlib.crc32(packed) != checksum:
        return None
    return _to_messages(packed)


def _newest(pairs: Sequence[Pair]) -> list[Pair]:
    """Return the system text and as many of the last messages as fit beside it."""
    system = [pair for pair in pairs[:1] if pair[0] == "system"]
    room = MAX_BYTES - len(_encode(system))
    if room < 0:
        system, room = [], MAX_BYTES
    messages = pairs[len(system) :]
    first = len(messages)
    while first and (room := room - len(_encode(messages[first - 1])) - 1) > 0:
        first -= 1
    while first < len(messages) and messages[first][0] != "user":
        first += 1  # an answer is of no use without its question
    return [*system, *messages[first:]]


def _to_messages(packed: bytes) -> list[dict[str, str]] | None:
    inflater = zlib.decompressobj()
    try:  # a text longer than MAX_BYTES is cut off, so it is not valid JSON
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
    """Return the numbers' bytes; none if a number has more than 24 bits."""
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
