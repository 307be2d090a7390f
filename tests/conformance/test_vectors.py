"""The regression list of the contract, as far as these endpoints go.

Bodies are exact but for times. Bad options and formats are 400 here, where Ollama
says 500: a deliberate difference.
"""

from __future__ import annotations

import pytest

from tests.conformance.asking import MODEL, Ask, J, N, P, T, Vector

CORS_HEADERS = {
    "access-control-allow-origin": "http://localhost:3000",
    "access-control-allow-methods": "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS",
    "access-control-max-age": "43200",
}
MESSAGES = [{"role": "user", "content": "x"}]
TOOLS = [{"type": "function", "function": {"name": "f"}}]
EVIL_PAGE = {"Origin": "https://evil.example"}
EVIL_HOST = {"Host": "evil.example"}

NO_MANIFEST = "pull model manifest: file does not exist"
SIGNED_OUT = "you are not currently signed in"

VECTORS = {
    "root": Vector("GET /", kind="text/plain; charset=utf-8", text="Ollama is running"),
    "root, head": Vector("HEAD /", kind="text/plain; charset=utf-8", text=""),
    "unknown path": Vector("GET /nope", status=404, kind=T, text="404 page not found"),
    "wrong method": Vector(
        "GET /api/chat", status=405, kind=T, text="405 method not allowed"
    ),
    "wrong method, version": Vector(
        "POST /api/version", status=405, kind=T, text="405 method not allowed"
    ),
    "chat, no body": Vector("POST /api/chat", status=400, error="missing request body"),
    "chat, cut short": Vector("POST /api/chat", b"{", 400, error="unexpected EOF"),
    "chat, nothing": Vector("POST /api/chat", {}, 400, error="model is required"),
    "generate, nothing": Vector(
        "POST /api/generate", {}, 404, error="model '' not found"
    ),
    "generate, unknown": Vector(
        "POST /api/generate", {"model": "zz"}, 404, error="model 'zz' not found"
    ),
    "show, unknown": Vector(
        "POST /api/show", {"model": "zz"}, 404, error="model 'zz:latest' not found"
    ),
    "chat, illegal name": Vector(
        "POST /api/chat", {"model": "a b"}, 400, error="invalid model name"
    ),
    "chat, top_logprobs": Vector(
        "POST /api/chat",
        {"model": MODEL, "top_logprobs": 21},
        400,
        error="top_logprobs must be between 0 and 20",
    ),
    "chat, think": Vector(
        "POST /api/chat",
        {"model": MODEL, "think": "ultra"},
        400,
        error='invalid think value: "ultra" '
        '(must be "high", "medium", "low", "max", true, or false)',
    ),
    "chat, load": Vector(
        "POST /api/chat",
        {"model": MODEL},
        text='{"model":"gpt-oss-120b","created_at":"…",'
        '"message":{"role":"assistant","content":""},'
        '"done":true,"done_reason":"load"}',
    ),
    "generate, unload": Vector(
        "POST /api/generate",
        {"model": MODEL, "keep_alive": 0},
        text='{"model":"gpt-oss-120b","created_at":"…","response":"",'
        '"done":true,"done_reason":"unload"}',
    ),
    "generate, option": Vector(
        "POST /api/generate",
        {"model": MODEL, "prompt": "x", "options": {"temperature": "hot"}},
        400,
        error='option "temperature" must be of type float32',
    ),
    "generate, raw": Vector(
        "POST /api/generate",
        {"model": MODEL, "prompt": "x", "raw": True, "system": "s"},
        400,
        error="raw mode does not support template, system, or context",
    ),
    "generate, keep_alive": Vector(
        "POST /api/generate",
        {"model": MODEL, "prompt": "x", "keep_alive": "5"},
        400,
        error='time: missing unit in duration "5"',
    ),
    "generate, format": Vector(
        "POST /api/generate",
        {"model": MODEL, "prompt": "x", "format": "xml"},
        400,
        error='invalid format: "\\"xml\\""; '
        'expected "json" or a valid JSON Schema object',
    ),
    "pull, nothing": Vector("POST /api/pull", {}, 400, error="invalid model name"),
    "pull, blank": Vector(
        "POST /api/pull", {"name": " "}, 400, error="invalid model name"
    ),
    "pull, illegal name": Vector(
        "POST /api/pull", {"model": "a b"}, 400, error="invalid model name"
    ),
    "pull, two sources": Vector(
        "POST /api/pull",
        {"model": "a:cloud:local"},
        400,
        error='use either :local or :cloud, not both: "a:cloud:local"',
    ),
    "pull, unknown": Vector(
        "POST /api/pull",
        {"model": "zz"},
        kind=N,
        text='{"status":"pulling manifest"}\n{"error":"' + NO_MANIFEST + '"}\n',
    ),
    "pull, unknown, whole": Vector(
        "POST /api/pull", {"model": "zz", "stream": False}, 500, P, error=NO_MANIFEST
    ),
    "pull, whole": Vector(
        "POST /api/pull",
        {"model": MODEL, "stream": False},
        kind=P,
        text='{"status":"success"}',
    ),
    "push, nothing": Vector("POST /api/push", {}, 400, error="model is required"),
    "push, blank": Vector(
        "POST /api/push", {"name": " "}, 400, error="model is required"
    ),
    "push, unknown": Vector(
        "POST /api/push",
        {"model": "zz"},
        kind=N,
        text='{"status":"retrieving manifest"}\n'
        '{"status":"couldn\'t retrieve manifest"}\n'
        '{"error":"model \'zz\' not found"}\n',
    ),
    "push, unknown, whole": Vector(
        "POST /api/push",
        {"model": "zz", "stream": False},
        500,
        P,
        error="model 'zz' not found",
    ),
    "status": Vector(
        "GET /api/status", text='{"cloud":{"disabled":false,"source":"none"}}'
    ),
    "me": Vector(
        "POST /api/me",
        text='{"id":"00000000-0000-0000-0000-000000000000","email":"",'
        '"name":"cerellama","plan":"free"}',
    ),
    "sign out": Vector("POST /api/signout", status=401, error=SIGNED_OUT),
    "delete a key": Vector("DELETE /api/user/keys/c3No", status=401, error=SIGNED_OUT),
    "web, no body": Vector(
        "POST /api/experimental/web_search", status=400, error="missing request body"
    ),
    "web search": Vector(
        "POST /api/experimental/web_search",
        {"query": "llama", "max_results": 2},
        501,
        error="web search is a service of ollama.com: Cerellama does not have it",
    ),
    "web fetch": Vector(
        "POST /api/experimental/web_fetch",
        {"url": "https://example.com"},
        501,
        error="web fetch is a service of ollama.com: Cerellama does not have it",
    ),
    "evil page": Vector("GET /", status=403, kind=None, text="", headers=EVIL_PAGE),
    "evil page, chat": Vector(
        "POST /api/chat", {}, 403, kind=None, text="", headers=EVIL_PAGE
    ),
    "evil page, openai": Vector(
        "POST /v1/chat/completions", {}, 403, kind=None, text="", headers=EVIL_PAGE
    ),
    "evil page, nowhere": Vector(
        "GET /nope", status=403, kind=None, text="", headers=EVIL_PAGE
    ),
    "evil host": Vector("GET /", status=403, kind=None, text="", headers=EVIL_HOST),
}

