"""The way to Cerebras, the keys, and the clocks at both ends."""

from __future__ import annotations

import pytest

from app.doctor.upstream import check_clock, check_key, unreachable
from app.errors import UpstreamError
from app.upstream.probe import Look

HERE, NOWHERE = "http://127.0.0.1:9/v1", "http://nowhere.invalid/v1"
PROXIES = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY")


@pytest.mark.parametrize(
    ("status", "state", "told"),
    [
        (200, "ok", "is accepted"),
        (401, "failed", "Copy it again"),
        (403, "failed", "Copy it again"),
        (402, "failed", "no credit"),
        (429, "warning", "status 429"),
        (502, "warning", "Try again later"),
    ],
)
def test_a_key_is_judged_by_the_answer(status: int, state: str, told: str) -> None:
    found = check_key(Look(status, [], None), "Key 1 of 1")

    assert found.state == state
    assert told in found.told


@pytest.mark.parametrize(
    ("ours_s", "state", "told"),
    [
        (1000.0, "ok", "As the upstream's"),
        (1060.0, "warning", "60 s ahead of"),
        (400.0, "failed", "600 s behind"),
    ],
)
def test_a_clock_that_is_off_is_told(ours_s: float, state: str, told: str) -> None:
    found = check_clock(1000.0, ours_s)

    assert (found.state, told in found.told) == (state, True)


def test_an_upstream_without_a_clock_compares_with_none() -> None:
    assert check_clock(None, 1000.0).state == "warning"


@pytest.mark.parametrize(
    ("url", "error", "told"),
    [
        (HERE, "connection refused", "firewall"),
        (HERE, "certificate verify failed", "REQUESTS_CA_BUNDLE"),
        (NOWHERE, "name or service not known", "The name nowhere.invalid has no"),
    ],
)
def test_what_is_in_the_way_decides_what_to_do(
    monkeypatch: pytest.MonkeyPatch, url: str, error: str, told: str
) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)

    assert told in unreachable(url, UpstreamError(error)).told


def test_a_proxy_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://me:secret@proxy.example:3128")

    told = unreachable(NOWHERE, UpstreamError("it failed")).told

    assert "the proxy proxy.example:3128" in told
    assert "secret" not in told
