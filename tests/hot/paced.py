"""An upstream that sends one event for each call of `send_events`, and requests."""

import threading
from pathlib import Path
from typing import Any

from tests.live_server import Server as Running
from tests.scripted_server import (
    END,
    FINISH,
    STREAM,
    Peer,
    Request,
    Script,
    Server,
    answer,
    chunks,
    text_chunk,
)

WAIT_S = 10.0
USAGE = {
    "usage": {"prompt_tokens": 1, "completion_tokens": 1},
    "time_info": {"total_time": 0.1},
}
BODIES: dict[str, dict[str, Any]] = {
    "/api/chat": {},
    "/v1/chat/completions": {"stream": True},
    "/v1/messages": {"stream": True, "max_tokens": 9},
}


def make_body(path: str) -> dict[str, Any]:
    """Return a request that is answered as a stream."""
    messages = [{"role": "user", "content": "Hi"}]
    return {"model": "gpt-oss-120b", "messages": messages, **BODIES[path]}


def worker_pid(server: Running) -> int:
    """Return the process id of the only worker."""
    pid = server.program.pid
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


class PacedUpstream(Server):
    """Sends each event in a chunk of its own, when `send_events` is called."""

    key = "csk-simulated"

    def __init__(self, events: int) -> None:
        self._events = events
        self._allowed = threading.Semaphore(0)
        super().__init__()

    def send_events(self, events: int = 1) -> None:
        self._allowed.release(events)

    def _record(self, request: Request) -> Script:
        return self._stream if request.line.startswith("POST") else answer(b"", 404)

    def _stream(self, peer: Peer) -> None:
        """Send the head with the first event, so that one read always gets both."""
        head = STREAM
        for _ in range(self._events):
            assert self._allowed.acquire(timeout=WAIT_S)
            peer.send(head + chunks(text_chunk(" word")))
            head = b""
        peer.send(chunks({**FINISH, **USAGE}) + END)
