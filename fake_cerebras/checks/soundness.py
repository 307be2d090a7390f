"""JSON schemas of tools and answers: are they schemas at all?"""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from fake_cerebras.errors import invalid


def check(schema: Any, param: str) -> None:
    """Raise `Refused` for what no validator can read; the text is a guess."""
    try:
        Draft202012Validator.check_schema(schema)
    except (SchemaError, RecursionError):
        raise invalid("Invalid JSON schema", param) from None
