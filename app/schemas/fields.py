"""Fields that check as Go's decoder does, with its texts; no field is a whole request.

A value is checked where it stands; nested schemas would cost a millisecond on an
agent's body, plain checks cost a twentieth of that.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from app.errors import InvalidRequest
from app.wire import duration
from app.wire.base64 import check_base64

Check = Callable[[Any, str], Any]  # (value, path) -> value; raises ValidationError

JSON_KINDS = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "bool",
    int: "number",
    float: "number",
    type(None): "null",
}

FOREVER = -1


class Request(Schema):
    """A request body; its fields' texts name `go_name`, Ollama's own struct."""

    go_name: ClassVar[str]
    missing_body: ClassVar[str] = "missing request body"

    class Meta:
        unknown = EXCLUDE

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        checked: Mapping[str, Any] = self.fields  # each is a Checked
        self._checks = {
            name: (field.check, f"{self.go_name}.{name}", field.required)
            for name, field in checked.items()
        }

    def valid(self, value: Mapping[str, Any]) -> dict[str, Any] | None:
        """What `load` would give, at a tenth of its price; None if it would refuse."""
        checked = {}
        try:
            for name, (check, path, required) in self._checks.items():
                if name in value:
                    checked[name] = check(value[name], path)
                elif required:
                    return None
        except ValidationError:
            return None
        return checked


def load(schema: Request, value: Any) -> dict[str, Any]:
    """Check a decoded body: keys in any case, null as absent, unknown keys dropped."""
    value = {} if value is None else value
    if not isinstance(value, dict):
        kind = JSON_KINDS[type(value)]
        raise InvalidRequest(
            f"json: cannot unmarshal {kind} into Go value of type api.{schema.go_name}"
        )
    folded = fold(value, schema.fields)
    return schema.valid(folded) or _explained(schema, folded)


def _explained(schema: Request, value: Mapping[str, Any]) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema.load(value)
    except ValidationError as error:
        raise InvalidRequest(_first_text(error.messages)) from None
    return loaded


def fold(value: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Go matches keys in any case; null is as good as absent."""
    return {
        key if key in known else key.lower(): item
        for key, item in value.items()
        if item is not None
    }


def _first_text(messages: Any) -> str:
    while not isinstance(messages, str):
        values = messages.values() if isinstance(messages, dict) else messages
        messages = next(iter(values))
    return messages


def mismatch(value: Any, path: str, go_type: str) -> ValidationError:
    kind = JSON_KINDS[type(value)]
    if go_type == "int" and isinstance(value, float):
        kind = f"number {value}"
    return ValidationError(
        f"json: cannot unmarshal {kind} into Go struct field {path} of type {go_type}"
    )


def text(value: Any, path: str) -> str:
    if type(value) is not str:
        raise mismatch(value, path, "string")
    return value


def flag(value: Any, path: str) -> bool:
    if type(value) is not bool:
        raise mismatch(value, path, "bool")
    return value


def integer(value: Any, path: str) -> int:
    """An int; also one that was written as a float, as Home Assistant does."""
    if type(value) is float and value.is_integer():
        return int(value)
    if type(value) is not int:
        raise mismatch(value, path, "int")
    return value


def number(value: Any, path: str) -> float:
    if type(value) is not float and type(value) is not int:
        raise mismatch(value, path, "float64")
    return value


def integers(value: Any, path: str) -> list[int]:
    if type(value) is not list:
        raise mismatch(value, path, "[]int")
    return [0 if item is None else integer(item, path) for item in value]


def mapping(value: Any, path: str) -> dict[str, Any]:
    if type(value) is not dict:
        raise mismatch(value, path, "map[string]interface {}")
    return value


def anything(value: Any, path: str) -> Any:
    return value


def base64_text(value: Any, path: str) -> str:
    """Return base64 text without line breaks; Go also takes an array of byte values."""
    if value is None:
        return ""
    if type(value) is list:
        return _encode_byte_values(value, path)
    try:
        return check_base64(text(value, path))
    except ValueError as error:
        raise ValidationError(str(error)) from None


def _encode_byte_values(value: list[Any], path: str) -> str:
    try:
        return base64.b64encode(bytes(value)).decode()
    except (TypeError, ValueError):
        raise mismatch(value, path, "uint8") from None


def images(value: Any, path: str) -> list[str]:
    if type(value) is not list:
        raise mismatch(value, path, "[]api.ImageData")
    return [base64_text(item, path) for item in value]


def keep_alive(value: Any, path: str) -> int:
    """Nanoseconds; negative is forever."""
    if type(value) is int or type(value) is float:
        return _from_seconds(value) if value >= 0 else FOREVER
    if type(value) is not str:
        raise ValidationError(f"Unsupported type: '{GO_KINDS[type(value)]}'")
    try:
        return max(duration.parse(value), FOREVER)
    except ValueError as error:
        raise ValidationError(str(error)) from None


def _from_seconds(value: float) -> int:
    return min(int(min(value, duration.LONGEST) * 1e9), duration.LONGEST)


GO_KINDS = {bool: "bool", list: "[]interface {}", dict: "map[string]interface {}"}


class Checked(fields.Field[Any]):
    """A field that is one plain check; the path in its texts is Go's."""

    def __init__(self, check: Check) -> None:
        super().__init__()
        self.check = check

    def _deserialize(self, value: Any, attr: str | None, *_: Any, **__: Any) -> Any:
        schema = self.parent
        assert isinstance(schema, Request)
        return self.check(value, f"{schema.go_name}.{attr}")
