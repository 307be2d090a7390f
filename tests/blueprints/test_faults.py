"""What the client of each dialect receives when the upstream fails.

A whole reply fails with a status. A stream does so too until its first event;
afterwards its last event is the error.
"""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient, make_app
from tests.blueprints.client import (
    CHAT,
    GENERATE,
    INFERENCE_PATHS,
    MESSAGES,
    post,
)
from tests.blueprints.readers import FAILED, check_format, read_error, read_reply
from tests.cerebras import Fake
from tests.upstream.faults import (
    ERROR_RESPONSES,
    FAULTS,
    IDLE_S,
    PAGE,
    UNREACHABLE,
    WORDS,
    ErrorResponse,
    before_the_first_chunk,
)

NATIVE = (CHAT, GENERATE)
ROOT = "/chat/completions"
STREAM_FAULTS = {
    **FAULTS,
    "sends an error first": before_the_first_chunk(
        {"fault": "in_stream_error", "after": 1}, 502, "Cerebras failed (500)"
    ),
}
FAILURES = {
    **ERROR_RESPONSES,
    "model gone": ErrorResponse(
        {"error": "model_not_found"}, 404, "model 'gpt-oss:120b' not found"
    ),
}
OPENAI_TYPES = {400: "invalid_request_error", 404: "not_found_error"}
ANTHROPIC_TYPES = {**OPENAI_TYPES, 429: "rate_limit_error", 503: "overloaded_error"}
ANTHROPIC_PREFIX = "prompt is too long: 136333 tokens > 131072 maximum. "

every_path = pytest.mark.parametrize("path", [*INFERENCE_PATHS, ROOT])
both_ways = pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])


@pytest.fixture(scope="module")
def clients(
    fake: Fake, tmp_path_factory: pytest.TempPathFactory
) -> dict[bool, FlaskClient]:
    """Return a client with a short idle timeout (True) and one with a long one."""
    folder = tmp_path_factory.mktemp("faults")
    return {
        is_short: make_app(fake, folder, IDLE_TIMEOUT_S=idle_s).test_client()
        for is_short, idle_s in ((True, str(IDLE_S)), (False, "20"))
    }


@pytest.mark.parametrize("path", INFERENCE_PATHS)
@pytest.mark.parametrize("fault", FAULTS)
def test_fault_of_a_whole_reply_is_a_status(
    clients: dict[bool, FlaskClient], fake: Fake, fault: str, path: str
) -> None:
    script, outcome, _ = FAULTS[fault]
    fake.script(script, times=2)  # a request on a stale connection is sent twice

    response = post(clients["stall" in fault], path, stream=False)

    assert response.status_code == outcome.status
    if outcome.status != 200:
        assert read_error(path, response) == outcome.text
    else:
        assert "one two three four" in response.text
    assert "secret" not in response.text


@pytest.mark.parametrize("path", INFERENCE_PATHS)
@pytest.mark.parametrize("fault", STREAM_FAULTS)
def test_fault_of_a_stream_is_a_status_or_its_last_event(
    clients: dict[bool, FlaskClient], fake: Fake, fault: str, path: str
) -> None:
    script, _, outcome = STREAM_FAULTS[fault]
    fake.script(script, times=2)

    response = post(clients["stall" in fault], path, stream=True)

    assert response.status_code == outcome.status
    check_format("POST", path, response)
    if outcome.status != 200:
        assert read_error(path, response) == outcome.text
    else:
        reply = read_reply(path, response, stream=True)
        assert reply.error == outcome.text
        assert (reply.reason == FAILED) == bool(outcome.text)
        assert reply.text.startswith("one")
    assert "secret" not in response.text


@every_path
@both_ways
@pytest.mark.parametrize("failure", FAILURES)
def test_error_response_is_a_status_and_an_error_type(
    client: FlaskClient, fake: Fake, path: str, stream: bool, failure: str
) -> None:
    script, status, text, retry_after = FAILURES[failure]
    fake.script(script, times=2)

    response = post(client, path, model="gpt-oss:120b", stream=stream)

    message = read_error(path, response).removeprefix(ANTHROPIC_PREFIX)
    assert (response.status_code, message) == (status, text)
    if path not in NATIVE:
        types = ANTHROPIC_TYPES if path == MESSAGES else OPENAI_TYPES
        error = response.get_json()["error"]
        assert error["type"] == types.get(status, "api_error")
        assert not error.get("param") and not error.get("code")
    if retry_after or status not in (429, 503):
        assert response.headers.get("Retry-After") == retry_after


@every_path
@both_ways
def test_busy_upstream_returns_retry_after(
    client: FlaskClient, fake: Fake, path: str, stream: bool
) -> None:
    for script in ({"status": 503, "body": PAGE}, {"error": "queue_exceeded"}):
        fake.script(script)
        response = post(client, path, stream=stream)
        assert int(response.headers["Retry-After"]) >= 1
        assert "html" not in response.text


@every_path
@both_ways
def test_missing_key_returns_503(
    make_client: MakeClient, path: str, stream: bool
) -> None:
    client = make_client(CEREBRAS_API_KEY="")

    response = post(client, path, stream=stream)

    assert response.status_code == 503
    assert read_error(path, response).startswith("CEREBRAS_API_KEY is not set")
    assert client.get("/api/tags").get_json()["models"]


@every_path
@both_ways
def test_refused_connection_returns_502(
    make_client: MakeClient, path: str, stream: bool
) -> None:
    client = make_client(CEREBRAS_BASE_URL="http://127.0.0.1:9/v1")

    response = post(client, path, stream=stream)

    assert response.status_code == 502
    assert read_error(path, response) == UNREACHABLE + "connection refused"


@every_path
def test_headers_of_the_upstream_are_not_sent(
    client: FlaskClient, fake: Fake, path: str
) -> None:
    fake.script(
        {"headers": {"x-ratelimit-limit-requests-day": "1", "set-cookie": "a=b"}}
    )

    headers = post(client, path, stream=False).headers

    assert not [name for name, _ in headers if name.lower().startswith("x-rate")]
    assert "Set-Cookie" not in headers
    assert "cf-ray" not in headers


@pytest.mark.parametrize("path", NATIVE)
@both_ways
@pytest.mark.parametrize(
    "script",
    [
        {"omit": ["usage", "time_info", "done"]},
        {"usage": {"completion_tokens": -9}, "time_info": {"prompt_time": 1e300}},
        {"usage": {"prompt_tokens": 10**30}, "time_info": {"total_time": -1e300}},
    ],
    ids=["omitted", "absurd", "negative"],
)
def test_counts_and_durations_are_present_and_positive(
    client: FlaskClient, fake: Fake, script: dict[str, Any], stream: bool, path: str
) -> None:
    fake.script({**WORDS, **script})

    response = post(client, path, stream=stream)

    last = json.loads(response.data.splitlines()[-1])
    measures = [v for k, v in last.items() if k.endswith(("_count", "_duration"))]
    assert len(measures) == 6
    assert all(0 < value < 2**63 for value in measures)
