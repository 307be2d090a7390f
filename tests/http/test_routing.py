"""Go's manners on the way to a view."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.config import Config
from app.http import hooks, routing


@pytest.fixture(scope="module")
def routed() -> FlaskClient:
    app = Flask(__name__)
    hooks.init_app(app, Config(allowed_hosts=("*",)))
    routing.init_app(app)
    app.add_url_rule("/both", "both", lambda: "in", methods=["GET", "HEAD"])
    app.add_url_rule("/get", "get", lambda: "in", methods=["GET"])
    app.add_url_rule("/all", "posted", lambda: "in", methods=["DELETE", "POST"])
    app.add_url_rule("/all", "all", lambda: "in", methods=["GET", "HEAD"])
    app.add_url_rule("/of/<model:name>", "of", lambda name: name, methods=["GET"])
    return app.test_client()


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS", "PATCH"])
@pytest.mark.parametrize("path", ["/", "/nope", "/get/more", "/GET", "/nope/"])
def test_an_unknown_path_is_a_plain_404(
    routed: FlaskClient, method: str, path: str
) -> None:
    answer = routed.open(path, method=method)

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "text/plain"
    assert answer.data == (b"" if method == "HEAD" else b"404 page not found")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "/both", "HEAD, GET"),
        ("HEAD", "/get", "GET"),
        ("OPTIONS", "/get", "GET"),
        ("PATCH", "/all", "HEAD, GET, POST, DELETE"),
    ],
)
def test_a_wrong_method_is_a_plain_405_that_names_the_right_ones(
    routed: FlaskClient, method: str, path: str, allow: str
) -> None:
    answer = routed.open(path, method=method)

    assert answer.status_code == 405
    assert answer.headers["Content-Type"] == "text/plain"
    assert answer.headers["Allow"] == allow
    assert answer.data == (b"" if method == "HEAD" else b"405 method not allowed")


@pytest.mark.parametrize(
    ("method", "path", "status", "location"),
    [
        ("GET", "/get/", 301, "/get"),
        ("HEAD", "/both/", 307, "/both"),
        ("POST", "/get/", 307, "/get"),
        ("DELETE", "/all/", 307, "/all"),
        ("GET", "/get/?a=1&b=%20", 301, "/get?a=1&b=%20"),
        ("GET", "/./get", 307, "/get"),
        ("POST", "/of//gpt", 307, "/of/gpt"),
        ("GET", "/x/../get", 307, "/get"),
        ("GET", "/get//", 307, "/get"),
        ("GET", "/of/me/gpt-oss:120b/", 301, "/of/me/gpt-oss:120b"),
        ("GET", "/of/a%3Fb%25/", 301, "/of/a%3Fb%25"),
    ],
)
def test_a_crooked_path_is_redirected_to_the_straight_one(
    routed: FlaskClient, method: str, path: str, status: int, location: str
) -> None:
    answer = routed.open(path, method=method)

    assert (answer.status_code, answer.headers["Location"]) == (status, location)


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("//get", "/get"),
        ("///get//", "/get"),
        ("//nope", "/nope"),
        ("//evil.example/", "/evil.example"),
        ("//\\evil.example", "/%5Cevil.example"),
    ],
)
def test_slashes_at_the_start_are_no_host(
    routed: FlaskClient, path: str, location: str
) -> None:
    answer = routed.post("/", environ_overrides={"PATH_INFO": path})

    assert (answer.status_code, answer.headers["Location"]) == (307, location)


@pytest.mark.parametrize(
    "path", ["/of/a%0Ab/", "/of/%0D%0ALocation:%20x/", "/evil.example/..//"]
)
def test_a_hostile_path_leads_nowhere(routed: FlaskClient, path: str) -> None:
    answer = routed.get(path)

    assert answer.headers.get("Location", "/").count("/") < 4
    assert "\n" not in answer.headers.get("Location", "")
    assert answer.status_code < 500


@pytest.mark.parametrize("name", ["a", "gpt-oss:120b", "me/mine", "host:1/me/mine:7b"])
def test_a_models_name_may_hold_slashes(routed: FlaskClient, name: str) -> None:
    assert routed.get(f"/of/{name}").text == name
