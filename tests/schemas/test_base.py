"""What all request schemas share: keys, nulls, required fields and the first error."""

from typing import Any

import pytest

from app.errors import InvalidRequest
from app.schemas.base import (
    BodyField,
    BodySchema,
    check_int,
    check_string,
    required_field,
)


class NoteSchema(BodySchema):
    go_name = "NoteRequest"

    name = BodyField(check_string)
    count = BodyField(check_int)


class TitledNoteSchema(NoteSchema):
    title = required_field(check_string, "title is required")


NOTE = NoteSchema()
TITLED_NOTE = TitledNoteSchema()


@pytest.mark.parametrize("key", ["name", "NAME", "Name", "nAmE"])
def test_keys_match_in_any_case(key: str) -> None:
    assert NOTE.load({key: "a"}) == {"name": "a"}


def test_last_spelling_of_a_key_wins() -> None:
    assert NOTE.load({"name": "a", "NAME": "b"}) == {"name": "b"}
    assert NOTE.load({"NAME": "b", "name": "a"}) == {"name": "a"}


def test_null_counts_as_absent() -> None:
    assert NOTE.load({"name": None, "count": 1}) == {"count": 1}
    assert NOTE.load({"name": "a", "NAME": None}) == {"name": "a"}
    assert NOTE.load(None) == {}


def test_unknown_keys_are_dropped() -> None:
    assert NOTE.load({"other": [1], "name": "a"}) == {"name": "a"}


def test_refusal_has_the_error_of_the_first_field_only() -> None:
    with pytest.raises(InvalidRequest) as caught:
        TITLED_NOTE.load({"count": "x", "name": 1})

    place = "Go struct field NoteRequest.name of type string"
    assert caught.value.message == f"json: cannot unmarshal number into {place}"


@pytest.mark.parametrize("body", [None, {}, {"title": None}, {"name": "a"}])
def test_missing_required_field_is_refused(body: Any) -> None:
    with pytest.raises(InvalidRequest, match=r"^title is required$"):
        TITLED_NOTE.load(body)
