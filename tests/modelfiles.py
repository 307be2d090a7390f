"""Read Modelfiles as Ollama's CLI does, and make the create request of one.

Ollama's parser drops unprintable characters. This reader keeps them, so use it for
printable text only.
"""

from collections.abc import Callable, Iterator
from typing import Any

from app.errors import InvalidRequest
from app.translate.ollama.request import options_to_upstream

BLANKS, LINE_ENDS = " \t", "\r\n"
TEXT_COMMANDS = ("from", "template", "system", "renderer", "parser", "requires")
COMMANDS = (*TEXT_COMMANDS, "license", "adapter", "draft", "parameter", "message")
ROLES = ("system", "user", "assistant")
BOOLEANS = {"true": True, "false": False}


def parse_modelfile(text: str) -> dict[str, Any]:
    """Return the body that the CLI sends to `/api/create` for a Modelfile."""
    body: dict[str, Any] = {}
    for command, name, value in read_commands(text):
        if command in TEXT_COMMANDS:
            body[command] = value
        elif command == "license":
            body.setdefault("license", []).append(value)
        elif command == "message":
            message = {"role": name, "content": value}
            body.setdefault("messages", []).append(message)
        elif command == "parameter":
            add_parameter(body.setdefault("parameters", {}), name, value)
    return body


def add_parameter(parameters: dict[str, Any], name: str, text: str) -> None:
    """Set a parameter to its typed value; a further `stop` is appended to the list."""
    for convert in (int, float, BOOLEANS.__getitem__, lambda text: [text]):
        try:
            value: Any = convert(text)
            options_to_upstream({name: value})
        except (ValueError, KeyError, InvalidRequest):
            continue
        break
    else:
        value = text
    if isinstance(value, list):
        value = [*parameters.get(name, ()), *value]
    parameters[name] = value


def read_commands(text: str) -> list[tuple[str, str, str]]:
    """Return the command, the name after it (or "") and the value of each line.

    Raise ValueError if Ollama would reject the Modelfile.
    """
    commands = list(iterate_commands(text))
    if not any(command == "from" for command, _, _ in commands):
        raise ValueError("no FROM")
    return commands


def iterate_commands(text: str) -> Iterator[tuple[str, str, str]]:
    at = skip(text, 0)
    while at < len(text):
        word, at = take_word(text, at, str.isalpha)
        command, name = word.lower(), ""
        if command not in COMMANDS:
            raise ValueError(f"unknown command {command}")
        if command == "parameter":
            name, at = take_word(text, at, lambda c: c.isalnum() or c == "_")
        elif command == "message":
            name, at = take_word(text, at, str.isalpha)
            if name not in ROLES:
                raise ValueError(f"unknown role {name}")
        value, at = take_value(text, at)
        yield command, name, value
        at = skip(text, at)


def skip(text: str, at: int) -> int:
    """Return the position after blanks, line ends and comments."""
    while at < len(text) and text[at] in BLANKS + LINE_ENDS + "#":
        if text[at] == "#":
            while at < len(text) and text[at] not in LINE_ENDS:
                at += 1
        else:
            at += 1
    return at


def take_word(text: str, at: int, is_part: Callable[[str], bool]) -> tuple[str, int]:
    """Return the word at a position and the position after the blank behind it."""
    start = at
    while at < len(text) and text[at] not in BLANKS:
        if not (text[at].isascii() and is_part(text[at])):
            raise ValueError(f"bad character after {text[start:at]!r}")
        at += 1
    if at in (start, len(text)):
        raise ValueError("a word is missing or ends the file")
    return text[start:at], at + 1


def take_value(text: str, at: int) -> tuple[str, int]:
    """Return the value up to the first line end outside quotes, and its end."""
    start = at
    while True:
        if at == len(text) or text[at] in LINE_ENDS:
            value = unquote(text[start:at].strip())
            if value is not None:
                return value, at + 1
            if at == len(text):
                raise ValueError("an open quote")
        at += 1


def unquote(value: str) -> str | None:
    """Return the value without its quotes, None if they are open."""
    for quote in ('"""', '"'):
        if value.startswith(quote):
            is_closed = len(value) >= 2 * len(quote) and value.endswith(quote)
            return value[len(quote) : -len(quote)] if is_closed else None
    return value
