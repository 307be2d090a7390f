"""Authentication, paths, models, and the headers of every response."""

import gzip
import json
from collections.abc import Mapping

import pytest

from tests.cerebras import Fake
from tests.fake_cerebras.client import (
    AGENT,
    CHAT,
    COMPLETIONS,
    GPT,
    HEADERS,
    KEY,
    QWEN,
    chat_body,
    get,
    post,
)

BANNED_AGENTS = [{**KEY, "user-agent": agent} for agent in ("Python-urllib/3.11", "")]
WRONG_KEYS = [
    {**AGENT, "authorization": key}
    for key in ("Bearer csk-other", "csk-simulated-not", "Bearer")
]


@pytest.mark.parametrize("path", [CHAT, COMPLETIONS])
@pytest.mark.parametrize(
    ("headers", "status", "body"),
    [
        (AGENT, 403, b'{"detail":"Not authenticated"}'),
        *((headers, 403, b"error code: 1010") for headers in BANNED_AGENTS),
        *((headers, 401, b'"code":"wrong_api_key"') for headers in WRONG_KEYS),
    ],
    ids=str,
)
def test_request_without_access_is_refused(
    fake: Fake, path: str, headers: Mapping[str, str], status: int, body: bytes
) -> None:
    response = post(fake, chat_body("hi"), path, headers=headers)

    assert response.status == status
    assert body in response.body


@pytest.mark.parametrize("path", ["/public/v1/models", "/v1/tcp_warming"])
def test_public_paths_need_no_key(fake: Fake, path: str) -> None:
    response = get(fake, path, headers=AGENT)

    assert response.status == 200
    assert isinstance(response.json, dict)


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/embeddings", "/models", "/v1/chat"])
def test_unknown_path_returns_404_without_body(fake: Fake, path: str) -> None:
    response = get(fake, path, headers=AGENT)

    assert (response.status, response.body) == (404, b"")
    assert response.headers["content-type"] == "text/plain"


def test_wrong_method_returns_405(fake: Fake) -> None:
    assert get(fake, CHAT).status == 405


def test_models_are_listed_and_shown(fake: Fake) -> None:
    models = [
        {"id": model, "object": "model", "created": 0, "owned_by": "Cerebras"}
        for model in (GPT, QWEN)
    ]

    assert get(fake, "/v1/models").json == {"object": "list", "data": models}
    assert get(fake, f"/v1/models/{QWEN}").json == models[1]
    for root in ("/v1", "/public/v1"):
        missing = get(fake, f"{root}/models/llama3.1-8b")
        assert (missing.status, missing.json["code"]) == (404, "model_not_found")


def test_public_list_has_capabilities_limits_and_prices(fake: Fake) -> None:
    entries = {each["id"]: each for each in get(fake, "/public/v1/models").json["data"]}

    for model, vision, modality in ((GPT, False, "text"), (QWEN, True, "text+vision")):
        entry = get(fake, f"/public/v1/models/{model}").json
        assert entry == entries[model]
        assert entry["capabilities"]["vision"] is vision
        assert entry["architecture"]["modality"] == modality
        assert entry["limits"]["max_context_length"] == 131072
        assert entry["pricing"]["prompt"].startswith("0.0000")


def test_response_has_id_and_rate_headers(fake: Fake) -> None:
    response = post(fake, chat_body("hi"))

    assert response.headers["inference-id"] == response.json["id"]
    assert response.headers["server"] == "cloudflare"
    assert response.headers["content-type"] == "application/json"
    assert response.headers["transfer-encoding"] == "chunked"
    for window in ("minute", "hour", "day"):
        for kind in ("requests", "tokens"):
            for value in ("limit", "remaining", "reset"):
                header = f"x-ratelimit-{value}-{kind}-{window}"
                assert float(response.headers[header]) > 0


def test_400_has_no_rate_headers(fake: Fake) -> None:
    response = post(fake, chat_body("hi", store=True))

    assert not any(name.startswith("x-ratelimit") for name in response.headers)


def test_gzip_body_is_decompressed(fake: Fake) -> None:
    body = chat_body('@fake {"content": "unpacked"}')
    data = gzip.compress(json.dumps(body).encode())

    response = post(fake, data, headers={**HEADERS, "content-encoding": "gzip"})

    assert response.message["content"] == "unpacked"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"hi"', b"\x1f\x8b"], ids=repr)
def test_body_that_is_not_an_object_returns_400(fake: Fake, body: bytes) -> None:
    response = post(fake, body)

    assert response.status == 400
    assert response.json["type"] == "invalid_request_error"
    assert response.json["code"] == "wrong_api_format"
