"""Workers that are stopped, replaced or killed while they have requests."""

import contextlib
import http.client
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cerebras import Fake
from tests.live.http_client import CHAT, connect, send_chat
from tests.live_server import Server, environment, procfile_command, serving
from tests.processes import wait_until

GRACE_S = 4
STREAMS_END_S = 2  # before the end of the grace
ENDLESS = {"tokens_per_second": 20, "content": "word " * 2000}
STOPPING = "the server is stopping, please try again"
LAST_EVENTS = {
    "/api/chat": f'{{"error":"{STOPPING}"}}\n',
    "/v1/chat/completions": f'data: {{"error":{{"message":"{STOPPING}",'
    '"type":"api_error","param":null,"code":null}}\n\n',
    "/v1/messages": 'event: error\ndata: {"type":"error","error":{"type":'
    f'"overloaded_error","message":"{STOPPING}"}}}}\n\n',
}

Serve = Callable[..., contextlib.AbstractContextManager[Server]]


@pytest.fixture
def serve(upstream_settings: dict[str, str]) -> Serve:
    def start(**settings: str) -> contextlib.AbstractContextManager[Server]:
        environ = {"GRACE_S": str(GRACE_S), "WEB_CONCURRENCY": "1", **settings}
        return serving(procfile_command(), environment(**upstream_settings, **environ))

    return start


Send = Callable[..., http.client.HTTPConnection]


@pytest.fixture
def send() -> Iterator[Send]:
    """Return a function that sends a request; the test closes its connection."""
    with contextlib.ExitStack() as opened:

        def send(
            server: Server, script: dict[str, Any], path: str = CHAT, **fields: Any
        ) -> http.client.HTTPConnection:
            fields = {"max_tokens": 9999, "stream": True, **fields}
            connection = send_chat(server, script, path, **fields)
            return opened.enter_context(contextlib.closing(connection))

        yield send


def signal_arbiter(server: Server, number: signal.Signals) -> float:
    """Send the arbiter a signal; return the time at which it logged it."""
    server.program.process.send_signal(number)
    name = number.name.removeprefix("SIG").lower()
    server.program.wait_for(f"Handling signal: {name}")
    return time.monotonic()


def find_workers(server: Server) -> set[int]:
    """Return the PIDs of the living workers, found in /proc by their parent."""
    pids = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = status.read_text().rpartition(")")[2].split()[:2]
            if int(parent) == server.program.pid and state != "Z":
                pids.add(int(status.parent.name))
    return pids


def wait_for_both_workers(server: Server) -> set[int]:
    wait_until(lambda: len(find_workers(server)) == 2)
    return find_workers(server)


def test_streams_end_with_an_error_event_before_the_grace_period_ends(
    serve: Serve, send: Send, fake: Fake
) -> None:
    with serve() as server:
        connections = [send(server, ENDLESS, path) for path in LAST_EVENTS]
        streams = [connection.getresponse() for connection in connections]
        waiting = send(server, {"hold": "never"})
        records = fake.inference_requests(at_least=4)
        stopped_at = signal_arbiter(server, signal.SIGTERM)

        ends = [stream.read().decode() for stream in streams]
        ended_s = time.monotonic() - stopped_at
        refused = waiting.getresponse()
        server.program.process.wait(GRACE_S)
        exited_s = time.monotonic() - stopped_at

    for end, last in zip(ends, LAST_EVENTS.values(), strict=True):
        assert end.endswith(last)
    assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
    assert json.load(refused) == {"error": STOPPING}
    assert ended_s >= GRACE_S - STREAMS_END_S - 0.5
    assert exited_s < GRACE_S
    assert all(fake.wait_for_disconnect(record["id"]) for record in records)