# Of a model that can only complete.
PLAIN_VECTORS = {
    "chat, thinking": Vector(
        "POST /api/chat",
        {"model": "m", "messages": MESSAGES, "think": True},
        400,
        error='"m" does not support thinking',
    ),
    "chat, tools": Vector(
        "POST /api/chat",
        {"model": "m", "messages": MESSAGES, "tools": TOOLS},
        400,
        error="registry.ollama.ai/library/m:latest does not support tools",
    ),
}


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_the_server_answers_to_the_letter(ask: Ask, vector: Vector) -> None:
    vector.check(ask)


@pytest.mark.parametrize("vector", PLAIN_VECTORS.values(), ids=PLAIN_VECTORS)
def test_a_plain_model_is_told_from_an_able_one(ask_plain: Ask, vector: Vector) -> None:
    vector.check(ask_plain)


def test_the_root_has_a_length_without_its_body(ask: Ask) -> None:
    assert ask("HEAD", "/").headers["content-length"] == "17"


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [("GET", "/api/chat", "POST"), ("POST", "/api/version", "HEAD, GET")],
)
def test_a_wrong_method_is_told_the_right_ones(
    ask: Ask, method: str, path: str, allow: str
) -> None:
    assert ask(method, path).headers["allow"] == allow


@pytest.mark.parametrize(
    "body", [{"name": MODEL}, {"model": "", "name": MODEL}], ids=["name", "both"]
)
def test_show_takes_the_old_name_of_the_model(ask: Ask, body: dict[str, str]) -> None:
    answer = ask("POST", "/api/show", body)

    assert (answer.status, answer.kind) == (200, J)
    assert isinstance(answer.json["model_info"], dict)


def test_a_preflight_is_answered_with_all_its_headers(ask: Ask) -> None:
    answer = ask("OPTIONS", "/api/chat", None, {"Origin": "http://localhost:3000"})

    assert (answer.status, answer.body, answer.kind) == (204, b"", None)
    assert CORS_HEADERS.items() <= answer.headers.items()
    assert "Openai-Beta" in answer.headers["access-control-allow-headers"]
