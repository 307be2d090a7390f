"""Log lines as text and as JSON, and the line and metrics of each request."""

import json
import logging
import re
import sys
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.http import logs
from app.inference.pipeline import log_once
from tests.apps import MakeClient
from tests.blueprints.client import CHAT, GPT, OPENAI, TOWN, WEATHER, request_body
from tests.cerebras import Fake
from tests.metric_samples import sum_samples

MESSAGES = "/v1/messages"
SECRET = "s3cret"
USAGE = {"prompt_tokens": 7, "completion_tokens": 40, "total_tokens": 47}
ENDLESS = {"completion_tokens": 10**30}
CLOSED = {"additionalProperties": False}
CUT = {"fault": "cut", "after": 3}
SCRIPT = {
    "content": "word " * 20,
    "usage": USAGE,
    "time_info": {"completion_time": 0.1},
}

Log = pytest.LogCaptureFixture
both_ways = pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])


def test_second_setup_adds_no_handler() -> None:
    logs.set_up("info", "text")
    handlers = list(logging.getLogger("app").handlers)

    logs.set_up("debug", "text")

    assert logging.getLogger("app").handlers == handlers
    assert logging.getLogger("app").level == logging.DEBUG
    logs.set_up("info", "text")


def format_line(form: str, text: str, **extra: Any) -> str:
    record = logging.LogRecord("app.x", logging.INFO, "", 0, text, None, None)
    record.__dict__.update(extra)
    return logs.FORMATTERS[form].format(record)


def test_fields_follow_the_message() -> None:
    fields = {"method": "GET", "id": "a-1", "name": 'x"\r\n é', "total_s": 0.5}

    formatted = format_line("text", "GET / 200 ok", fields=fields)

    assert formatted.endswith(
        ' INFO app.x: GET / 200 ok id=a-1 name="x\\"\\r\\n \\u00e9" total_s=0.5'
    )


def test_json_line_escapes_line_ends() -> None:
    formatted = format_line("json", "a\nb\u2028", fields={"name": "x\ny"}, created=0.25)

    assert formatted.isascii()
    assert "\n" not in formatted
    assert json.loads(formatted) == {
        "time": "1970-01-01T00:00:00.250+00:00",
        "level": "info",
        "logger": "app.x",
        "message": "a\nb\u2028",
        "name": "x\ny",
    }


def test_json_line_contains_the_traceback() -> None:
    try:
        raise ValueError("a bug")
    except ValueError:
        formatted = format_line("json", "failed", exc_info=sys.exc_info())

    assert "ValueError: a bug" in json.loads(formatted)["exception"]


def test_log_once_logs_each_text_once(app_log: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        log_once("first text")
    log_once("second text")

    assert app_log.messages == ["first text", "second text"]


def read_access_fields(log: Log) -> dict[str, Any]:
    """Return the fields of the only access line."""
    (entry,) = (record for record in log.records if record.name == "app.access")
    fields: dict[str, Any] = entry.__dict__["fields"]
    return fields


@both_ways
@pytest.mark.parametrize("path", [CHAT, OPENAI])
def test_line_has_route_model_outcome_and_tokens(
    client: FlaskClient, fake: Fake, app_log: Log, path: str, stream: bool
) -> None:
    fake.script(SCRIPT)

    client.post(
        path,
        json=request_body(path, model="GPT-OSS:120b", stream=stream),
        buffered=True,
    )

    fields = read_access_fields(app_log)
    assert fields | {"id": "", "first_byte_s": 0, "total_s": 0} == {
        "method": "POST",
        "route": path,
        "status": 200,
        "outcome": "ok",
        "id": "",
        "model": GPT,
        "name": "GPT-OSS:120b",
        "tokens_in": 7,
        "tokens_out": 40,
        "first_byte_s": 0,
        "total_s": 0,
    }
    assert 0 < fields["first_byte_s"] <= fields["total_s"]


@both_ways
def test_metrics_count_tokens_and_time(
    client: FlaskClient, fake: Fake, stream: bool
) -> None:
    names = {
        "cerellama_tokens_total": {"direction": "out"},
        "cerellama_first_byte_seconds_count": {},
        "cerellama_tokens_per_second_sum": {},
    }

    def read_metrics() -> dict[str, float]:
        text = client.get("/metrics").text
        return {
            name: sum_samples(text, name, model=GPT, **labels)
            for name, labels in names.items()
        }

    fake.script(SCRIPT)
    before = read_metrics()
    client.post(CHAT, json=request_body(CHAT, stream=stream), buffered=True)

    added = {name: value - before[name] for name, value in read_metrics().items()}
    assert added == pytest.approx(
        {
            "cerellama_tokens_total": 40,
            "cerellama_first_byte_seconds_count": 1,
            "cerellama_tokens_per_second_sum": 400,
        }
    )


@both_ways
def test_impossible_token_counts_are_left_out(
    client: FlaskClient, fake: Fake, app_log: Log, stream: bool
) -> None:
    fake.script({"content": "Hello!", "usage": {"prompt_tokens": -5} | ENDLESS})

    response = client.post(CHAT, json=request_body(CHAT, stream=stream), buffered=True)

    assert response.status_code == 200
    assert not {"tokens_in", "tokens_out"} & set(read_access_fields(app_log))


def test_tokens_of_a_second_attempt_are_added(
    client: FlaskClient, fake: Fake, app_log: Log
) -> None:
    schema = {"name": "town", "strict": True, "schema": TOWN | CLOSED}
    form = {"type": "json_schema", "json_schema": schema}
    for content in ("no JSON", '{"name": "Rome", "people": 3}'):
        fake.script({"content": content, "usage": USAGE})
    body = request_body(OPENAI, tools=[WEATHER], response_format=form)

    client.post(OPENAI, json=body, buffered=True)

    assert read_access_fields(app_log)["tokens_out"] == 2 * USAGE["completion_tokens"]


@both_ways
@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ({"error": "request_quota_exceeded"}, (429, "rate_limited")),
        ({"error": "wrong_api_key"}, (502, "key_refused")),
        ({"status": 502}, (502, "upstream_error")),
    ],
    ids=str,
)
def test_failure_has_status_and_outcome(
    client: FlaskClient,
    fake: Fake,
    app_log: Log,
    script: dict[str, Any],
    expected: tuple[int, str],
    *,
    stream: bool,
) -> None:
    fake.script(script)

    client.post(CHAT, json=request_body(CHAT, stream=stream), buffered=True)

    fields = read_access_fields(app_log)
    assert (fields["status"], fields["outcome"]) == expected


