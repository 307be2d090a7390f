"""Exact replies of the endpoints that create, copy and delete models, and of blobs."""

import pytest

from tests.apps import MakeClient
from tests.conformance.client import BARE_JSON, GPT, QWEN, Case, Send, send_to_app

DIGEST = "sha256:" + "0" * 64
EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

CASES = {
    "create, no body": Case(
        "POST /api/create", status=400, error="missing request body"
    ),
    "create, from nothing": Case(
        "POST /api/create",
        {"model": "x"},
        400,
        content_type=BARE_JSON,
        error="neither 'from' or 'files' was specified",
    ),
    "create, no name": Case(
        "POST /api/create", {"from": GPT}, 400, error="invalid model name"
    ),
    "create": Case(
        "POST /api/create",
        {"model": "x", "from": GPT, "stream": False},
        content_type=BARE_JSON,
        text='{"status":"success"}',
    ),
    "copy, no body": Case("POST /api/copy", status=400, error="missing request body"),
    "copy, unknown": Case(
        "POST /api/copy",
        {"source": "zz", "destination": "y"},
        404,
        error='model "zz" not found',
    ),
    "copy, no source": Case("POST /api/copy", {}, 400, error='source "" is invalid'),
    "copy, no destination": Case(
        "POST /api/copy", {"source": GPT}, 400, error='destination "" is invalid'
    ),
    "copy, illegal source": Case(
        "POST /api/copy",
        {"source": " a", "destination": "y"},
        400,
        error='source " a" is invalid',
    ),
    "copy, illegal destination": Case(
        "POST /api/copy",
        {"source": GPT, "destination": "a/b/c/d"},
        400,
        error='destination "a/b/c/d" is invalid',
    ),
    "copy, onto a served model": Case(
        "POST /api/copy",
        {"source": GPT, "destination": QWEN},
        400,
        error=f'"{QWEN}:latest" is served by Cerebras and cannot be overwritten',
    ),
    "delete, no body": Case(
        "DELETE /api/delete", status=400, error="missing request body"
    ),
    "delete, unknown": Case(
        "DELETE /api/delete", {"model": "zz"}, 404, error="model 'zz' not found"
    ),
    "delete, nothing": Case("DELETE /api/delete", {}, 400, error="model is required"),
    "delete, illegal name": Case(
        "DELETE /api/delete", {"model": "a b"}, 400, error='name "a b" is invalid'
    ),
    "delete, served": Case(
        "DELETE /api/delete",
        {"model": GPT},
        400,
        error=f'"{GPT}:latest" is served by Cerebras and cannot be deleted',
    ),
    "blob, mismatch": Case(
        f"POST /api/blobs/{DIGEST}",
        b"",
        400,
        error=f'digest mismatch, expected "{DIGEST}", got "{EMPTY}"',
    ),
}


@pytest.fixture
def send(make_client: MakeClient) -> Send:
    """Send to an app with a store of its own."""
    return send_to_app(make_client())


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_response_is_exact(send: Send, case: Case) -> None:
    case.check(send)
