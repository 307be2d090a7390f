"""The app in the tests' own process, in front of the stand-in upstream."""

from __future__ import annotations

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

from app import config as settings
from app import create_app
from app.catalogue.models import Catalogue
from app.inference import services as parts
from tests.cerebras import Fake

MakeClient = Callable[..., FlaskClient]
UNCLOSED: list[TestResponse] = []


class Client(FlaskClient):
    """Remembers the answers that a test leaves open; a server would close them."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        answer = super().open(*args, **kwargs)
        if answer not in UNCLOSED:  # which a redirect has led to
            UNCLOSED.append(answer)
            answer.call_on_close(partial(UNCLOSED.remove, answer))
        return answer


def close_answers() -> None:
    for answer in UNCLOSED[:]:
        answer.close()


def make_app(
    fake: Fake,
    folder: Path,
    *,
    models: Sequence[Mapping[str, Any]] | None = None,
    silence_s: float | None = None,
    **environ: str,
) -> Flask:
    """An app whose list of models has come: the fake's, or these public entries."""
    config = settings.from_env(
        {
            "CEREBRAS_BASE_URL": fake.base_url,
            "CEREBRAS_API_KEY": fake.key,
            "CERELLAMA_INSTANCE_DIR": str(folder),
            "DATABASE_URL": f"sqlite:///{folder}/store.db",
            "RETRY_WAIT_S": "0",
            **environ,
        }
    )
    built = parts.build(config)
    upstream = built.upstream
    if silence_s is not None:
        upstream.silence_s = silence_s
    catalogue = Catalogue(
        upstream.models if models is None else lambda: [each["id"] for each in models],
        upstream.public_models if models is None else lambda: models,
        spawn=lambda work: work(),
    )
    made = create_app(config, replace(built, catalogue=catalogue))
    made.test_client_class = Client
    return made


@pytest.fixture(scope="session")
def app(fake: Fake, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """With default settings, but for retries: there are none."""
    return make_app(fake, tmp_path_factory.mktemp("instance"))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def make_client(fake: Fake, tmp_path: Path) -> MakeClient:
    """Further apps; all that a test makes are workers of one instance."""

    def make(**options: Any) -> FlaskClient:
        return make_app(fake, tmp_path, **options).test_client()

    return make


@pytest.fixture
def app_log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What the app logs; its loggers hand nothing on to the root."""
    logger = logging.getLogger("app")
    propagates, logger.propagate = logger.propagate, True
    with caplog.at_level(logging.INFO, "app"):
        yield caplog
    logger.propagate = propagates
