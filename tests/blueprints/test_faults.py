"""Every fault of the upstream, and what the client of each dialect sees of it.

An answer fails as a whole, by its status; a stream fails so too as long as nothing was
said, and by its dialect's own last event afterwards. `docs/reliability.md` tells it.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.apps import MakeClient, make_app
from tests.blueprints.in_shape import check
from tests.blueprints.talking import (
    CHAT,
    COMPLETIONS,
    GENERATE,
    OPENAI,
    RESPONSES,
    asking,
    events,
    lines,
)
from tests.cerebras import Fake
from tests.upstream.faults import FAULTS, IDLE_S, UNREACHABLE, WORDS

MESSAGES = "/v1/messages"
PATHS = (CHAT, GENERATE, OPENAI, COMPLETIONS, RESPONSES, MESSAGES)


@pytest.fixture(scope="module")
def clients(
    fake: Fake, tmp_path_factory: pytest.TempPathFactory
) -> dict[bool, FlaskClient]:
    """One that waits for the upstream, and one that does not wait long."""
    folder = tmp_path_factory.mktemp("faults")
    return {
        stalls: make_app(fake, folder, IDLE_TIMEOUT_S=idle_s).test_client()
        for stalls, idle_s in ((True, str(IDLE_S)), (False, "20"))
    }


def wanted(path: str, stream: bool) -> dict[str, Any]:
    cap = {"max_tokens": 100} if path == MESSAGES else {}
    return asking(path, stream=stream, **cap)


def text_of_error(error: Any) -> str:
    return str(error["message"]) if isinstance(error, dict) else str(error)


def last_of(path: str, answer: TestResponse) -> Any:
    return (lines if path in (CHAT, GENERATE) else events)(answer)[-1]


def error_in(last: Any) -> str | None:
    """The error that a stream ends in."""
    if last == "[DONE]":
        return None
    if last.get("type") == "response.failed":
        last = last["response"]
    return text_of_error(last["error"]) if "error" in last else None


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("fault", FAULTS)
def test_fault_of_a_whole_reply_is_a_status(
    clients: dict[bool, FlaskClient], fake: Fake, fault: str, path: str
) -> None:
    script, outcome, _ = FAULTS[fault]
    fake.script(script, times=2)  # a stale connection is free to try again

    client = clients["stall" in fault]
    answer = client.post(path, json=wanted(path, stream=False))

    assert answer.status_code == outcome.status
    if outcome.status != 200:
        check("POST", path, answer)
        assert text_of_error(answer.get_json()["error"]) == outcome.text
    else:
        assert "one two three four" in answer.text
    assert "secret" not in answer.text


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("fault", FAULTS)
def test_fault_of_a_stream_is_a_status_or_its_last_event(
    clients: dict[bool, FlaskClient], fake: Fake, fault: str, path: str
) -> None:
    script, _, outcome = FAULTS[fault]
    fake.script(script, times=2)

    client = clients["stall" in fault]
    answer = client.post(path, json=wanted(path, stream=True))

    assert answer.status_code == outcome.status
    check("POST", path, answer)
    if outcome.status != 200:
        assert text_of_error(answer.get_json()["error"]) == outcome.text
    else:
        assert (error_in(last_of(path, answer)) or "") == outcome.text
        assert "one" in answer.text
    assert "secret" not in answer.text


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_an_upstream_that_refuses_connections_is_502(
    make_client: MakeClient, path: str, stream: bool
) -> None:
    client = make_client(CEREBRAS_BASE_URL="http://127.0.0.1:9/v1")

    answer = client.post(path, json=wanted(path, stream))

    assert answer.status_code == 502
    check("POST", path, answer)
    assert (
        text_of_error(answer.get_json()["error"]) == UNREACHABLE + "connection refused"
    )


@pytest.mark.parametrize("path", [CHAT, GENERATE])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(
    "script",
    [
        {"omit": ["usage", "time_info"]},
        {"usage": {"completion_tokens": -9}, "time_info": {"prompt_time": 1e300}},
        {"usage": {"prompt_tokens": 10**30}, "time_info": {"total_time": -1e300}},
    ],
    ids=["left out", "beyond reason", "below zero"],
)
def test_counts_and_durations_are_there_and_sane(
    client: FlaskClient, fake: Fake, script: dict[str, Any], stream: bool, path: str
) -> None:
    fake.script({**WORDS, **script})

    answer = client.post(path, json=wanted(path, stream))

    last = json.loads(answer.data.splitlines()[-1])
    measured = [value for key, value in last.items() if key[-5:] in ("count", "ation")]
    assert len(measured) == 6
    assert all(0 < value < 2**63 for value in measured)
