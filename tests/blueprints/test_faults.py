"""Every fault of the upstream, and what the client of each dialect sees of it.

An answer fails as a whole, by its status; a stream fails so too as long as nothing was
said, and by its dialect's own last event afterwards. `docs/reliability.md` tells it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

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

MESSAGES = "/v1/messages"
PATHS = (CHAT, GENERATE, OPENAI, COMPLETIONS, RESPONSES, MESSAGES)
IDLE_S = 0.2

SAID = {"content": "one two three four", "delta_size": 4}
MID = {**SAID, "after": 3}  # the role, and two deltas that are clients' to keep
PAGE = "<html><body>secret gateway</body></html>"

CUT = "Cerebras' answer was cut short"
SILENT = f"Cerebras sent nothing for {IDLE_S} seconds"
LATE = "Cerebras did not answer in time"
GARBLED = "Cerebras sent something unintelligible"
LOST = "cannot reach Cerebras: "
LARGE = "Cerebras sent an answer that is too large"
ENDLESS = "Cerebras sent an event without an end"


class Told(NamedTuple):
    """How an answer fails: by this status and text; in mid-stream if that is 200."""

    status: int
    text: str


FINE = Told(200, "")


def in_stream(text: str) -> Told:
    return Told(200, text)


# What the upstream does, how a whole answer fails, and how a stream does.
FAULTS: Mapping[str, tuple[dict[str, Any], Told, Told]] = {
    "resets before a byte": (
        {"fault": "reset"},
        Told(502, LOST + "connection reset by peer"),
        Told(502, LOST + "connection reset by peer"),
    ),
    "closes before a byte": (
        {"fault": "cut"},
        Told(502, LOST + "the connection was closed"),
        Told(502, LOST + "the connection was closed"),
    ),
    "stalls before a byte": ({"fault": "stall"}, Told(504, LATE), Told(504, LATE)),
    "stalls in the head": (
        {"fault": "stall_in_head"},
        Told(504, LATE),
        Told(504, LATE),
    ),
    "stalls after the head": (
        {"fault": "stall", "after": 0},
        Told(504, SILENT),
        Told(504, SILENT),
    ),
    "stalls in mid-stream": (
        {**MID, "fault": "stall"},
        Told(504, SILENT),
        in_stream(SILENT),
    ),
    "speaks no HTTP": (
        {"fault": "garbage"},
        Told(502, LOST + "its answer is not HTTP"),
        Told(502, LOST + "its answer is not HTTP"),
    ),
    "sends garbage in mid-stream": (
        {**MID, "fault": "garbage"},
        Told(502, GARBLED),
        in_stream(GARBLED),
    ),
    "answers 200 with a page": (
        {"status": 200, "body": PAGE},
        Told(502, GARBLED),
        Told(502, CUT),
    ),
    "answers 502 with a page": (
        {"status": 502, "body": PAGE},
        Told(502, "Cerebras failed (502)"),
        Told(502, "Cerebras failed (502)"),
    ),
    "sends half an event": (
        {**MID, "fault": "half_event"},
        Told(502, GARBLED),
        in_stream(CUT),
    ),
    "sends half an event first": (
        {"fault": "half_event"},
        Told(502, GARBLED),
        Told(502, CUT),
    ),
    "sends 100 MB in a line": (
        {**MID, "fault": "flood"},
        Told(502, LARGE),
        in_stream(ENDLESS),
    ),
    "sends 100 MB in a line first": (
        {"fault": "flood"},
        Told(502, LARGE),
        Told(502, ENDLESS),
    ),
    "sends wrong types": (
        {"status": 200, "body": {"choices": "secret"}},
        Told(502, GARBLED),
        Told(502, CUT),
    ),
    "counts in words": (
        {**SAID, "usage": {"prompt_tokens": "secret"}},
        Told(502, GARBLED),
        in_stream(GARBLED),
    ),
    "counts beyond reason": (
        {
            **SAID,
            "usage": {"prompt_tokens": -1, "completion_tokens": 10**30},
            "time_info": {"prompt_time": 1e300, "completion_time": -1},
        },
        FINE,
        FINE,
    ),
    "answers without an answer": (
        {"status": 200, "body": {"choices": []}},
        Told(502, "Cerebras returned no choices"),
        Told(502, CUT),
    ),
    "ends for a reason of its own": ({**SAID, "finish_reason": "banana"}, FINE, FINE),
    "leaves out usage": ({**SAID, "omit": ["usage"]}, FINE, FINE),
    "leaves out its times": ({**SAID, "omit": ["time_info"]}, FINE, FINE),
    "leaves out [DONE]": ({**SAID, "omit": ["done"]}, FINE, FINE),
    "leaves out the finish reason": (
        {**SAID, "omit": ["finish_reason"]},
        FINE,
        in_stream(CUT),
    ),
    "cuts the connection": ({**MID, "fault": "cut"}, Told(502, CUT), in_stream(CUT)),
    "resets the connection": (
        {**MID, "fault": "reset"},
        Told(502, CUT + ": connection reset by peer"),
        in_stream(CUT + ": connection reset by peer"),
    ),
    "ends early in good order": (
        {**MID, "fault": "end"},
        Told(502, GARBLED),
        in_stream(CUT),
    ),
    "cuts the connection at the end": (
        {**SAID, "fault": "cut", "after": 10**6},
        Told(502, CUT),
        FINE,
    ),
    "fails in mid-stream": (
        {**MID, "fault": "in_stream_error"},
        Told(502, GARBLED),
        in_stream("Cerebras failed (500)"),
    ),
}


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
def test_a_whole_answer_fails_by_its_status(
    clients: dict[bool, FlaskClient], fake: Fake, fault: str, path: str
) -> None:
    script, told, _ = FAULTS[fault]
    fake.script(script, times=2)  # a stale connection is free to try again

    client = clients["stall" in fault]
    answer = client.post(path, json=wanted(path, stream=False))

    assert answer.status_code == told.status
    if told.status != 200:
        check("POST", path, answer)
        assert text_of_error(answer.get_json()["error"]) == told.text
    else:
        assert "one two three four" in answer.text
    assert "secret" not in answer.text


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_stream_fails_as_soon_as_it_can(
    clients: dict[bool, FlaskClient], fake: Fake, fault: str, path: str
) -> None:
    script, _, told = FAULTS[fault]
    fake.script(script, times=2)

    client = clients["stall" in fault]
    answer = client.post(path, json=wanted(path, stream=True))

    assert answer.status_code == told.status
    check("POST", path, answer)
    if told.status != 200:
        assert text_of_error(answer.get_json()["error"]) == told.text
    else:
        assert (error_in(last_of(path, answer)) or "") == told.text
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
    assert text_of_error(answer.get_json()["error"]) == LOST + "connection refused"


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
    fake.script({**SAID, **script})

    answer = client.post(path, json=wanted(path, stream))

    last = json.loads(answer.data.splitlines()[-1])
    measured = [value for key, value in last.items() if key[-5:] in ("count", "ation")]
    assert len(measured) == 6
    assert all(0 < value < 2**63 for value in measured)
