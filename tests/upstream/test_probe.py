"""Requests that `flask doctor` sends to the upstream."""

import pytest

from app.errors import UpstreamError
from app.upstream.probe import ProbeResult, request_models
from tests.http1.conftest import Serve
from tests.scripted_server import answer

LIST = b'{"data":[{"id":"b"},{"id":"a"}]}'


def test_list_of_models_is_read(serve: Serve) -> None:
    server = serve(answer(LIST))

    result = request_models(server.base_url, "csk-1", 2.0)

    assert result == ProbeResult(200, ["b", "a"], None)


@pytest.mark.parametrize(
    "body", [b"<html>", b"\xff", b'{"data":{}}'], ids=["HTML", "bytes", "no list"]
)
def test_reply_that_is_no_list_of_models_is_an_error(serve: Serve, body: bytes) -> None:
    server = serve(answer(body))

    with pytest.raises(UpstreamError, match="list of models"):
        request_models(server.base_url, None, 2.0)
