"""Upstreams made for one test, and clients of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.http1.cancel import CancelToken
from app.upstream.cerebras import Cerebras
from app.upstream.stream import ChunkStream
from tests.cerebras import shared_fake  # noqa: F401  # not the servers' own
from tests.http1.conftest import Serve, _environment, serve  # noqa: F401  # fixtures

KEY = "csk-secret-4711"
REQUEST: dict[str, Any] = {"model": "m", "messages": []}

Connect = Callable[..., Cerebras]
Open = Callable[..., ChunkStream]


@pytest.fixture
def connect() -> Connect:
    """Makes clients with short times, and no time for retries."""

    def connect(base_url: str, **settings: Any) -> Cerebras:
        defaults: dict[str, Any] = {
            "api_keys": (KEY,),
            "pool_size": 8,
            "connect_timeout_s": 2.0,
            "idle_timeout_s": 5.0,
            "retry_wait_s": 0.0,
        }
        return Cerebras(base_url=base_url, **{**defaults, **settings})

    return connect


@pytest.fixture
def open_stream(serve: Serve, connect: Connect) -> Open:  # noqa: F811
    """Return a function that streams from a server with the given scripts."""

    def open_stream(
        *scripts: Any, cancel: CancelToken | None = None, **settings: Any
    ) -> Any:
        client = connect(serve(*scripts).base_url, **settings)
        return client.stream(REQUEST, cancel or CancelToken())

    return open_stream
