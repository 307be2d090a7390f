"""Settings that change the app: access tokens and body size."""

import json
import re

import pytest

from tests.apps import MakeClient

OPEN_PATHS = {"/", "/healthz", "/readyz"}
REFUSAL = "a valid access token is required"


def test_access_tokens_are_required_on_every_route(make_client: MakeClient) -> None:
    client = make_client(ACCESS_TOKENS="one, two")

    admitted = set()
    for rule in client.application.url_map.iter_rules():
        method = min((rule.methods or set()) - {"OPTIONS"})
        path = re.sub("<.+>", "x", rule.rule)
        if client.open(path, method=method).status_code != 401:
            admitted.add(path)
        with_token = client.open(path, method=method, headers={"x-api-key": "two"})
        assert REFUSAL not in with_token.text

    assert admitted == OPEN_PATHS


@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions"])
def test_body_over_the_configured_size_is_413(
    make_client: MakeClient, path: str
) -> None:
    client = make_client(MAX_BODY_MB="1")

    response = client.post(path, data=json.dumps({"model": "x" * (1 << 20)}))

    assert response.status_code == 413
    assert "request body is larger than 1 MB" in response.text
