"""Liveness, readiness and metrics."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.inference.services import EXTENSION
from tests.apps import MakeClient
from tests.blueprints.client import CHAT, GPT, request_body
from tests.metric_samples import sum_samples


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_serving_server_is_alive_and_ready(
    client: FlaskClient, path: str, method: str
) -> None:
    assert client.open(path, method=method).status_code == 200


def test_server_without_a_list_of_models_is_alive_but_not_ready(
    make_client: MakeClient,
) -> None:
    client = make_client(CEREBRAS_BASE_URL="http://127.0.0.1:9/v1")

    response = client.get("/readyz")

    assert client.get("/healthz").status_code == 200
    assert (response.status_code, response.get_json()) == (
        503,
        {
            "status": "not ready",
            "missing": {"models": "cannot reach Cerebras: connection refused"},
        },
    )


def test_server_without_a_key_is_not_ready(make_client: MakeClient) -> None:
    response = make_client(CEREBRAS_API_KEY="").get("/readyz")

    assert response.status_code == 503
    assert "CEREBRAS_API_KEY is not set" in response.get_json()["missing"]["models"]


def test_server_without_a_store_is_not_ready(
    make_client: MakeClient, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()

    response = make_client(DATABASE_URL=f"sqlite:///{tmp_path}/file/x.db").get(
        "/readyz"
    )

    assert response.status_code == 503
    assert "store" in response.get_json()["missing"]
    assert str(tmp_path) not in response.text


def test_stopping_server_is_alive_but_not_ready(make_client: MakeClient) -> None:
    client = make_client()
    client.application.extensions[EXTENSION].running.stopping = True

    response = client.get("/readyz")

    assert client.get("/healthz").status_code == 200
    assert (response.status_code, response.get_json()["missing"]) == (
        503,
        {"process": "it is stopping"},
    )


def test_health_checks_need_no_token_and_metrics_do(make_client: MakeClient) -> None:
    client = make_client(ACCESS_TOKENS="one")

    statuses = {
        path: client.get(path).status_code
        for path in ("/healthz", "/readyz", "/metrics")
    }
    authorized = client.get("/metrics", headers={"Authorization": "Bearer one"})

    assert statuses == {"/healthz": 200, "/readyz": 200, "/metrics": 401}
    assert authorized.status_code == 200


def test_metrics_count_requests(client: FlaskClient) -> None:
    def count_replies() -> float:
        return sum_samples(
            client.get("/metrics").text,
            "cerellama_requests_total",
            route=CHAT,
            model=GPT,
            outcome="ok",
        )

    before = count_replies()
    client.post(CHAT, json=request_body(CHAT), buffered=True)

    assert count_replies() == before + 1


def test_metrics_have_the_format_of_prometheus(client: FlaskClient) -> None:
    response = client.get("/metrics")

    assert response.content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert "# TYPE cerellama_first_byte_seconds histogram" in response.text


def test_health_checks_and_metrics_are_not_counted(client: FlaskClient) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        client.get(path)

    text = client.get("/metrics").text

    assert sum_samples(text, "cerellama_requests_total", route="/healthz") == 0
    assert sum_samples(text, "cerellama_requests_total", route="/metrics") == 0
