"""Rare paths and methods; tests/conformance/test_router.py has the common ones."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.config import Config
from app.http import hooks, routing


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    app = Flask(__name__)
    hooks.init_app(app, Config(allowed_hosts=("*",)))
    routing.init_app(app)
    app.add_url_rule("/get", "get", lambda: "ok", methods=["GET"])
    app.add_url_rule("/all", "posted", lambda: "ok", methods=["DELETE", "POST"])
    app.add_url_rule("/all", "all", lambda: "ok", methods=["GET", "HEAD"])
    app.add_url_rule("/of/<model:name>", "of", lambda name: name, methods=["GET"])
    return app.test_client()


def test_405_allows_the_methods_of_all_rules_of_a_path(client: FlaskClient) -> None:
    response = client.patch("/all")

    assert response.status_code == 405
    assert response.headers["Allow"] == "HEAD, GET, POST, DELETE"


@pytest.mark.parametrize(
    ("method", "path", "status", "location"),
    [
        ("DELETE", "/all/", 307, "/all"),
        ("GET", "/get/?a=1&b=%20", 301, "/get?a=1&b=%20"),
        ("GET", "/get//", 307, "/get"),
        ("GET", "/of/me/gpt-oss:120b/", 301, "/of/me/gpt-oss:120b"),
        ("GET", "/of/a%3Fb%25/", 301, "/of/a%3Fb%25"),
    ],
)
def test_unclean_path_is_redirected_to_the_clean_one(
    client: FlaskClient, method: str, path: str, status: int, location: str
) -> None:
    response = client.open(path, method=method)

    assert (response.status_code, response.headers["Location"]) == (status, location)


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
def test_leading_slashes_do_not_redirect_to_another_host(
    client: FlaskClient, path: str, location: str
) -> None:
    response = client.post("/", environ_overrides={"PATH_INFO": path})

    assert (response.status_code, response.headers["Location"]) == (307, location)


@pytest.mark.parametrize(
    "path", ["/of/a%0Ab/", "/of/%0D%0ALocation:%20x/", "/evil.example/..//"]
)
def test_hostile_path_cannot_inject_a_location(client: FlaskClient, path: str) -> None:
    response = client.get(path)

    assert response.headers.get("Location", "/").count("/") < 4
    assert "\n" not in response.headers.get("Location", "")
    assert response.status_code < 500


@pytest.mark.parametrize("name", ["a", "gpt-oss:120b", "me/mine", "host:1/me/mine:7b"])
def test_model_name_may_contain_slashes(client: FlaskClient, name: str) -> None:
    assert client.get(f"/of/{name}").text == name
