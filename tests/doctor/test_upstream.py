"""Checks of the connection, the keys and the clock."""

import pytest

from app.config import from_env
from app.doctor.upstream import check_clock, check_key, check_models, unreachable
from app.errors import UpstreamError
from app.upstream.probe import ProbeResult

HERE, NOWHERE = "http://127.0.0.1:9/v1", "http://nowhere.invalid/v1"
PROXIES = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY")


@pytest.mark.parametrize(
    ("status", "state", "text"),
    [
        (200, "ok", "is accepted"),
        (401, "failed", "Copy it again"),
        (403, "failed", "Copy it again"),
        (402, "failed", "no credit"),
        (429, "warning", "status 429"),
        (502, "warning", "Try again later"),
    ],
)
def test_key_check_depends_on_the_status(status: int, state: str, text: str) -> None:
    finding = check_key(ProbeResult(status, [], None), "Key 1 of 1")

    assert finding.state == state
    assert text in finding.text


@pytest.mark.parametrize(
    ("settings", "states"),
    [
        ({}, ["ok"]),
        ({"CAI_MODEL": "gpt-oss:120b"}, ["ok", "ok"]),
        ({"CAI_MODEL": "other"}, ["ok", "failed"]),
    ],
)
def test_default_model_is_checked_if_it_is_set(
    settings: dict[str, str], states: list[str]
) -> None:
    findings = check_models(from_env(settings), ["gpt-oss-120b"])

    assert [finding.state for finding in findings] == states


@pytest.mark.parametrize(
    ("local_s", "state", "text"),
    [
        (1000.0, "ok", "In sync with the upstream"),
        (1060.0, "warning", "60 s ahead of"),
        (400.0, "failed", "600 s behind"),
    ],
)
def test_clock_difference_warns_or_fails(local_s: float, state: str, text: str) -> None:
    finding = check_clock(1000.0, local_s)

    assert (finding.state, text in finding.text) == (state, True)


def test_upstream_without_a_date_warns() -> None:
    assert check_clock(None, 1000.0).state == "warning"


@pytest.mark.parametrize(
    ("url", "error", "text"),
    [
        (HERE, "connection refused", "firewall"),
        (HERE, "certificate verify failed", "REQUESTS_CA_BUNDLE"),
        (NOWHERE, "name or service not known", "Cannot resolve nowhere.invalid"),
    ],
)
def test_advice_depends_on_the_error(
    monkeypatch: pytest.MonkeyPatch, url: str, error: str, text: str
) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)

    assert text in unreachable(url, UpstreamError(error)).text


def test_proxy_is_shown_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://me:secret@proxy.example:3128")

    text = unreachable(NOWHERE, UpstreamError("it failed")).text

    assert "the proxy proxy.example:3128" in text
    assert "secret" not in text
