"""Bodies are read alike by every endpoint that takes one."""

import json
from typing import Any

import pytest
import zstandard

from tests.conformance.client import GPT, JSON, Case, Send, error_body

NATIVE = {
    "/api/chat": "ChatRequest",
    "/api/generate": "GenerateRequest",
    "/api/show": "ShowRequest",
    "/api/pull": "PullRequest",
    "/api/push": "PushRequest",
}
OPENAI = "/v1/chat/completions"

every_endpoint = pytest.mark.parametrize("path", [*NATIVE, OPENAI])


def send_invalid(send: Send, path: str, body: bytes) -> str:
    """Return the error text of a 400 in the format of the path."""
    response = send("POST", path, body)
    assert (response.status, response.content_type) == (400, JSON)
    if path == OPENAI:
        error = response.json["error"]
        assert list(error) == ["message", "type", "param", "code"]
        assert error["type"] == "invalid_request_error"
        return str(error["message"])
    assert response.body.decode() == error_body(response.json["error"])
    return str(response.json["error"])


@every_endpoint
@pytest.mark.parametrize("body", [b"", b" \n\t\r "], ids=["nothing", "blanks"])
def test_missing_body_returns_400(send: Send, path: str, body: bytes) -> None:
    text = "EOF" if path == OPENAI else "missing request body"
    assert send_invalid(send, path, body) == text


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
def test_invalid_json_returns_400(
    send: Send, path: str, body: bytes, text: str
) -> None:
    assert send_invalid(send, path, body) == text


@pytest.mark.parametrize("path", NATIVE)
@pytest.mark.parametrize(
    ("body", "kind"), [(b"[]", "array"), (b'"x"', "string"), (b"1", "number")]
)
def test_body_other_than_an_object_returns_400(
    send: Send, path: str, body: bytes, kind: str
) -> None:
    into = f"Go value of type api.{NATIVE[path]}"
    assert (
        send_invalid(send, path, body) == f"json: cannot unmarshal {kind} into {into}"
    )


@pytest.mark.parametrize("path", NATIVE)
def test_field_of_the_wrong_type_returns_400(send: Send, path: str) -> None:
    field = f"Go struct field {NATIVE[path]}.model of type string"
    text = f"json: cannot unmarshal number into {field}"
    assert send_invalid(send, path, b'{"model":1}') == text


def test_number_is_named_in_the_error(send: Send) -> None:
    error = (
        "json: cannot unmarshal number 2.5 into Go struct field "
        "GenerateRequest.top_logprobs of type int"
    )
    Case("POST /api/generate", {"top_logprobs": 2.5}, 400, error=error).check(send)


def test_null_is_an_empty_request(send: Send) -> None:
    assert send_invalid(send, "/api/chat", b"null") == "model is required"
    assert send_invalid(send, OPENAI, b"null") == "[] is too short - 'messages'"
    assert send("POST", "/api/generate", b"null").status == 404


@pytest.mark.parametrize(
    "body",
    [
        {"model": GPT, "stream": None, "options": None, "keep_alive": None},
        {"model": GPT, "unknown": {"x": [1]}, "width": 3},
        {"MODEL": GPT, "Messages": []},
        b'{"model":"zz","model":"gpt-oss-120b"}',
        b'{"model":"gpt-oss-120b"}junk',
        b'\n {"model":"gpt-oss-120b"} {"model":"zz"}',
        b'{"model":"gpt-oss-120b","x":"\\ud800 \xff"}',
    ],
    ids=[
        "null is absent",
        "unknown fields",
        "keys in any case",
        "repeated key",
        "text after the object",
        "object after the object",
        "lone surrogate and invalid UTF-8",
    ],
)
@pytest.mark.parametrize("path", ["/api/chat", "/api/generate"])
def test_lenient_json_is_accepted(send: Send, path: str, body: Any) -> None:
    response = send("POST", path, body)

    assert (response.status, response.json["done_reason"]) == (200, "load")


@every_endpoint
def test_error_is_one_line_whatever_the_body(send: Send, path: str) -> None:
    name = json.dumps("a\u2028\u2029\u0085b", ensure_ascii=False)
    messages = '[{"role":"user"}]'
    body = f'{{"model":{name},"messages":{messages},"think":{name},"stream":false}}'

    response = send("POST", path, body.encode())

    assert response.status in (400, 404, 500)
    assert len(response.body.decode().rstrip("\n").splitlines()) == 1


@pytest.mark.parametrize("path", ["/api/chat", "/api/generate", OPENAI])
def test_large_body_is_read_plain_compressed_and_chunked(send: Send, path: str) -> None:
    message = {"role": "user", "content": "x" * (3 << 20)}
    plain = json.dumps({"model": "zz", "messages": [message], "prompt": "x"}).encode()
    compressed = zstandard.ZstdCompressor().compress(plain)
    in_parts = (
        plain[start : start + 100_000] for start in range(0, len(plain), 100_000)
    )

    responses = [
        send("POST", path, plain),
        send("POST", path, compressed, {"Content-Encoding": "zstd"}),
        send("POST", path, in_parts, {"Transfer-Encoding": "chunked"}),
    ]

    assert [response.status for response in responses] == [404] * 3
    assert len({response.body for response in responses}) == 1
