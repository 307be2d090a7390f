"""A Modelfile read letter by letter, as Ollama's own parser does.

Only text that can be printed is meant: of all else that parser leaves out the letters,
so that no way of writing brings them back.
"""

from __future__ import annotations

from collections.abc import Callable

BLANKS, LINE_ENDS = " \t", "\r\n"
COMMANDS = (
    *("from", "license", "template", "system", "adapter", "draft", "renderer"),
    *("parser", "parameter", "message", "requires"),
)
ROLES = ("system", "user", "assistant")


class Refused(Exception):
    """What is no Modelfile."""


def read(text: str) -> list[tuple[str, str, str]]:
    """Each command with the name that follows it, if it has one, and its value."""
    read: list[tuple[str, str, str]] = []
    at = skip(text, 0)
    while at < len(text):
        word, at = take_word(text, at, str.isalpha)
        word, name = word.lower(), ""
        if word not in COMMANDS:
            raise Refused(word)
        if word == "parameter":
            name, at = take_word(text, at, lambda c: c.isalnum() or c == "_")
        elif word == "message":
            name, at = take_word(text, at, str.isalpha)
            if name not in ROLES:
                raise Refused(name)
        value, at = take_value(text, at)
        read.append((word, name, value))
        at = skip(text, at)
    if not any(word == "from" for word, _, _ in read):
        raise Refused("no FROM")
    return read


def skip(text: str, at: int) -> int:
    """Past blanks, line ends and comments."""
    while at < len(text) and text[at] in BLANKS + LINE_ENDS + "#":
        if text[at] == "#":
            while at < len(text) and text[at] not in LINE_ENDS:
                at += 1
        else:
            at += 1
    return at


def take_word(text: str, at: int, fits: Callable[[str], bool]) -> tuple[str, int]:
    """Up to the one blank that ends it."""
    start = at
    while at < len(text) and text[at] not in BLANKS:
        if not (text[at].isascii() and fits(text[at])):
            raise Refused(text[start : at + 1])
        at += 1
    if at == len(text) or at == start:
        raise Refused(text[start:])
    return text[start:at], at + 1


def take_value(text: str, at: int) -> tuple[str, int]:
    """Up to the first line end, or end, at which no quote is open."""
    start = at
    while True:
        if at == len(text) or text[at] in LINE_ENDS:
            value = unquoted(text[start:at].strip())
            if value is not None:
                return value, at + 1
            if at == len(text):
                raise Refused("an open quote")
        at += 1


def unquoted(value: str) -> str | None:
    for quote in ('"""', '"'):
        if value.startswith(quote):
            whole = len(value) >= 2 * len(quote) and value.endswith(quote)
            return value[len(quote) : -len(quote)] if whole else None
    return value
