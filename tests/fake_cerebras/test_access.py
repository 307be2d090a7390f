"""Who may call, which paths there are, and what every answer's head has."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.cerebras import Fake
from tests.fake_cerebras.raw import AGENT, CHAT, KEY, get, post, user

WRONG_KEY = {
    "message": "Wrong API Key",
    "type": "invalid_request_error",
    "param": "api_key",
    "code": "wrong_api_key",
}


@pytest.mark.parametrize("path", [CHAT, "/v1/completions"])
def test_absent_key_is_403_in_a_shape_of_its_own(fake: Fake, path: str) -> None:
    answer = post(fake, user("hi"), path, headers=AGENT)

    assert (answer.status, answer.json) == (403, {"detail": "Not authenticated"})


@pytest.mark.parametrize("key", ["Bearer csk-other", "csk-simulated-not", "Bearer"])
def test_wrong_key_is_401_and_flat(fake: Fake, key: str) -> None:
    answer = get(fake, "/v1/models", headers={**AGENT, "authorization": key})

    assert (answer.status, answer.json) == (401, WRONG_KEY)


@pytest.mark.parametrize("path", ["/public/v1/models", "/v1/tcp_warming"])
def test_open_paths_need_no_key(fake: Fake, path: str) -> None:
    answer = get(fake, path, headers=AGENT)

    assert answer.status == 200
    assert isinstance(answer.json, dict)


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/embeddings", "/models", "/v1/chat"])
def test_other_paths_are_404_with_nothing_in_it(fake: Fake, path: str) -> None:
    answer = get(fake, path, headers=AGENT)

    assert (answer.status, answer.body) == (404, b"")
    assert answer.headers["content-type"] == "text/plain"


def test_wrong_method_is_405(fake: Fake) -> None:
    assert get(fake, CHAT).status == 405


@pytest.mark.parametrize("agent", ["Python-urllib/3.11", ""])
def test_browser_check_bans_some_user_agents(fake: Fake, agent: str) -> None:
    answer = post(fake, user("hi"), headers={**KEY, "user-agent": agent})

    assert (answer.status, answer.body) == (403, b"error code: 1010")
    assert answer.headers["content-type"] == "text/plain"


def test_models_are_listed_with_a_date_of_zero(fake: Fake) -> None:
    answer = get(fake, "/v1/models")

    assert answer.json == {
        "object": "list",
        "data": [
            {"id": model, "object": "model", "created": 0, "owned_by": "Cerebras"}
            for model in ("gpt-oss-120b", "qwen-3.8-27b")
        ],
    }


def test_one_model_is_shown(fake: Fake) -> None:
    answer = get(fake, "/v1/models/qwen-3.8-27b")

    assert answer.json["id"] == "qwen-3.8-27b"


@pytest.mark.parametrize("root", ["/v1", "/public/v1"])
def test_retired_model_is_not_shown(fake: Fake, root: str) -> None:
    answer = get(fake, f"{root}/models/llama3.1-8b")

    assert (answer.status, answer.json["code"]) == (404, "model_not_found")


@pytest.mark.parametrize(
    ("model", "vision", "modality"),
    [("gpt-oss-120b", False, "text"), ("qwen-3.8-27b", True, "text+vision")],
)
def test_public_list_tells_more(
    fake: Fake, model: str, vision: bool, modality: str
) -> None:
    listed = {each["id"]: each for each in get(fake, "/public/v1/models").json["data"]}
    shown = get(fake, f"/public/v1/models/{model}").json

    assert shown == listed[model]
    assert shown["capabilities"]["vision"] is vision
    assert shown["architecture"]["modality"] == modality
    assert shown["limits"]["max_context_length"] == 131072
    assert shown["pricing"]["prompt"].startswith("0.0000")


def test_answer_has_its_id_and_the_rate_limits_in_its_head(fake: Fake) -> None:
    answer = post(fake, user("hi"))

    assert answer.headers["inference-id"] == answer.json["id"]
    assert answer.headers["server"] == "cloudflare"
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["transfer-encoding"] == "chunked"
    for span in ("minute", "hour", "day"):
        for kind in ("requests", "tokens"):
            assert int(answer.headers[f"x-ratelimit-limit-{kind}-{span}"]) > 0
            assert int(answer.headers[f"x-ratelimit-remaining-{kind}-{span}"]) > 0
            assert float(answer.headers[f"x-ratelimit-reset-{kind}-{span}"]) > 0


def test_refusal_has_no_rate_limits_in_its_head(fake: Fake) -> None:
    answer = post(fake, user("hi", store=True))

    assert not any(name.startswith("x-ratelimit") for name in answer.headers)


def test_gzip_bodies_are_read(fake: Fake) -> None:
    packed = gzip.compress(json.dumps(user('@fake {"content": "unpacked"}')).encode())
    headers = {**AGENT, **KEY, "content-encoding": "gzip"}

    answer = post(fake, packed, headers=headers)

    assert answer.message["content"] == "unpacked"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"hi"', b"\x1f\x8b"], ids=repr)
def test_body_that_is_no_object_is_400(fake: Fake, body: bytes) -> None:
    answer = post(fake, body)

    assert answer.status == 400
    assert answer.json["type"] == "invalid_request_error"
    assert answer.json["code"] == "wrong_api_format"
