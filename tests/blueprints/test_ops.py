"""Alive, ready, and what has been counted."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.inference.services import EXTENSION
from tests.apps import MakeClient
from tests.blueprints.talking import CHAT, GPT, asking
from tests.metric_samples import sum_samples

NOWHERE = "http://127.0.0.1:9/v1"


def make_unlisted(make_client: MakeClient, **settings: str) -> FlaskClient:
    """No list of models has come to it, and none will."""
    return make_client(CEREBRAS_BASE_URL=NOWHERE, **settings)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_server_that_serves_is_alive_and_ready(
    client: FlaskClient, path: str, method: str
) -> None:
    assert client.open(path, method=method).status_code == 200


def test_whoever_has_no_list_is_alive_but_not_ready(make_client: MakeClient) -> None:
    client = make_unlisted(make_client)

    answer = client.get("/readyz")

    assert client.get("/healthz").status_code == 200
    assert (answer.status_code, answer.get_json()) == (
        503,
        {
            "status": "not ready",
            "missing": {"models": "cannot reach Cerebras: connection refused"},
        },
    )


def test_whoever_has_no_key_is_told_so(make_client: MakeClient) -> None:
    answer = make_client(CEREBRAS_API_KEY="").get("/readyz")

    assert answer.status_code == 503
    assert "CEREBRAS_API_KEY is not set" in answer.get_json()["missing"]["models"]


def test_whoever_has_no_store_is_not_ready(
    make_client: MakeClient, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()

    answer = make_client(DATABASE_URL=f"sqlite:///{tmp_path}/file/x.db").get("/readyz")

    assert answer.status_code == 503
    assert "store" in answer.get_json()["missing"]
    assert str(tmp_path) not in answer.text


def test_whoever_stops_is_alive_but_not_ready(make_client: MakeClient) -> None:
    client = make_client()
    client.application.extensions[EXTENSION].running.stopping = True

    answer = client.get("/readyz")

    assert client.get("/healthz").status_code == 200
    assert (answer.status_code, answer.get_json()["missing"]) == (
        503,
        {"process": "it is stopping"},
    )


def test_health_checks_need_no_token_and_metrics_do(make_client: MakeClient) -> None:
    client = make_client(ACCESS_TOKENS="one")

    statuses = {
        path: client.get(path).status_code
        for path in ("/healthz", "/readyz", "/metrics")
    }
    shown = client.get("/metrics", headers={"Authorization": "Bearer one"})

    assert statuses == {"/healthz": 200, "/readyz": 200, "/metrics": 401}
    assert shown.status_code == 200


def test_metrics_tell_what_was_answered(client: FlaskClient) -> None:
    def answered() -> float:
        return sum_samples(
            client.get("/metrics").text,
            "cerellama_requests_total",
            route=CHAT,
            model=GPT,
            outcome="ok",
        )

    before = answered()
    client.post(CHAT, json=asking(CHAT), buffered=True)

    assert answered() == before + 1


def test_metrics_are_what_prometheus_reads(client: FlaskClient) -> None:
    answer = client.get("/metrics")

    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert "# TYPE cerellama_first_byte_seconds histogram" in answer.text


def test_looking_is_not_counted(client: FlaskClient) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        client.get(path)

    text = client.get("/metrics").text

    assert sum_samples(text, "cerellama_requests_total", route="/healthz") == 0
    assert sum_samples(text, "cerellama_requests_total", route="/metrics") == 0
