"""The regression list of the contract: making, copying and deleting models, blobs."""

from __future__ import annotations

import pytest

from tests.apps import MakeClient
from tests.conformance.asking import MODEL, Ask, P, Vector, within

DIGEST = "sha256:" + "0" * 64
EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

VECTORS = {
    "create, no body": Vector(
        "POST /api/create", status=400, error="missing request body"
    ),
    "create, from nothing": Vector(
        "POST /api/create",
        {"model": "x"},
        400,
        kind=P,
        error="neither 'from' or 'files' was specified",
    ),
    "create, no name": Vector(
        "POST /api/create", {"from": MODEL}, 400, error="invalid model name"
    ),
    "create": Vector(
        "POST /api/create",
        {"model": "x", "from": MODEL, "stream": False},
        kind=P,
        text='{"status":"success"}',
    ),
    "copy, no body": Vector("POST /api/copy", status=400, error="missing request body"),
    "copy, unknown": Vector(
        "POST /api/copy",
        {"source": "zz", "destination": "y"},
        404,
        error='model "zz" not found',
    ),
    "copy, no source": Vector("POST /api/copy", {}, 400, error='source "" is invalid'),
    "copy, no destination": Vector(
        "POST /api/copy", {"source": MODEL}, 400, error='destination "" is invalid'
    ),
    "copy": Vector(
        "POST /api/copy", {"source": MODEL, "destination": "y"}, kind=None, text=""
    ),
    "delete, no body": Vector(
        "DELETE /api/delete", status=400, error="missing request body"
    ),
    "delete, unknown": Vector(
        "DELETE /api/delete", {"model": "zz"}, 404, error="model 'zz' not found"
    ),
    "delete, nothing": Vector("DELETE /api/delete", {}, 400, error="model is required"),
    "delete, illegal name": Vector(
        "DELETE /api/delete", {"model": "a b"}, 400, error='name "a b" is invalid'
    ),
    "blob, unknown": Vector(
        f"HEAD /api/blobs/{DIGEST}", status=404, kind=None, text=""
    ),
    "blob": Vector(f"POST /api/blobs/{EMPTY}", b"", 201, kind=None, text=""),
    "blob, mismatch": Vector(
        f"POST /api/blobs/{DIGEST}",
        b"",
        400,
        error=f'digest mismatch, expected "{DIGEST}", got "{EMPTY}"',
    ),
}


@pytest.fixture
def ask(make_client: MakeClient) -> Ask:
    """An app of its own: what is made here is nobody else's."""
    return within(make_client())


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_the_server_answers_to_the_letter(ask: Ask, vector: Vector) -> None:
    vector.check(ask)


def test_no_blob_has_an_illegal_digest(ask: Ask) -> None:
    answer = ask("HEAD", "/api/blobs/xyz")

    assert (answer.status, answer.text) == (400, "")


def test_a_deletion_says_nothing(ask: Ask) -> None:
    ask("POST", "/api/copy", {"source": MODEL, "destination": "y"})

    Vector("DELETE /api/delete", {"model": "y"}, kind=None, text="").check(ask)
