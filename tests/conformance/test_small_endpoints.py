"""Exact replies of the small endpoints: root, pull, push, account, web tools."""

import pytest

from tests.conformance.client import BARE_JSON, GPT, NDJSON, Case, Send

NO_MANIFEST = "pull model manifest: file does not exist"
SIGNED_OUT = "you are not currently signed in"

CASES = {
    "root": Case(
        "GET /", content_type="text/plain; charset=utf-8", text="Ollama is running"
    ),
    "root, head": Case("HEAD /", content_type="text/plain; charset=utf-8", text=""),
    "pull, nothing": Case("POST /api/pull", {}, 400, error="invalid model name"),
    "pull, blank": Case(
        "POST /api/pull", {"name": " "}, 400, error="invalid model name"
    ),
    "pull, illegal name": Case(
        "POST /api/pull", {"model": "a b"}, 400, error="invalid model name"
    ),
    "pull, two sources": Case(
        "POST /api/pull",
        {"model": "a:cloud:local"},
        400,
        error='use either :local or :cloud, not both: "a:cloud:local"',
    ),
    "pull, unknown": Case(
        "POST /api/pull",
        {"model": "zz"},
        content_type=NDJSON,
        text='{"status":"pulling manifest"}\n{"error":"' + NO_MANIFEST + '"}\n',
    ),
    "pull, unknown, whole": Case(
        "POST /api/pull",
        {"model": "zz", "stream": False},
        500,
        BARE_JSON,
        error=NO_MANIFEST,
    ),
    "pull, whole": Case(
        "POST /api/pull",
        {"model": GPT, "stream": False},
        content_type=BARE_JSON,
        text='{"status":"success"}',
    ),
    "push, nothing": Case("POST /api/push", {}, 400, error="model is required"),
    "push, blank": Case(
        "POST /api/push", {"name": " "}, 400, error="model is required"
    ),
    "push, unknown": Case(
        "POST /api/push",
        {"model": "zz"},
        content_type=NDJSON,
        text='{"status":"retrieving manifest"}\n'
        '{"status":"couldn\'t retrieve manifest"}\n'
        '{"error":"model \'zz\' not found"}\n',
    ),
    "push, unknown, whole": Case(
        "POST /api/push",
        {"model": "zz", "stream": False},
        500,
        BARE_JSON,
        error="model 'zz' not found",
    ),
    "status": Case(
        "GET /api/status", text='{"cloud":{"disabled":false,"source":"none"}}'
    ),
    "me": Case(
        "POST /api/me",
        text='{"id":"00000000-0000-0000-0000-000000000000","email":"",'
        '"name":"cerellama","plan":"free"}',
    ),
    "sign out": Case("POST /api/signout", status=401, error=SIGNED_OUT),
    "delete a key": Case("DELETE /api/user/keys/c3No", status=401, error=SIGNED_OUT),
    "web, no body": Case(
        "POST /api/experimental/web_search", status=400, error="missing request body"
    ),
    "web search": Case(
        "POST /api/experimental/web_search",
        {"query": "llama", "max_results": 2},
        501,
        error="web search is a service of ollama.com: Cerellama does not have it",
    ),
    "web fetch": Case(
        "POST /api/experimental/web_fetch",
        {"url": "https://example.com"},
        501,
        error="web fetch is a service of ollama.com: Cerellama does not have it",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_response_is_exact(send: Send, case: Case) -> None:
    case.check(send)
