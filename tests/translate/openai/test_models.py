"""Models in OpenAI's format."""

from __future__ import annotations

from app.translate.openai.models import Entry, listing, single

ENTRY = Entry("gpt-oss-120b:latest", 1_754_352_000, "library")
OBJECT = {
    "id": "gpt-oss-120b:latest",
    "object": "model",
    "created": 1_754_352_000,
    "owned_by": "library",
}


def test_single_model_is_one_object() -> None:
    assert single(ENTRY) == OBJECT


def test_list_keeps_the_order() -> None:
    other = ENTRY._replace(id="b")

    assert listing([ENTRY, other]) == {
        "object": "list",
        "data": [OBJECT, OBJECT | {"id": "b"}],
    }


def test_list_of_no_models_is_empty() -> None:
    assert listing([]) == {"object": "list", "data": []}