def test_stopping_worker_answers_all_requests_and_new_connections(
    serve: Serve, send: Send, fake: Fake
) -> None:
    with serve(GRACE_S="20") as server:
        waiting = send(server, {"hold": "stop", "content": "whole"}, stream=False)
        fake.inference_requests(at_least=1)
        stopped_at = signal_arbiter(server, signal.SIGTERM)
        wait_until(lambda: status_of(server, "/readyz") == 503)
        with contextlib.closing(connect(server)) as newcomer:
            newcomer.request("GET", "/")
            new = newcomer.getresponse()
            new.read()
        fake.release("stop")
        received = waiting.getresponse()
        content = json.load(received)["message"]["content"]
        server.program.process.wait(20)
        exited_s = time.monotonic() - stopped_at

    assert (new.status, new.headers["Connection"]) == (200, "close")
    assert (received.status, received.headers["Connection"]) == (200, "close")
    assert content == "whole"
    assert exited_s < 10


def test_idle_connections_do_not_delay_the_exit(serve: Serve) -> None:
    with serve(GRACE_S="20") as server, contextlib.ExitStack() as opened:
        idle = [opened.enter_context(contextlib.closing(connect(server)))] * 3
        for connection in idle:
            connection.request("GET", "/")
            connection.getresponse().read()
        stopped_at = signal_arbiter(server, signal.SIGTERM)
        server.program.process.wait(20)
        exited_s = time.monotonic() - stopped_at

    assert exited_s < 10


class LoadClient:
    """Sends requests until the end of the block, and records errors."""

    def __init__(self, server: Server) -> None:
        self.replies = 0
        self.errors: list[str] = []
        self._server = server
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "LoadClient":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            with contextlib.closing(connect(self._server)) as connection:
                for _ in range(5):
                    if not self._send(connection):
                        break

    def _send(self, connection: http.client.HTTPConnection) -> bool:
        body = {"model": "gpt-oss-120b", "prompt": '@fake {"content": "a b c"}'}
        try:
            connection.request("POST", "/api/generate", json.dumps(body))
            response = connection.getresponse()
            if b'"done":true' not in response.read():
                self.errors.append("cut short")
        except (OSError, http.client.HTTPException) as error:
            self.errors.append(repr(error))
        self.replies += 1
        return not self.errors and response.headers["Connection"] != "close"


def test_hup_under_load_loses_no_request(serve: Serve, send: Send, fake: Fake) -> None:
    with serve(GRACE_S="20", WEB_CONCURRENCY="2") as server:
        old = wait_for_both_workers(server)
        connection = send(
            server, {"hold": "hup", "after": 2, "content": "one two three four"}
        )
        stream = connection.getresponse()
        with LoadClient(server) as one, LoadClient(server) as two:
            for _ in range(2):
                signal_arbiter(server, signal.SIGHUP)
            wait_until(lambda: len(old & find_workers(server)) == 1)
            before = one.replies
            wait_until(lambda: one.replies > before + 5)
            fake.release("hup")
            end = stream.read()
            wait_until(lambda: not old & find_workers(server))

    assert one.errors + two.errors == []
    assert b'"done":true' in end


def test_killed_worker_loses_its_own_streams_only(
    serve: Serve, send: Send, fake: Fake
) -> None:
    with serve(WEB_CONCURRENCY="2") as server:
        script = {"hold": "kill", "after": 2, "content": "one two three four"}
        killed, other = wait_for_both_workers(server)
        with paused(other):
            lost = send(server, script).getresponse()
        with paused(killed):
            kept = send(server, script).getresponse()

        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: len(find_workers(server) - {killed}) == 2)
        fake.release("kill")
        complete = [is_complete(stream) for stream in (lost, kept)]
        status = status_of(server, "/")

    assert complete == [False, True]
    assert status == 200


def status_of(server: Server, path: str) -> int:
    with contextlib.closing(connect(server)) as connection:
        connection.request("GET", path)
        return connection.getresponse().status


@contextlib.contextmanager
def paused(worker: int) -> Iterator[None]:
    """Stop a worker, so that another one accepts the next connections."""
    os.kill(worker, signal.SIGSTOP)
    yield
    os.kill(worker, signal.SIGCONT)


def is_complete(stream: http.client.HTTPResponse) -> bool:
    try:
        return b'"done":true' in stream.read()
    except (OSError, http.client.HTTPException):
        return False
