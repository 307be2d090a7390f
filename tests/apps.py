"""The Flask app in the process of the tests, with fake_cerebras behind it."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import config as configuration
from app import create_app
from app.catalogue.models import Catalogue
from app.inference import services as service_module
from tests.cerebras import Fake

MakeClient = Callable[..., FlaskClient]
OPEN_RESPONSES: list[TestResponse] = []


class Client(FlaskClient):
    """A test client that records open responses; a server would close them."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = super().open(*args, **kwargs)
        if response not in OPEN_RESPONSES:  # it is there after a redirect
            OPEN_RESPONSES.append(response)
            response.call_on_close(partial(OPEN_RESPONSES.remove, response))
        return response


def close_responses() -> None:
    for response in OPEN_RESPONSES[:]:
        response.close()


def make_app(
    fake: Fake,
    folder: Path,
    *,
    models: Sequence[Mapping[str, Any]] | None = None,
    silence_s: float | None = None,
    **environ: str,
) -> Flask:
    """Return an app whose list of models is loaded: the fake's, or these entries."""
    config = configuration.from_env(
        {
            "CEREBRAS_BASE_URL": fake.base_url,
            "CEREBRAS_API_KEY": fake.key,
            "CERELLAMA_INSTANCE_DIR": str(folder),
            "DATABASE_URL": f"sqlite:///{folder}/store.db",
            "RETRY_WAIT_S": "0",
            **environ,
        }
    )
    services = service_module.build(config)
    upstream = services.upstream
    if silence_s is not None:
        upstream.silence_s = silence_s
    catalogue = Catalogue(
        upstream.models
        if models is None
        else lambda: [entry["id"] for entry in models],
        upstream.public_models if models is None else lambda: models,
        spawn=lambda work: work(),
    )
    app = create_app(config, replace(services, catalogue=catalogue))
    app.test_client_class = Client
    return app


@pytest.fixture(scope="session")
def app(fake: Fake, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """Return an app with the default settings, but without retries."""
    return make_app(fake, tmp_path_factory.mktemp("instance"))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def make_client(fake: Fake, tmp_path: Path) -> MakeClient:
    """Return a function that makes clients of further apps with one instance folder."""

    def make(**options: Any) -> FlaskClient:
        return make_app(fake, tmp_path, **options).test_client()

    return make


@pytest.fixture
def app_log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Capture the log of the app, whose loggers do not propagate to the root."""
    logger = logging.getLogger("app")
    propagates, logger.propagate = logger.propagate, True
    with caplog.at_level(logging.INFO, "app"):
        yield caplog
    logger.propagate = propagates
