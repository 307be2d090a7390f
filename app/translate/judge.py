"""Whether a value fits a client's JSON schema, at a bounded price.

Both come from outside: no schema may make us fetch, fail or hold up other streams. One
that cannot be judged by, or only at length, counts as met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable

from app.wire import json_codec

Check = Callable[[Any, Any, Any, Any], Iterator[Any] | None]

LONGEST_SCHEMA = 50_000  # bytes; to find it sound takes tenths of a second
MOST_CHECKS = 50_000  # of a keyword each; references alone can ask for 2 ** 1000

# What the library trips over in references and numbers that nobody means.
STUMBLES = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class TooLong(Exception):
    """More checks than `MOST_CHECKS` would have been needed."""


def fits(value: Any, schema: Any) -> bool:
    try:
        if len(json_codec.encode(schema)) > LONGEST_SCHEMA:
            return True
        Draft202012Validator.check_schema(schema)
        # An empty registry: no reference in a schema may make us fetch anything.
        judge = _counting(KEYWORDS)(_of_this_draft(schema), registry=Registry())
        return bool(judge.is_valid(value))
    except (SchemaError, Unresolvable, RecursionError, TooLong, *STUMBLES):
        return True


def _of_this_draft(schema: Any) -> Any:
    """Without `$schema`: the library would go on by the keywords of what it names."""
    if isinstance(schema, list):
        return [_of_this_draft(below) for below in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _of_this_draft(below)
        for key, below in schema.items()
        if key != "$schema" or isinstance(below, dict)
    }


def _counting(keywords: Mapping[str, Check]) -> Any:
    """A validator for one judgement."""
    left = iter(range(MOST_CHECKS))

    def counted(check: Check) -> Check:
        def checked(*args: Any) -> Iterator[Any] | None:
            if next(left, None) is None:
                raise TooLong
            return check(*args)

        return checked

    return validators.extend(  # type: ignore[no-untyped-call]  # the stub lacks types
        Draft202012Validator, {name: counted(keywords[name]) for name in keywords}
    )


def _unchecked(*_: Any) -> None:
    """Leave out a keyword that takes a regular expression, or squares of time."""


def _additional(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
    if "patternProperties" in schema:
        return None
    check = Draft202012Validator.VALIDATORS["additionalProperties"]
    return check(validator, value, instance, schema)


UNCHECKED = (
    "pattern",
    "patternProperties",
    "unevaluatedItems",
    "unevaluatedProperties",
    "uniqueItems",
)
KEYWORDS: Mapping[str, Check] = {
    **Draft202012Validator.VALIDATORS,
    **dict.fromkeys(UNCHECKED, _unchecked),
    "additionalProperties": _additional,
}
