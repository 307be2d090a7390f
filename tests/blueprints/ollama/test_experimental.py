"""Recommendations, and what only ollama.com has."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

WEB = ("web_search", "web_fetch")


def test_the_models_served_are_recommended(client: FlaskClient) -> None:
    listed = client.get("/api/tags").json["models"]

    told = client.get("/api/experimental/model-recommendations").json

    names = [each["model"] for each in told["recommendations"]]
    assert [f"{name}:latest" for name in names] == [model["name"] for model in listed]


@pytest.mark.parametrize("what", WEB)
def test_the_web_is_out_of_reach(client: FlaskClient, what: str) -> None:
    answer = client.post(f"/api/experimental/{what}", json={"query": "llama"})

    assert answer.status_code == 501
    assert answer.json["error"].startswith(what.replace("_", " "))


@pytest.mark.parametrize("what", WEB)
def test_a_missing_body_is_told_first(client: FlaskClient, what: str) -> None:
    answer = client.post(f"/api/experimental/{what}")

    assert answer.status_code == 400
    assert answer.json == {"error": "missing request body"}
