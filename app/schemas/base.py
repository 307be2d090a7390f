"""The base of all request schemas: reads a JSON object the way Ollama's decoder does.

A schema has flat fields. Nested marshmallow schemas took 452 us for an agent's request
with 20 messages and 5 tools, check functions that walk the same lists take 20 us.

A check function returns a decoded JSON value, converted if need be, or raises
`ValidationError` with the text of Go's decoder; its `path` is the place that the text
names, such as `ChatRequest.messages.content`.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NoReturn

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from app.errors import InvalidRequest
from app.wire.json_codec import JSON_KINDS

Check = Callable[[Any, str], Any]  # (value, path) -> value

MAX_TOP_LOGPROBS = 20


def mismatch(value: Any, path: str, go_type: str) -> ValidationError:
    """Return Go's error for a value of the wrong JSON type."""
    kind = JSON_KINDS[type(value)]
    if go_type == "int" and isinstance(value, float):
        kind = f"number {value}"
    return ValidationError(
        f"json: cannot unmarshal {kind} into Go struct field {path} of type {go_type}"
    )


def accept(value: Any, path: str) -> Any:
    """Return the value; the translator checks it."""
    return value


def check_string(value: Any, path: str) -> str:
    if type(value) is not str:
        raise mismatch(value, path, "string")
    return value


def check_bool(value: Any, path: str) -> bool:
    if type(value) is not bool:
        raise mismatch(value, path, "bool")
    return value


def check_int(value: Any, path: str) -> int:
    """Accept whole numbers written as floats too: Home Assistant sends them."""
    if type(value) is float and value.is_integer():
        return int(value)
    if type(value) is not int:
        raise mismatch(value, path, "int")
    return value


def check_number(value: Any, path: str) -> float:
    if type(value) is not float and type(value) is not int:
        raise mismatch(value, path, "float64")
    return value


def check_map(value: Any, path: str) -> dict[str, Any]:
    if type(value) is not dict:
        raise mismatch(value, path, "map[string]interface {}")
    return value


def array_of(check: Check, go_type: str) -> Check:
    """Return a check of arrays whose items pass `check`; `go_type` names the array."""

    def check_array(value: Any, path: str) -> list[Any]:
        if type(value) is not list:
            raise mismatch(value, path, go_type)
        return [check(item, path) for item in value]

    return check_array


def struct_of(
    fields: Mapping[str, Check], make_defaults: Callable[[], dict[str, Any]] = dict
) -> Check:
    """Return a check of objects that keeps only the keys in `fields`, each checked.

    As in Go, keys match in any case, and null is an empty object or an absent key.
    `make_defaults` returns the values of absent keys, new ones for each object.
    """

    def check_struct(value: Any, path: str) -> dict[str, Any]:
        checked = make_defaults()
        if value is None:
            return checked
        if type(value) is not dict:
            raise mismatch(value, path, "api.Alias")
        for key, item in value.items():
            name = key.lower()
            if item is not None and name in fields:
                checked[name] = fields[name](item, f"{path}.{name}")
        return checked

    return check_struct


def check_role(value: Any, path: str) -> str:
    return check_string(value, path).lower()


def check_top_logprobs(value: Any, path: str) -> int:
    count = check_int(value, path)
    if not 0 <= count <= MAX_TOP_LOGPROBS:
        raise ValidationError(f"top_logprobs must be between 0 and {MAX_TOP_LOGPROBS}")
    return count


def check_embed_input(value: Any, path: str) -> str | list[str]:
    """Accept one text or a list of texts."""
    texts = value if type(value) is list else [value]
    if not all(type(text) is str for text in texts):
        raise ValidationError("invalid input type")
    return value  # type: ignore[no-any-return]  # str or list[str], as checked above


def check_properties(value: Any, path: str) -> dict[str, Any]:
    for item in check_map(value, path).values():
        if type(item) is not dict and item is not None:
            _, _, field = path.partition(".")
            raise mismatch(item, f"ToolFunctionParameters.{field}", "api.ToolProperty")
    return value  # type: ignore[no-any-return]  # a dict, as checked above


def check_parameters(value: Any, path: str) -> dict[str, Any]:
    """Check the JSON schema of a tool; all of it reaches the model, known or not."""
    if type(value) is not dict:
        raise mismatch(value, path, "api.ToolFunctionParameters")
    for key, check in PARAMETERS.items():
        if value.get(key) is not None:
            check(value[key], f"{path}.{key}")
    return value


PARAMETERS: Mapping[str, Check] = {
    "type": check_string,
    "properties": check_properties,
}
FUNCTION: Mapping[str, Check] = {
    "name": check_string,
    "description": check_string,
    "parameters": check_parameters,
}


class BodySchema(Schema):
    """The schema of a request body; its `load` raises `InvalidRequest`.

    `go_name` is the struct of Ollama's source that error texts name; `missing_body` is
    Ollama's error text for an empty body.
    """

    go_name: ClassVar[str]
    missing_body: ClassVar[str] = "missing request body"

    class Meta(Schema.Meta):
        unknown = EXCLUDE

    def load(self, data: Any, **options: Any) -> dict[str, Any]:
        """Return the validated fields of a decoded body; `null` is an empty object."""
        if data is None:
            data = {}
        elif not isinstance(data, dict):
            raise InvalidRequest(
                f"json: cannot unmarshal {JSON_KINDS[type(data)]} "
                f"into Go value of type api.{self.go_name}"
            )
        loaded: dict[str, Any] = super().load(fold_keys(data), **options)
        return loaded

    def handle_error(self, error: ValidationError, data: Any, **_: Any) -> NoReturn:
        """Raise `InvalidRequest` with the text of the first bad field's error.

        Ollama stops at the first error; marshmallow collects the errors of all fields.
        """
        errors = error.messages_dict
        name = next(name for name in self.fields if name in errors)
        raise InvalidRequest(errors[name][0])


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
