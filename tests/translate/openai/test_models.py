"""Models in OpenAI's shapes."""

from __future__ import annotations

from app.translate.openai.models import Entry, listing, single

ENTRY = Entry("gpt-oss-120b:latest", 1_754_352_000, "library")
SHAPE = {
    "id": "gpt-oss-120b:latest",
    "object": "model",
    "created": 1_754_352_000,
    "owned_by": "library",
}


def test_one_model_stands_alone() -> None:
    assert single(ENTRY) == SHAPE


def test_models_are_listed_in_their_order() -> None:
    other = ENTRY._replace(id="b")

    assert listing([ENTRY, other]) == {
        "object": "list",
        "data": [SHAPE, SHAPE | {"id": "b"}],
    }


def test_no_models_are_an_empty_list() -> None:
    assert listing([]) == {"object": "list", "data": []}
