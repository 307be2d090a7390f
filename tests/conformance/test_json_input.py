"""How bodies are read: the same for every endpoint that takes one."""

from __future__ import annotations

import json
from typing import Any

import pytest
import zstandard

from tests.conformance.asking import MODEL, Ask, J, Vector, error_body

NATIVE = {
    "/api/chat": "ChatRequest",
    "/api/generate": "GenerateRequest",
    "/api/show": "ShowRequest",
    "/api/pull": "PullRequest",
    "/api/push": "PushRequest",
}
OPENAI = "/v1/chat/completions"
TRANSFERS = ("/api/pull", "/api/push")  # an unknown model is 500 there

every_endpoint = pytest.mark.parametrize("path", [*NATIVE, OPENAI])


def told(ask: Ask, path: str, body: bytes) -> str:
    """The text of a 400 in the dialect's shape."""
    answer = ask("POST", path, body)
    assert (answer.status, answer.kind) == (400, J)
    if path == OPENAI:
        error = answer.json["error"]
        assert list(error) == ["message", "type", "param", "code"]
        assert error["type"] == "invalid_request_error"
        return str(error["message"])
    assert answer.body.decode() == error_body(answer.json["error"])
    return str(answer.json["error"])


@every_endpoint
@pytest.mark.parametrize("body", [b"", b" \n\t\r "], ids=["nothing", "blanks"])
def test_a_missing_body(ask: Ask, path: str, body: bytes) -> None:
    text = "EOF" if path == OPENAI else "missing request body"
    assert told(ask, path, body) == text


@every_endpoint
@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"{", "unexpected EOF"),
        (b'{"model":"a"', "unexpected EOF"),
        (
            b'{"model":"a",}',
            "invalid character '}' looking for beginning of object key string",
        ),
        (
            b'{model:"a"}',
            "invalid character 'm' looking for beginning of object key string",
        ),
        (b"not json", "invalid character 'o' in literal null (expecting 'u')"),
        (
            b"\xef\xbb\xbf" + b'{"model":"a"}',
            "invalid character 'ï' looking for beginning of value",
        ),
    ],
)
def test_a_body_that_is_no_json(ask: Ask, path: str, body: bytes, text: str) -> None:
    assert told(ask, path, body) == text


@pytest.mark.parametrize("path", NATIVE)
@pytest.mark.parametrize(
    ("body", "kind"), [(b"[]", "array"), (b'"x"', "string"), (b"1", "number")]
)
def test_a_body_that_is_no_object(ask: Ask, path: str, body: bytes, kind: str) -> None:
    into = f"Go value of type api.{NATIVE[path]}"
    assert told(ask, path, body) == f"json: cannot unmarshal {kind} into {into}"


@pytest.mark.parametrize("path", NATIVE)
def test_a_field_of_the_wrong_type(ask: Ask, path: str) -> None:
    field = f"Go struct field {NATIVE[path]}.model of type string"
    text = f"json: cannot unmarshal number into {field}"
    assert told(ask, path, b'{"model":1}') == text


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        ("/api/generate", {"stream": "yes"}, "string into {}.stream of type bool"),
        (
            "/api/generate",
            {"options": []},
            "array into {}.options of type map[string]interface {{}}",
        ),
        ("/api/generate", {"context": [1.5]}, "number 1.5 into {}.context of type int"),
        (
            "/api/generate",
            {"top_logprobs": 2.5},
            "number 2.5 into {}.top_logprobs of type int",
        ),
        (
            "/api/generate",
            {"images": "abc"},
            "string into {}.images of type []api.ImageData",
        ),
        (
            "/api/chat",
            {"messages": "x"},
            "string into {}.messages of type []api.Message",
        ),
        ("/api/chat", {"messages": ["x"]}, "string into {}.messages of type api.Alias"),
        (
            "/api/chat",
            {"messages": [{"content": 1}]},
            "number into {}.messages.content of type string",
        ),
        (
            "/api/chat",
            {"messages": [{"content": []}]},
            "array into {}.messages.content of type string",
        ),
        ("/api/chat", {"tools": "x"}, "string into {}.tools of type api.Tools"),
        ("/api/chat", {"tools": {}}, "object into {}.tools of type api.Tools"),
    ],
)
def test_wrong_types_by_field(
    ask: Ask, path: str, body: dict[str, Any], text: str
) -> None:
    told_text = "json: cannot unmarshal " + text.format(
        f"Go struct field {NATIVE[path]}"
    )
    Vector(f"POST {path}", body, 400, error=told_text).check(ask)


