"""Start fake_cerebras, script its responses and read the requests it received."""

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
KEY, OTHER_KEY = "csk-simulated", "csk-other"
MARGIN_S = 5.0  # added to the timeout of a control request


class Fake:
    """Client of the control routes of a running fake_cerebras (see its README)."""

    key = KEY

    def __init__(self, url: str) -> None:
        self.url = url
        self.base_url = f"{url}/v1"
        self.margin_s = MARGIN_S

    def script(self, script: Mapping[str, Any], times: int = 1) -> None:
        """Queue a script for the next `times` requests (that its `match` selects)."""
        self._control("POST", "script", body={"script": script, "times": times})

    def requests(
        self, at_least: int = 0, timeout: float = 5.0, path: str | None = None
    ) -> list[dict[str, Any]]:
        """Return the records of requests (to one path), once there are `at_least`."""
        query: dict[str, Any] = {"at_least": at_least, "timeout": timeout}
        if path is not None:
            query["path"] = path
        records: list[dict[str, Any]] = self._control("GET", "requests", query)
        return records

    def inference_requests(
        self, at_least: int = 0, timeout: float = 5.0
    ) -> list[dict[str, Any]]:
        """Return `requests` without those for the list of models."""
        minimum = at_least
        while True:
            records = self.requests(minimum, timeout)
            inferences = [r for r in records if r["path"].endswith("completions")]
            if len(inferences) >= at_least:
                return inferences
            minimum = len(records) + 1

    def release(self, gate: str) -> None:
        """Open a gate for good: responses that hold at it continue."""
        self._control("POST", f"release/{quote(gate, safe='')}")

    def wait_for_disconnect(self, record_id: int, timeout: float = 5.0) -> float:
        """Return the `time.time()` at which that request's client disconnected."""
        record = self._control("GET", f"disconnected/{record_id}", {"timeout": timeout})
        return float(record["disconnected_at"])

    def set_quota(self, tier: str, **options: Any) -> None:
        """Fill the buckets of `keys` (default: all); `refill`: steady or at_once."""
        self._control("POST", "quota", body={"tier": tier, **options})

    def unite_keys(self, *keys: str) -> None:
        """Put keys into one organisation, which shares quota and prompt cache."""
        self._control("POST", "organisation", body={"keys": keys})

    def set_cache(self, **settings: float) -> None:
        """Empty the prompt cache; set its `block_tokens` and `lifetime_s`."""
        self._control("POST", "cache", body=settings)

    def set_clock(self, **changes: float) -> None:
        """Stop the clock of quota and cache `at` a time, or `advance` it by seconds."""
        self._control("POST", "clock", body=changes)

    def reset(self) -> None:
        """Return to the state at the start, and release everything that holds."""
        self._control("DELETE", "")

    def _control(
        self,
        method: str,
        route: str,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
    ) -> Any:
        timeout = float((query or {}).get("timeout", 0)) + self.margin_s
        server = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=timeout)
        with contextlib.closing(server):
            path = f"/_fake/{route}?{urlencode(query or {})}"
            server.request(method, path, json.dumps(body))
            response = server.getresponse()
            value = json.load(response)
        if response.status != 200:
            raise AssertionError(f"{method} {path}: {response.status} {value}")
        return value


@contextlib.contextmanager
def fake_cerebras(*options: str) -> Iterator[Fake]:
    """Run fake_cerebras in a process of its own."""
    command = [sys.executable, "-m", "fake_cerebras", "--port", "0", *options]
    with running(command, READY) as program:
        yield Fake(program.wait_for(READY).removeprefix(READY))


@pytest.fixture(scope="session", name="fake")
def shared_fake() -> Iterator[Fake]:
    """A fake_cerebras without a pace, shared by the tests of a session.

    A folder whose tests count requests imports this fixture in its own conftest and
    so gets a process of its own: servers under test fetch the list of models from the
    shared one at any time.
    """
    with fake_cerebras("--tokens-per-second", "0") as fake:
        yield fake


@pytest.fixture(scope="module")
def two_keys() -> Iterator[Fake]:
    """A fake_cerebras with two keys, each an organisation; the tests reset it."""
    keys = [option for key in (KEY, OTHER_KEY) for option in ("--key", key)]
    with fake_cerebras("--tokens-per-second", "0", *keys) as fake:
        yield fake


@pytest.fixture
def free(two_keys: Fake) -> Fake:
    """Two keys of the free tier; the clock stands 10 s after the start of a minute."""
    two_keys.reset()
    two_keys.set_clock(at=6010)
    two_keys.set_quota("free")
    return two_keys
