"""The server under test, live; and an app whose model `m` can only complete."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.apps import make_app
from tests.cerebras import Fake
from tests.conformance.asking import Ask, over_http, within
from tests.live_server import Server

NOTHING = dict.fromkeys(("vision", "tools", "function_calling", "reasoning"), False)


@pytest.fixture(scope="session")
def ask(server: Server) -> Ask:
    return over_http(server.url)


@pytest.fixture(scope="session")
def ask_once(app: Flask) -> Ask:
    """An app that tries nothing twice."""
    return within(app.test_client())


@pytest.fixture(scope="session")
def ask_plain(fake: Fake, tmp_path_factory: pytest.TempPathFactory) -> Ask:
    models = [{"id": "m", "capabilities": NOTHING}]
    folder = tmp_path_factory.mktemp("plain")
    return within(make_app(fake, folder, models=models).test_client())
