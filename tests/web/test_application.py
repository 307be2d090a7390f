"""What Flask is not asked again must be what it would have said."""

from __future__ import annotations

from inspect import iscoroutinefunction
from typing import Any

import pytest
from flask import (
    Flask,
    appcontext_tearing_down,
    request_finished,
    request_started,
    request_tearing_down,
)
from flask.testing import FlaskClient

from tests.apps import MakeClient

SKIPPED = (
    request_started,
    request_finished,
    request_tearing_down,
    appcontext_tearing_down,
)


def test_no_hook_is_a_blueprints_own(app: Flask) -> None:
    """Nor is anything torn down: such hooks would never be called."""
    assert set(app.before_request_funcs) == {None}
    assert set(app.after_request_funcs) == {None}
    assert not app.url_value_preprocessors
    assert not app.teardown_request_funcs
    assert not app.teardown_appcontext_funcs


def test_nobody_listens_for_signals() -> None:
    """They would hear of no request."""
    for signal in SKIPPED:
        assert not signal.receivers


def test_no_more_hooks_are_taken_once_requests_come(make_client: MakeClient) -> None:
    client = make_client()
    client.get("/")

    with pytest.raises(AssertionError, match="can no longer be called"):
        client.application.before_request(lambda: None)


def test_nothing_is_asynchronous_and_no_rule_answers_by_itself(app: Flask) -> None:
    hooks = app.before_request_funcs[None] + app.after_request_funcs[None]
    assert not any(map(iscoroutinefunction, [*app.view_functions.values(), *hooks]))
    rules: list[Any] = list(app.url_map.iter_rules())
    assert not any(rule.provide_automatic_options for rule in rules)


def test_a_path_leads_where_it_led_before(client: FlaskClient) -> None:
    assert [client.get("/api/version").status_code for _ in range(3)] == [200] * 3
    assert [client.delete("/api/version").status_code for _ in range(3)] == [405] * 3
    assert [client.get("/api/versions").status_code for _ in range(3)] == [404] * 3
    assert [client.get("/api/version/").status_code for _ in range(3)] == [301] * 3
    assert client.get("/api/version").status_code == 200


def test_a_model_in_a_path_is_told_from_another(client: FlaskClient) -> None:
    paths = ("gpt-oss-120b", "qwen-3-32b", "gpt-oss-120b")

    told = [client.get(f"/v1/models/{path}").get_json() for path in paths]

    assert told[0]["id"] == told[2]["id"] != told[1].get("id")
