"""Workers that end: told to stop, replaced, or killed, with requests at work."""

from __future__ import annotations

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
from urllib.parse import urlsplit

import pytest

from tests.cerebras import Fake
from tests.processes import wait_until
from tests.serving import Server, environment, procfile_command, serving

GRACE_S = 4
STREAMS_END_S = 2  # before the end of the grace
CHAT = "/api/chat"
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


Ask = Callable[..., http.client.HTTPConnection]


def connected(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=20)


@pytest.fixture
def ask() -> Iterator[Ask]:
    """A request that is under way; nothing of its answer is read."""
    with contextlib.ExitStack() as opened:

        def send(
            server: Server, script: dict[str, Any], path: str = CHAT, **more: Any
        ) -> http.client.HTTPConnection:
            connection = opened.enter_context(contextlib.closing(connected(server)))
            prompt = f"@fake {json.dumps(script)}"
            messages = [{"role": "user", "content": prompt}]
            body = {"model": "gpt-oss-120b", "messages": messages, "max_tokens": 9999}
            body.update({"stream": True, **more})
            connection.request("POST", path, json.dumps(body))
            return connection

        yield send


def tell(server: Server, number: int, said: str) -> float:
    """Send the arbiter a signal, wait until it says that it knows; when that was."""
    server.program.process.send_signal(number)
    server.program.wait_for(said)
    return time.monotonic()


def workers(server: Server) -> set[int]:
    """Those alive: the fields after a process' name are its state and its parent."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = status.read_text().rpartition(")")[2].split()[:2]
            if int(parent) == server.program.pid and state != "Z":
                found.add(int(status.parent.name))
    return found


def both_workers(server: Server) -> set[int]:
    wait_until(lambda: len(workers(server)) == 2)
    return workers(server)


def test_streams_end_with_their_dialects_error_before_the_grace_is_over(
    serve: Serve, ask: Ask, fake: Fake
) -> None:
    with serve() as server:
        asked = [ask(server, ENDLESS, path) for path in LAST_EVENTS]
        streams = [connection.getresponse() for connection in asked]
        waiting = ask(server, {"hold": "never"})
        records = fake.inference_requests(at_least=4)
        told = tell(server, signal.SIGTERM, "Handling signal: term")

        ends = [stream.read().decode() for stream in streams]
        ended = time.monotonic() - told
        refused = waiting.getresponse()
        server.program.process.wait(GRACE_S)
        gone = time.monotonic() - told

    for end, last in zip(ends, LAST_EVENTS.values(), strict=True):
        assert end.endswith(last)
    assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
    assert json.load(refused) == {"error": STOPPING}
    assert ended >= GRACE_S - STREAMS_END_S - 0.5
    assert gone < GRACE_S
    assert all(fake.wait_for_disconnect(record["id"]) for record in records)


def test_what_was_received_is_answered_and_who_comes_is_served_meanwhile(
    serve: Serve, ask: Ask, fake: Fake
) -> None:
    with serve(GRACE_S="20") as server:
        asked = ask(server, {"hold": "stop", "content": "whole"}, stream=False)
        fake.inference_requests(at_least=1)
        told = tell(server, signal.SIGTERM, "Handling signal: term")
        wait_until(lambda: status_of(server, "/readyz") == 503)
        with contextlib.closing(connected(server)) as newcomer:
            newcomer.request("GET", "/")
            answer = newcomer.getresponse()
            answer.read()
        fake.release("stop")
        received = asked.getresponse()
        content = json.load(received)["message"]["content"]
        server.program.process.wait(20)
        gone = time.monotonic() - told

    assert (answer.status, answer.headers["Connection"]) == (200, "close")
    assert (received.status, received.headers["Connection"]) == (200, "close")
    assert content == "whole"
    assert gone < 10


def test_idle_connections_do_not_hold_up_the_end(serve: Serve) -> None:
    with serve(GRACE_S="20") as server, contextlib.ExitStack() as opened:
        idle = [opened.enter_context(contextlib.closing(connected(server)))] * 3
        for connection in idle:
            connection.request("GET", "/")
            connection.getresponse().read()
        told = tell(server, signal.SIGTERM, "Handling signal: term")
        server.program.process.wait(20)
        gone = time.monotonic() - told

    assert gone < 10


class Caller:
    """Asks again and again on one connection after the other, and keeps the faults."""

    def __init__(self, server: Server) -> None:
        self.answers = 0
        self.faults: list[str] = []
        self._server = server
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Caller:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            with contextlib.closing(connected(self._server)) as connection:
                for _ in range(5):
                    if not self._ask(connection):
                        break

    def _ask(self, connection: http.client.HTTPConnection) -> bool:
        body = {"model": "gpt-oss-120b", "prompt": '@fake {"content": "a b c"}'}
        try:
            connection.request("POST", "/api/generate", json.dumps(body))
            answer = connection.getresponse()
            if b'"done":true' not in answer.read():
                self.faults.append("cut short")
        except (OSError, http.client.HTTPException) as error:
            self.faults.append(repr(error))
        self.answers += 1
        return not self.faults and answer.headers["Connection"] != "close"


def test_a_hup_under_load_loses_nothing(serve: Serve, ask: Ask, fake: Fake) -> None:
    with serve(GRACE_S="20", WEB_CONCURRENCY="2") as server:
        old = both_workers(server)
        held = ask(server, {"hold": "hup", "after": 2, "content": "one two three four"})
        stream = held.getresponse()
        with Caller(server) as one, Caller(server) as two:
            for _ in range(2):
                tell(server, signal.SIGHUP, "Handling signal: hup")
            wait_until(lambda: len(old & workers(server)) == 1)
            before = one.answers
            wait_until(lambda: one.answers > before + 5)
            fake.release("hup")
            end = stream.read()
            wait_until(lambda: not old & workers(server))

    assert one.faults + two.faults == []
    assert b'"done":true' in end


def test_a_killed_worker_costs_its_own_streams_only(
    serve: Serve, ask: Ask, fake: Fake
) -> None:
    with serve(WEB_CONCURRENCY="2") as server:
        script = {"hold": "kill", "after": 2, "content": "one two three four"}
        killed, other = both_workers(server)
        with paused(other):
            lost = ask(server, script).getresponse()
        with paused(killed):
            kept = ask(server, script).getresponse()

        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: len(workers(server) - {killed}) == 2)
        fake.release("kill")
        whole = [ends_whole(stream) for stream in (lost, kept)]
        status = status_of(server, "/")

    assert whole == [False, True]
    assert status == 200


def status_of(server: Server, path: str) -> int:
    with contextlib.closing(connected(server)) as connection:
        connection.request("GET", path)
        return connection.getresponse().status


@contextlib.contextmanager
def paused(worker: int) -> Iterator[None]:
    """Whoever connects meanwhile is another worker's."""
    os.kill(worker, signal.SIGSTOP)
    yield
    os.kill(worker, signal.SIGCONT)


def ends_whole(stream: http.client.HTTPResponse) -> bool:
    try:
        return b'"done":true' in stream.read()
    except (OSError, http.client.HTTPException):
        return False
