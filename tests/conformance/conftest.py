"""The server under test, and an app whose model `m` has only completion."""

import pytest

from tests.apps import make_app
from tests.cerebras import Fake
from tests.conformance.client import Send, send_over_http, send_to_app
from tests.live_server import Server

NO_CAPABILITIES = dict.fromkeys(
    ("vision", "tools", "function_calling", "reasoning"), False
)


@pytest.fixture(scope="session")
def send(server: Server) -> Send:
    return send_over_http(server.url)


@pytest.fixture(scope="session")
def send_to_plain_model(fake: Fake, tmp_path_factory: pytest.TempPathFactory) -> Send:
    models = [{"id": "m", "capabilities": NO_CAPABILITIES}]
    folder = tmp_path_factory.mktemp("plain")
    return send_to_app(make_app(fake, folder, models=models).test_client())