def test_failure_in_mid_stream_is_not_ok(
    client: FlaskClient, fake: Fake, app_log: Log
) -> None:
    fake.script({"content": "one two three four five", "delta_size": 4, **CUT})

    client.post(CHAT, json=request_body(CHAT), buffered=True)

    fields = read_access_fields(app_log)
    assert (fields["status"], fields["outcome"]) == (200, "upstream_error")


def test_closed_stream_is_cancelled(
    client: FlaskClient, fake: Fake, app_log: Log
) -> None:
    fake.script({"content": "one two three four", "hold": "never", "after": 2})

    response = client.post(CHAT, json=request_body(CHAT))
    next(iter(response.response))
    response.close()

    assert read_access_fields(app_log)["outcome"] == "cancelled"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/tags", ("/api/tags", 200, "ok")),
        (f"/v1/models/{SECRET}", ("/v1/models/<model:name>", 404, "model_not_found")),
        (f"/{SECRET}?key={SECRET}", ("none", 404, "not_found")),
        ("/api/chat", ("none", 405, "method_not_allowed")),
        ("/api/tags/", ("none", 301, "ok")),
    ],
)
def test_other_requests_log_their_route_only(
    client: FlaskClient, app_log: Log, path: str, expected: tuple[str, int, str]
) -> None:
    client.get(path, buffered=True)

    fields = read_access_fields(app_log)
    assert set(fields) == {"method", "route", "status", "outcome", "id", "total_s"}
    assert (fields["route"], fields["status"], fields["outcome"]) == expected


def test_line_has_no_line_ends_and_a_short_name(
    client: FlaskClient, app_log: Log
) -> None:
    name = 'x"\r\n2026-01-01 ERROR forged: ' + "y" * 500

    client.post(CHAT, json=request_body(CHAT, model=name), buffered=True)

    assert read_access_fields(app_log)["name"] == name[:100]
    handler = logging.getLogger("app").handlers[0]
    lines = [handler.format(record) for record in app_log.records]
    assert not [line for line in lines if "\n" in line or "\r" in line]


def test_log_contains_no_prompt_answer_or_secret(
    make_client: MakeClient, fake: Fake, app_log: Log
) -> None:
    client = make_client(ACCESS_TOKENS=SECRET, LOG_LEVEL="debug", LOG_FORMAT="json")
    headers = {"Authorization": f"Bearer {SECRET}"}
    fake.script({"content": "the answer in private"})

    client.post(
        CHAT, json=request_body(CHAT, "my prompt"), headers=headers, buffered=True
    )
    client.post(
        CHAT, json=request_body(CHAT), headers={"x-api-key": "wrong"}, buffered=True
    )

    handler = logging.getLogger("app").handlers[0]
    logged = "\n".join(handler.format(record) for record in app_log.records)
    assert "access_denied" in logged
    for secret in (SECRET, fake.key, "my prompt", "in private", "wrong"):
        assert secret not in logged


@pytest.mark.parametrize(
    ("level", "lines"), [("debug", 2), ("info", 1), ("warning", 0)]
)
def test_log_level_is_a_setting(
    make_client: MakeClient, app_log: Log, level: str, lines: int
) -> None:
    client = make_client(LOG_LEVEL=level)
    app_log.handler.setLevel(logging.DEBUG)
    app_log.clear()

    client.get("/", buffered=True)
    client.get("/healthz", buffered=True)

    access = [record for record in app_log.records if record.name == "app.access"]
    assert len(access) == lines


@pytest.mark.parametrize("path", [CHAT, OPENAI, MESSAGES, "/nowhere", "/healthz"])
def test_response_has_the_request_id_of_the_client(
    client: FlaskClient, path: str
) -> None:
    response = client.post(path, json={}, headers={"X-Request-Id": "mine-1"})

    assert response.headers["X-Request-Id"] == "mine-1"


def test_stream_and_its_line_have_the_same_request_id(
    client: FlaskClient, app_log: Log
) -> None:
    response = client.post(CHAT, json=request_body(CHAT), buffered=True)

    assert re.fullmatch(r"req_[0-9a-f]{24}", response.headers["X-Request-Id"])
    assert read_access_fields(app_log)["id"] == response.headers["X-Request-Id"]


@pytest.mark.parametrize("sent", ["", "with blank", "ümlaut", "x" * 129])
def test_invalid_request_id_is_replaced(client: FlaskClient, sent: str) -> None:
    response = client.get("/", headers={"X-Request-Id": sent})

    assert re.fullmatch(r"req_[0-9a-f]{24}", response.headers["X-Request-Id"])


def test_anthropic_error_has_the_request_id_in_body_and_header(
    client: FlaskClient,
) -> None:
    response = client.post(MESSAGES, data="{")

    request_id = json.loads(response.data)["request_id"]
    assert (
        request_id == response.headers["Request-Id"] == response.headers["X-Request-Id"]
    )