def test_null_as_a_body_is_the_empty_request(ask: Ask) -> None:
    assert told(ask, "/api/chat", b"null") == "model is required"
    assert told(ask, OPENAI, b"null") == "[] is too short - 'messages'"
    assert ask("POST", "/api/generate", b"null").status == 404


@pytest.mark.parametrize(
    "body",
    [
        {"model": MODEL, "stream": None, "options": None, "keep_alive": None},
        {"model": MODEL, "unknown": {"x": [1]}, "width": 3},
        {"MODEL": MODEL, "Messages": []},
        b'{"model":"zz","model":"gpt-oss-120b"}',
        b'{"model":"gpt-oss-120b"}junk',
        b'\n {"model":"gpt-oss-120b"} {"model":"zz"}',
        b'{"model":"gpt-oss-120b","x":"\\ud800 \xff"}',
    ],
    ids=[
        "null is absent",
        "unknown fields",
        "any case",
        "the last of two",
        "junk behind",
        "another value behind",
        "no text",
    ],
)
@pytest.mark.parametrize("path", ["/api/chat", "/api/generate"])
def test_what_is_read_all_the_same(ask: Ask, path: str, body: Any) -> None:
    answer = ask("POST", path, body)

    assert (answer.status, answer.json["done_reason"]) == (200, "load")


@every_endpoint
@pytest.mark.parametrize(
    "label", [None, "text/plain", "application/x-www-form-urlencoded", "x"]
)
def test_the_content_type_of_a_request_is_not_looked_at(
    ask: Ask, path: str, label: str | None
) -> None:
    messages = [{"role": "user", "content": "x"}]
    body = {"model": "zz", "messages": messages, "stream": False}
    headers = {"Content-Type": label} if label else {}

    status = 500 if path in TRANSFERS else 404
    assert ask("POST", path, body, headers).status == status


def test_a_query_is_ignored(ask: Ask) -> None:
    assert ask("POST", "/api/chat?beta=true&x", {"model": MODEL}).status == 200
    assert ask("GET", "/api/tags?x=1").status == 200


@every_endpoint
def test_nothing_of_a_body_makes_an_answer_of_several_lines(
    ask: Ask, path: str
) -> None:
    name = json.dumps("a\u2028\u2029\u0085b", ensure_ascii=False)
    messages = '[{"role":"user"}]'
    body = f'{{"model":{name},"messages":{messages},"think":{name},"stream":false}}'

    answer = ask("POST", path, body.encode())

    assert answer.status in (400, 404, 500)
    assert len(answer.body.decode().rstrip("\n").splitlines()) == 1


@pytest.mark.parametrize("path", ["/api/chat", "/api/generate", OPENAI])
def test_a_body_of_megabytes_however_it_comes(ask: Ask, path: str) -> None:
    words = {"role": "user", "content": "x" * (3 << 20)}
    plain = json.dumps({"model": "zz", "messages": [words], "prompt": "x"}).encode()
    packed = zstandard.ZstdCompressor().compress(plain)
    in_parts = (
        plain[start : start + 100_000] for start in range(0, len(plain), 100_000)
    )

    answers = [
        ask("POST", path, plain),
        ask("POST", path, packed, {"Content-Encoding": "zstd"}),
        ask("POST", path, in_parts, {"Transfer-Encoding": "chunked"}),
    ]

    assert [answer.status for answer in answers] == [404] * 3
    assert len({answer.body for answer in answers}) == 1


@every_endpoint
def test_what_inflates_without_end_is_413(ask: Ask, path: str) -> None:
    bomb = zstandard.ZstdCompressor().compress(b'{"model":"' + b"x" * (21 << 20))

    answer = ask("POST", path, bomb, {"Content-Encoding": "zstd"})

    assert answer.status == 413
    assert "request body inflates beyond 20 MB" in answer.text
