"""Upstreams made for one test, and clients of them."""

from collections.abc import Callable
from typing import Any

import pytest

from app.http1.cancel import CancelToken
from app.upstream.cerebras import Cerebras
from app.upstream.stream import ChunkStream
from app.wire.completion import Chunk
from tests.cerebras import (  # noqa: F401  # fixtures; not the fake of the servers
    free,
    shared_fake,
    two_keys,
)
from tests.http1.conftest import Serve, _environment, serve  # noqa: F401  # fixtures

KEY = "csk-secret-4711"
REQUEST: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "é"}]}

Connect = Callable[..., Cerebras]
Open = Callable[..., ChunkStream]


def text_of_batch(batch: list[Chunk]) -> str:
    deltas = [choice.delta for chunk in batch for choice in chunk.choices or ()]
    return "".join([delta.content or "" for delta in deltas if delta])


def text_of(stream: ChunkStream) -> str:
    return "".join(map(text_of_batch, stream))


def complete(client: Cerebras, request: dict[str, Any] = REQUEST) -> str | None:
    """Return the text of a completion."""
    reply = client.complete(request, CancelToken())
    assert reply.choices and reply.choices[0].message
    return reply.choices[0].message.content


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
