"""A make-believe tokenizer: pieces of a text, and irregular runs of them."""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Iterator, Sequence

PIECE = re.compile(r" ?\w{1,6}|\s|[^\w\s]")
# Real streams carry 1 to 8 and more tokens an event.
RUN_LENGTHS = (1, 1, 1, 2, 2, 3, 4, 6, 8)


def split(text: str) -> list[str]:
    """Join them and the text is back."""
    return PIECE.findall(text)


def estimate(text: str) -> int:
    """Roughly how many, without looking: for prompts, which can be long."""
    return (len(text) + 3) // 4


def runs(tokens: Sequence[str]) -> Iterator[Sequence[str]]:
    """The tokens in runs of irregular length, the same for the same text."""
    lengths = random.Random(zlib.crc32("".join(tokens).encode()))
    start = 0
    while start < len(tokens):
        length = lengths.choice(RUN_LENGTHS)
        yield tokens[start : start + length]
        start += length
