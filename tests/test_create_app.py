"""The app as its settings make it."""

from __future__ import annotations

import base64
import json

import pytest

from tests.apps import MakeClient
from tests.cerebras import Fake

MODEL = "gpt-oss-120b"
ROUTES = [
    ("GET", "/api/tags"),
    ("GET", "/api/ps"),
    ("GET", "/api/version"),
    ("POST", "/api/show"),
    ("POST", "/api/chat"),
    ("POST", "/api/generate"),
    ("GET", "/v1/models"),
    ("GET", f"/v1/models/{MODEL}"),
    ("POST", "/v1/chat/completions"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_access_tokens_guard_every_route(
    make_client: MakeClient, method: str, path: str
) -> None:
    client = make_client(ACCESS_TOKENS="one, two")
    password = base64.b64encode(b"me:one").decode()

    assert client.open(path, method=method).status_code == 401
    for headers in (
        {"Authorization": "Bearer one"},
        {"Authorization": f"Basic {password}"},
        {"x-api-key": "two"},
    ):
        answer = client.open(path, method=method, headers=headers)
        assert answer.status_code in (200, 400)


def test_access_tokens_leave_the_root_and_preflights_open(
    make_client: MakeClient,
) -> None:
    client = make_client(ACCESS_TOKENS="one")

    assert client.get("/").status_code == 200
    assert client.head("/").status_code == 200
    page = {"Origin": "http://localhost:3000"}
    assert client.options("/api/chat", headers=page).status_code == 204


def test_a_page_may_read_why_it_was_refused(make_client: MakeClient) -> None:
    page = {"Origin": "http://localhost:3000"}

    answer = make_client(ACCESS_TOKENS="one").get("/api/tags", headers=page)

    assert answer.status_code == 401
    assert answer.headers["Access-Control-Allow-Origin"] == page["Origin"]


def test_hosts_and_pages_can_be_allowed(make_client: MakeClient) -> None:
    strict = make_client()
    client = make_client(
        ALLOWED_HOSTS="chat.example", OLLAMA_ORIGINS="https://chat.example"
    )
    headers = {"Host": "chat.example", "Origin": "https://chat.example:444"}
    page = {"Origin": "https://chat.example"}

    assert strict.get("/", headers={"Host": "chat.example"}).status_code == 403
    assert strict.get("/", headers=page).status_code == 403
    assert client.get("/", headers={"Host": "chat.example"}).status_code == 200
    assert client.get("/", headers=page).status_code == 200
    assert client.get("/", headers=headers).status_code == 403


@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions"])
def test_the_size_of_bodies_is_a_setting(make_client: MakeClient, path: str) -> None:
    client = make_client(MAX_BODY_MB="1")

    answer = client.post(path, data=json.dumps({"model": "x" * (1 << 20)}))

    assert answer.status_code == 413
    assert "request body is larger than 1 MB" in answer.text


@pytest.mark.parametrize(
    ("origin", "host"),
    [("https://evil.example", "localhost"), (None, "evil.example")],
    ids=["page", "host"],
)
def test_who_may_not_call_costs_the_upstream_nothing(
    make_client: MakeClient, fake: Fake, origin: str | None, host: str
) -> None:
    headers = {"Host": host} | ({"Origin": origin} if origin else {})
    body = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]}

    answer = make_client().post("/api/chat", json=body, headers=headers)

    assert (answer.status_code, answer.data) == (403, b"")
    assert fake.inference_requests() == []
