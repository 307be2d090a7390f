"""Is the server there, and which Ollama does it speak for."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient


def test_the_root_says_what_every_client_expects(client: FlaskClient) -> None:
    answer = client.get("/")

    assert answer.text == "Ollama is running"
    assert answer.content_type == "text/plain; charset=utf-8"


def test_the_version_can_be_compared(client: FlaskClient) -> None:
    answer = client.get("/api/version")

    assert re.fullmatch(r"\d+\.\d+\.\d+", answer.get_json()["version"])


@pytest.mark.parametrize("path", ["/", "/api/version"])
def test_both_can_be_asked_for_their_headers_alone(
    client: FlaskClient, path: str
) -> None:
    answer = client.head(path)

    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(client.get(path).data))
