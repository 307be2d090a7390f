"""`/api/blobs`: a blob is checked, remembered for a while, and not stored."""

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


def path_of(digest: str) -> str:
    return f"/api/blobs/{digest}"


def test_blob_is_known_after_its_upload(client: FlaskClient) -> None:
    responses = [
        client.head(path_of(DIGEST)),
        client.post(path_of(DIGEST), data=DATA),
        client.head(path_of(DIGEST)),
        client.post(path_of(DIGEST), data=b"anything"),
    ]

    statuses = [response.status_code for response in responses]
    assert statuses == [404, 201, 200, 200]
    assert [response.get_data() for response in responses] == [b""] * 4
    assert "Content-Type" not in responses[1].headers


@pytest.mark.parametrize("digest", [f"sha256-{HEX}", f"sha256:{HEX.upper()}"])
def test_other_spellings_of_a_digest_are_accepted(
    client: FlaskClient, digest: str
) -> None:
    assert client.post(path_of(digest), data=DATA).status_code == 201
    assert client.head(path_of(DIGEST)).status_code == 200


def test_blob_with_another_digest_is_not_known(client: FlaskClient) -> None:
    assert client.post(path_of(OTHER), data=DATA).status_code == 400
    assert client.head(path_of(OTHER)).status_code == 404


@pytest.mark.parametrize("digest", ["xyz", "sha256:12", f"md5:{HEX}", f"{DIGEST}0"])
def test_invalid_digest_returns_400(client: FlaskClient, digest: str) -> None:
    response = client.post(path_of(digest), data=DATA)

    assert response.status_code == 400
    assert response.json == {"error": "invalid digest format"}
    assert client.head(path_of(digest)).status_code == 400


def test_large_blob_returns_413_with_the_reason(client: FlaskClient) -> None:
    response = client.post(path_of(DIGEST), data=bytes((1 << 20) + 1))

    assert response.status_code == 413
    assert response.json["error"].startswith(
        "the file is larger than 1 MB; Cerellama could"
    )


def test_blob_is_forgotten_after_a_while(client: FlaskClient) -> None:
    client.post(path_of(DIGEST), data=DATA)
    store = client.application.extensions["cerellama"].store

    assert store.has_blob(DIGEST, blobs.now_s() + blobs.REMEMBERED_S - 60)
    assert not store.has_blob(DIGEST, blobs.now_s() + blobs.REMEMBERED_S + 60)


def test_other_methods_return_405_with_the_allowed_ones(client: FlaskClient) -> None:
    response = client.get(path_of(DIGEST))

    assert (response.status_code, response.headers["Allow"]) == (405, "HEAD, POST")
