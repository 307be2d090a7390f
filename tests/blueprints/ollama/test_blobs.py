"""Blobs: taken when they are whole, known for a while, and never kept."""

from __future__ import annotations

import hashlib

import pytest
from flask.testing import FlaskClient

from app.blueprints.ollama import blobs
from tests.apps import MakeClient

DATA = b"GGUF" * 1000
HEX = hashlib.sha256(DATA).hexdigest()
DIGEST = f"sha256:{HEX}"
OTHER = "sha256:" + "0" * 64


@pytest.fixture
def client(make_client: MakeClient) -> FlaskClient:
    return make_client(MAX_BODY_MB="1")


def path(digest: str) -> str:
    return f"/api/blobs/{digest}"


def test_a_blob_is_known_once_it_came(client: FlaskClient) -> None:
    before = client.head(path(DIGEST))
    came = client.post(path(DIGEST), data=DATA)
    after = client.head(path(DIGEST))
    again = client.post(path(DIGEST), data=b"whatever")

    answers = (before, came, after, again)
    assert [answer.status_code for answer in answers] == [404, 201, 200, 200]
    assert [answer.get_data() for answer in answers] == [b""] * 4
    assert "Content-Type" not in came.headers


@pytest.mark.parametrize("digest", [f"sha256-{HEX}", f"sha256:{HEX.upper()}"])
def test_a_digest_has_several_spellings(client: FlaskClient, digest: str) -> None:
    assert client.post(path(digest), data=DATA).status_code == 201
    assert client.head(path(DIGEST)).status_code == 200


def test_an_empty_blob_is_a_blob(client: FlaskClient) -> None:
    digest = "sha256:" + hashlib.sha256(b"").hexdigest()

    assert client.post(path(digest), data=b"").status_code == 201


def test_another_digest_is_told(client: FlaskClient) -> None:
    response = client.post(path(OTHER), data=DATA)

    assert response.status_code == 400
    assert response.json == {
        "error": f'digest mismatch, expected "{OTHER}", got "{DIGEST}"'
    }
    assert client.head(path(OTHER)).status_code == 404


@pytest.mark.parametrize("digest", ["xyz", "sha256:12", f"md5:{HEX}", f"{DIGEST}0"])
def test_what_is_no_digest_is_refused(client: FlaskClient, digest: str) -> None:
    posted = client.post(path(digest), data=DATA)

    assert (posted.status_code, posted.json) == (
        400,
        {"error": "invalid digest format"},
    )
    assert client.head(path(digest)).status_code == 400
    assert client.head(path(digest)).get_data() == b""


def test_a_large_blob_is_refused_with_the_reason(client: FlaskClient) -> None:
    response = client.post(path(DIGEST), data=bytes((1 << 20) + 1))

    assert response.status_code == 413
    assert response.json["error"].startswith(
        "the file is larger than 1 MB; Cerellama could"
    )


def test_a_blob_is_forgotten_in_time(client: FlaskClient) -> None:
    client.post(path(DIGEST), data=DATA)
    store = client.application.extensions["cerellama"].store

    assert store.has_blob(DIGEST, blobs.now_s() + blobs.REMEMBERED_S - 60)
    assert not store.has_blob(DIGEST, blobs.now_s() + blobs.REMEMBERED_S + 60)


def test_other_methods_are_told_which_there_are(client: FlaskClient) -> None:
    response = client.get(path(DIGEST))

    assert (response.status_code, response.headers["Allow"]) == (405, "HEAD, POST")
