"""`make walk`: the files and functions of app/ that one streamed chat passes, in order.

A real gunicorn worker answers `POST /api/chat` twice; the second request is recorded
from the first byte of the request to the end of the response.
"""

import http.client
import json
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.live_server import environment, procfile_command, serving
from tests.processes import wait_until
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

RECORDER = Path(__file__).with_name("walk_recorder.py")
BODY = {
    "model": "gpt-oss-120b",
    "messages": [{"role": "user", "content": "Say three words."}],
}
USAGE = {"prompt_tokens": 5, "completion_tokens": 3}
WAIT_S = 30.0

# The first call of each of these functions begins a step, numbered as in
# docs/architecture.md; step 6 is for models of the passthrough server only.
STEPS = {
    "Worker.serve": "1. Parse the request head",
    "init_app.<locals>.before_request": "2. Before the view",
    "chat": "3. The view",
    "json_call": "4. Make the Call",
    "run": "5. The pipeline",
    "validate": "7. Validate the body",
    "find_target": "8. Find the model",
    "check_capabilities": "9. Check capabilities",
    "take_slot": "10. Take a slot",
    "translate": "11. Translate to the upstream form",
    "prepare": "12. Fit to the model",
    "Cerebras.stream": "13. Send",
    "streamed": "14. Make the Reply",
    "from_reply": "15. Make the Flask response",
    "send_body": "16. Stream the events",
    "_close_stream": "17. Close the Call",
}


class Call(NamedTuple):
    file: str  # below app/
    function: str
    depth: int  # frames of app/ on the stack


@dataclass(frozen=True)
class Walk:
    """The recorded calls, in order."""

    calls: Sequence[Call]

    @property
    def files(self) -> int:
        """The number of different files."""
        return len({call.file for call in self.calls})

    @property
    def functions(self) -> int:
        """The number of different functions."""
        return len({(call.file, call.function) for call in self.calls})

    @property
    def moves(self) -> int:
        """How often a call is in another file than the call before it."""
        return sum(one.file != other.file for one, other in pairwise(self.calls))

    @property
    def depth(self) -> int:
        """The largest number of frames of app/ on the stack."""
        return max(call.depth for call in self.calls)


class TwoPartUpstream(Server):
    """Sends the first event at once, and the rest when the client has read that.

    So every recording has the same number of reads.
    """

    def __init__(self) -> None:
        self.first_event_read = threading.Event()
        super().__init__()

    def _record(self, request: Request) -> Script:
        if request.line.startswith("POST"):
            return self._stream
        return answer({"data": [{"id": BODY["model"]}]})

    def _stream(self, peer: Peer) -> None:
        peer.send(STREAM + chunks(text_chunk("one")))
        assert self.first_event_read.wait(WAIT_S)
        self.first_event_read.clear()
        end = {**FINISH, "usage": USAGE, "time_info": {"prompt_time": 0.1}}
        peer.send(chunks(text_chunk(" two"), text_chunk(" three"), end) + END)


def record(command: Sequence[str] | None = None) -> Walk:
    """Record a streamed chat in a worker of its own."""
    upstream = TwoPartUpstream()
    with tempfile.TemporaryDirectory() as folder, closing(upstream):
        output = Path(folder) / "walk.json"
        settings = environment(
            CEREBRAS_BASE_URL=upstream.base_url,
            CEREBRAS_API_KEY="csk-simulated",
            WEB_CONCURRENCY="1",
            WALK_OUTPUT=str(output),
        )
        recorded = [*(command or procfile_command()), "-c", str(RECORDER)]
        with serving(recorded, settings) as server:
            for _ in range(2):
                stream_chat(server.url, upstream)
            wait_until(output.exists)
        return Walk([Call(*call) for call in json.loads(output.read_text())])


def stream_chat(url: str, upstream: TwoPartUpstream) -> None:
    """Send one request on a connection of its own and read the reply."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=WAIT_S)
    connection.request("POST", "/api/chat", json.dumps(BODY), {"Connection": "close"})
    response = connection.getresponse()
    assert b'"one"' in response.readline()
    upstream.first_event_read.set()
    assert b'"done":true' in response.read()
    connection.close()


def lines(walk: Walk) -> Iterator[str]:
    """Yield the walk as text: the steps, and in each the files with their functions."""
    waiting = dict(STEPS)
    for file, calls in groupby(walk.calls, lambda call: call.file):
        functions: dict[str, None] = {}
        for call in calls:
            if title := waiting.pop(call.function, None):
                if functions:
                    yield f"    {file}: {', '.join(functions)}"
                    functions = {}
                yield title
            functions[call.function.rpartition("<locals>.")[2]] = None
        yield f"    {file}: {', '.join(functions)}"
    yield ""
    yield (
        f"{walk.files} files, {walk.functions} functions, {walk.moves} moves from file "
        f"to file, {walk.depth} frames deep, {len(walk.calls)} calls"
    )


if __name__ == "__main__":
    for line in lines(record()):
        print(line)
