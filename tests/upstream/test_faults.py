"""The client reports every fault of Cerebras as the table in faults.py says."""

import math

import pytest

from app.errors import UpstreamError
from app.http1.cancel import CancelToken
from app.upstream.cerebras import Cerebras
from tests.cerebras import Fake
from tests.upstream.conftest import Connect
from tests.upstream.faults import ERROR_RESPONSES, FAULTS, IDLE_S, SUCCESS, Outcome

REQUEST = {
    "model": "qwen-3.8-27b",
    "messages": [{"role": "user", "content": "hello"}],
}


def complete(client: Cerebras) -> Outcome:
    try:
        assert client.complete(REQUEST, CancelToken()).choices
    except UpstreamError as error:
        return Outcome(error.status, error.message)
    return SUCCESS


def stream(client: Cerebras) -> Outcome:
    try:
        chunks = client.stream(REQUEST, CancelToken())
    except UpstreamError as error:
        return Outcome(error.status, error.message)
    try:
        for _ in chunks:
            pass
    except UpstreamError as error:
        return Outcome(SUCCESS.status, error.message)
    finally:
        chunks.close()
    return SUCCESS


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_reported(fake: Fake, connect: Connect, name: str) -> None:
    fault = FAULTS[name]
    idle_s = IDLE_S if "stalls" in name else 20.0
    client = connect(fake.base_url, api_keys=(fake.key,), idle_timeout_s=idle_s)
    fake.script(fault.script, times=2)

    assert complete(client) == fault.whole
    assert stream(client) == fault.streamed
    assert len(fake.inference_requests()) == 2


@pytest.mark.parametrize("name", ERROR_RESPONSES)
def test_error_response_is_reported(fake: Fake, connect: Connect, name: str) -> None:
    response = ERROR_RESPONSES[name]
    client = connect(fake.base_url, api_keys=(fake.key,))
    fake.script(response.script, times=2)

    for send in (client.complete, client.stream):
        with pytest.raises(UpstreamError) as caught:
            send(REQUEST, CancelToken())
        error = caught.value
        assert (error.status, error.message) == (response.status, response.text)
        if response.retry_after:
            assert math.ceil(error.retry_after or 0) == int(response.retry_after)
    assert len(fake.inference_requests()) == 2


def test_unreachable_upstream_is_reported(connect: Connect) -> None:
    client = connect("http://127.0.0.1:1/v1")

    expected = Outcome(502, "cannot reach Cerebras: connection refused")
    assert [complete(client), stream(client)] == [expected, expected]
