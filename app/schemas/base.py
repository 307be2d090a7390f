"""Base classes of the request schemas, which read JSON as Ollama's decoder does.

A schema has flat fields whose check functions walk lists and objects: 20 us for an
agent's body of 20 messages and 5 tools. Nested schemas took 452 us.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NoReturn

from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load

from app.errors import InvalidRequest
from app.schemas.checks import Check
from app.wire.json_codec import JSON_KINDS

SCHEMA_ERRORS = "_schema"  # marshmallow's key for errors that belong to no field


class BodySchema(Schema):
    """The schema of a request body; its `load` raises `InvalidRequest`.

    `go_name` is the struct of Ollama's source that error texts name; `missing_body` is
    Ollama's error text for an empty body.
    """

    go_name: ClassVar[str]
    missing_body: ClassVar[str] = "missing request body"

    class Meta(Schema.Meta):
        unknown = EXCLUDE

    @pre_load
    def read_object(self, body: Any, **_: Any) -> dict[str, Any]:
        """Return `body` with folded keys; `null` becomes an empty object."""
        if body is None:
            return {}
        if not isinstance(body, dict):
            raise ValidationError(
                f"json: cannot unmarshal {JSON_KINDS[type(body)]} "
                f"into Go value of type api.{self.go_name}"
            )
        return fold_keys(body)

    def handle_error(self, error: ValidationError, data: Any, **_: Any) -> NoReturn:
        """Raise `InvalidRequest` with the text of the first bad field's error.

        Ollama stops at the first error; marshmallow collects the errors of all fields.
        """
        errors = error.messages_dict
        names = (SCHEMA_ERRORS, *self.fields)
        raise InvalidRequest(next(errors[name][0] for name in names if name in errors))


class BodyField(fields.Field[Any]):
    """A field whose value is converted, or refused, by a check function."""

    def __init__(self, check: Check, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.check = check

    def _deserialize(self, value: Any, attr: str | None, *_: Any, **__: Any) -> Any:
        schema = self.parent
        assert isinstance(schema, BodySchema)
        return self.check(value, f"{schema.go_name}.{attr}")


def required_field(check: Check, missing: str) -> BodyField:
    """Return a field that must be present; `missing` is the error text if it is not."""
    return BodyField(check, required=True, error_messages={"required": missing})


def fold_keys(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return `body` with lower-case keys and without nulls.

    Go's decoder matches keys in any case and treats null as absent.
    """
    return {key.lower(): value for key, value in body.items() if value is not None}
