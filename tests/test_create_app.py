"""Settings that change the app: access tokens, hosts, origins, body size."""

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
def test_access_tokens_are_required_on_every_route(
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
        response = client.open(path, method=method, headers=headers)
        assert response.status_code in (200, 400)


def test_refusal_of_a_token_has_cors_headers(make_client: MakeClient) -> None:
    page = {"Origin": "http://localhost:3000"}

    response = make_client(ACCESS_TOKENS="one").get("/api/tags", headers=page)

    assert response.status_code == 401
    assert response.headers["Access-Control-Allow-Origin"] == page["Origin"]


def test_configured_hosts_and_origins_are_allowed(make_client: MakeClient) -> None:
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
def test_body_over_the_configured_size_is_413(
    make_client: MakeClient, path: str
) -> None:
    client = make_client(MAX_BODY_MB="1")

    response = client.post(path, data=json.dumps({"model": "x" * (1 << 20)}))

    assert response.status_code == 413
    assert "request body is larger than 1 MB" in response.text


@pytest.mark.parametrize(
    ("origin", "host"),
    [("https://evil.example", "localhost"), (None, "evil.example")],
    ids=["page", "host"],
)
def test_refused_host_or_origin_sends_nothing_upstream(
    make_client: MakeClient, fake: Fake, origin: str | None, host: str
) -> None:
    headers = {"Host": host} | ({"Origin": origin} if origin else {})
    body = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]}

    response = make_client().post("/api/chat", json=body, headers=headers)

    assert (response.status_code, response.data) == (403, b"")
    assert fake.inference_requests() == []
