"""The stand-in upstream as tests hold it: what it shall do, and what it saw."""

from __future__ import annotations

import contextlib
import http.client
import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest

from tests.processes import running

READY = "fake_cerebras listening on "
KEY = "csk-simulated"
MARGIN_S = 5.0  # what a control call may take beyond the wait it asks for


class Fake:
    """A running fake_cerebras; see its README for scripts and records."""

    key = KEY

    def __init__(self, url: str) -> None:
        self.url = url
        self.base_url = f"{url}/v1"
        self.margin_s = MARGIN_S

    def script(self, script: Mapping[str, Any], times: int = 1) -> None:
        """Play it to the next requests, or to those its `match` is for."""
        self._control("POST", "script", body={"script": script, "times": times})

    def requests(
        self, at_least: int = 0, timeout: float = 5.0, path: str | None = None
    ) -> list[dict[str, Any]]:
        """What was received (on one path), in order; waits until there are so many."""
        query: dict[str, Any] = {"at_least": at_least, "timeout": timeout}
        if path is not None:
            query["path"] = path
        listed: list[dict[str, Any]] = self._control("GET", "requests", query)
        return listed

    def inferences(
        self, at_least: int = 0, timeout: float = 5.0
    ) -> list[dict[str, Any]]:
        """The requests for an answer, without lists of models that happen to be due."""
        seen = at_least
        while True:
            records = self.requests(seen, timeout)
            asked = [r for r in records if r["path"].endswith("completions")]
            if len(asked) >= at_least:
                return asked
            seen = len(records) + 1

    def release(self, name: str) -> None:
        """Open the gate at which answers hold, for good."""
        self._control("POST", f"release/{quote(name, safe='')}")

    def left(self, record_id: int, timeout: float = 5.0) -> float:
        """Wait until that request's client has left; when it did, by `time.time()`."""
        said = self._control("GET", f"left/{record_id}", {"timeout": timeout})
        return float(said["left_at"])

    def finished(self, record_id: int, timeout: float = 5.0) -> None:
        """Wait until that request is answered to the end."""
        self._control("GET", f"finished/{record_id}", {"timeout": timeout})

    def quota(self, tier: str, **more: Any) -> None:
        """Full buckets for `keys`, else for all; `refill` is steady or at_once."""
        self._control("POST", "quota", body={"tier": tier, **more})

    def clock(self, **turns: float) -> None:
        """Stop quota's clock `at` a time, or `advance` it."""
        self._control("POST", "clock", body=turns)

    def clear(self) -> None:
        """Forget requests, scripts and quota, close the gates; what holds goes on."""
        self._control("DELETE", "")

    def _control(
        self,
        method: str,
        topic: str,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
    ) -> Any:
        wait = float((query or {}).get("timeout", 0)) + self.margin_s
        server = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=wait)
        with contextlib.closing(server):
            path = f"/_fake/{topic}?{urlencode(query or {})}"
            server.request(method, path, json.dumps(body))
            answer = server.getresponse()
            value = json.load(answer)
        if answer.status != 200:
            raise AssertionError(f"{method} {path}: {answer.status} {value}")
        return value


@contextlib.contextmanager
def fake_cerebras(*options: str) -> Iterator[Fake]:
    command = [sys.executable, "-m", "fake_cerebras", "--port", "0", *options]
    with running(command, READY) as program:
        yield Fake(program.wait_for(READY).removeprefix(READY))


@pytest.fixture(scope="session", name="fake")
def shared_fake() -> Iterator[Fake]:
    """As fast as it can be, unless a script says otherwise.

    A folder whose conftest imports this has one of its own: servers under test ask
    the one they share for lists of models at any time.
    """
    with fake_cerebras("--tokens-per-second", "0") as running:
        yield running
