"""The arguments of a call that a client hands back, an object as JSON."""

from __future__ import annotations

import msgspec

from app.errors import InvalidRequest

BAD_ARGUMENTS = "invalid tool call arguments"


def arguments_text(text: str) -> str:
    """The text, spelt as the client spelt it."""
    try:
        arguments = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        raise InvalidRequest(BAD_ARGUMENTS) from None
    if arguments is None:
        return "{}"
    if not isinstance(arguments, dict):
        raise InvalidRequest(BAD_ARGUMENTS)
    return text
