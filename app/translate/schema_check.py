"""Check a value against a JSON schema in bounded time.

The client sends the schema and the model writes the value, so neither can be trusted.
The check fetches no referenced document, raises nothing and ends soon: a schema that
is invalid, or too expensive to check, counts as satisfied.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable

from app.wire import json_codec

Check = Callable[[Any, Any, Any, Any], Iterator[Any] | None]

MAX_SCHEMA_BYTES = 50_000  # checking the schema itself then takes tenths of a second
MAX_CHECKS = 50_000  # of one keyword each; references can lead to 2 ** 1000 of them

# jsonschema raises these for malformed references and for huge numbers.
LIBRARY_ERRORS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class TooManyChecks(Exception):
    """The value needs more than `MAX_CHECKS` checks."""


def satisfies_schema(value: Any, schema: Any) -> bool:
    """Return whether `value` satisfies `schema`; true if it cannot be checked."""
    try:
        if len(json_codec.encode(schema)) > MAX_SCHEMA_BYTES:
            return True
        Draft202012Validator.check_schema(schema)
        # The registry is empty, so that no reference is fetched.
        validator = _counting_validator()(_without_drafts(schema), registry=Registry())
        return bool(validator.is_valid(value))
    except (SchemaError, Unresolvable, RecursionError, TooManyChecks, *LIBRARY_ERRORS):
        return True


def _without_drafts(schema: Any) -> Any:
    """Return the schema without `$schema`.

    With `$schema` the library would check by another draft, without counting.
    """
    if isinstance(schema, list):
        return [_without_drafts(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _without_drafts(value)
        for key, value in schema.items()
        if key != "$schema" or isinstance(value, dict)
    }


def _counting_validator() -> Any:
    """Return a validator class for one value, which raises TooManyChecks."""
    checks_left = iter(range(MAX_CHECKS))

    def counted(check: Check) -> Check:
        def counted_check(*args: Any) -> Iterator[Any] | None:
            if next(checks_left, None) is None:
                raise TooManyChecks
            return check(*args)

        return counted_check

    return validators.extend(  # type: ignore[no-untyped-call]  # the stub lacks types
        Draft202012Validator,
        {keyword: counted(check) for keyword, check in CHECKS.items()},
    )


def _skip(*_: Any) -> None:
    """Accept every value."""


def _check_additional_properties(
    validator: Any, value: Any, instance: Any, schema: Any
) -> Any:
    if "patternProperties" in schema:
        return None
    check = Draft202012Validator.VALIDATORS["additionalProperties"]
    return check(validator, value, instance, schema)


# Regular expressions can take exponential time; the others take quadratic time.
SKIPPED = (
    "pattern",
    "patternProperties",
    "unevaluatedItems",
    "unevaluatedProperties",
    "uniqueItems",
)
CHECKS: Mapping[str, Check] = {
    **Draft202012Validator.VALIDATORS,
    **dict.fromkeys(SKIPPED, _skip),
    "additionalProperties": _check_additional_properties,
}
