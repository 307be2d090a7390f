"""Whatever fails, neither reply nor log tells a secret, a prompt or a path."""

from __future__ import annotations

import http.client
import itertools
import json
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.cerebras import Fake, fake_cerebras
from tests.serving import Server, environment, procfile_command, serving

KEY = "csk-canary1key"
TOKEN = "canary2token"
WRONG = "canary3token"
PROMPT = "canary4prompt"
PASSWORD = "canary5password"
FOLDER = "canary6folder"
CANARIES = (KEY, TOKEN, WRONG, PROMPT, PASSWORD, FOLDER)

ECHO = {"message": f"no: Bearer {KEY}", "code": KEY, "param": f"Bearer {KEY}"}
PAGE = f"<html><body>{KEY}</body></html>"
SCRIPTS: list[dict[str, Any]] = [
    *({"status": status, "body": ECHO} for status in (400, 401, 402, 403, 404, 429)),
    *({"status": status, "body": PAGE} for status in (200, 302, 500, 502, 503)),
    {"status": 400, "body": {"message": f"property '{KEY}' is unsupported"}},
    {"status": 500, "body": ECHO, "headers": {"x-echo": KEY, "set-cookie": KEY}},
    {"status": 200, "body": {"choices": KEY}},
    *({"fault": fault} for fault in ("cut", "reset", "garbage", "half_event")),
    {"fault": "cut", "after": 1},
    {"fault": "in_stream_error"},
    {"events": [{"status_code": 400, "error": ECHO}]},
    {"events": [f"{{{KEY}"]},
]
SAID = [{"role": "user", "content": PROMPT}]
BODIES: dict[str, dict[str, Any]] = {
    "/api/chat": {"messages": SAID},
    "/api/generate": {"prompt": PROMPT, "system": PROMPT},
    "/v1/chat/completions": {"messages": SAID},
    "/v1/completions": {"prompt": PROMPT},
    "/v1/responses": {"input": PROMPT, "instructions": PROMPT},
    "/v1/messages": {"messages": SAID, "max_tokens": 9, "system": PROMPT},
}
BAD: list[dict[str, Any]] = [
    {"messages": PROMPT, "prompt": [[PROMPT]], "input": 7},
    {"messages": [PROMPT], "prompt": {"a": PROMPT}, "input": {"a": PROMPT}},
    {"messages": [{"role": PROMPT, "content": PROMPT}], "prompt": 1, "input": [PROMPT]},
    {"messages": [{"role": "user", "content": [{"type": "x", "text": PROMPT}]}]},
    {"tools": PROMPT, "response_format": PROMPT, "text": PROMPT},
    {"images": [PROMPT], "options": PROMPT, "stop": {"a": PROMPT}, "metadata": PROMPT},
    {"model": "unknown"},
]
DATA = PROMPT.encode()
RAW = [b"{" + DATA, b'{"model": "x", ' + DATA, DATA, b'"' + DATA, b'["' + DATA + b'"]']


class Guarded(NamedTuple):
    server: Server
    fake: Fake
    temporary: Path


Trouble = Callable[[Guarded], Iterator[str]]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """Everything secret is set, the store is out of reach, all is logged."""
    temporary = tmp_path_factory.mktemp(FOLDER)
    with fake_cerebras("--tokens-per-second", "0", "--key", KEY) as fake:
        settings = environment(
            CEREBRAS_API_KEY=KEY,
            CEREBRAS_BASE_URL=fake.base_url,
            ACCESS_TOKENS=TOKEN,
            DATABASE_URL=f"postgresql://cerellama:{PASSWORD}@127.0.0.1:1/cerellama",
            LOG_LEVEL="debug",
            RETRY_WAIT_S="0",
            WEB_CONCURRENCY="1",
            TMPDIR=str(temporary),
        )
        with serving(procfile_command(), settings) as server:
            yield Guarded(server, fake, temporary)


def ask(
    server: Server, path: str, data: bytes, *, method: str = "POST", **headers: str
) -> str:
    """All that comes back, the head as well; by default with a token that is right."""
    given = {"Authorization": f"Bearer {TOKEN}"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    address = urlsplit(server.url).netloc
    with closing(http.client.HTTPConnection(address, timeout=10)) as connection:
        connection.request(method, path, data, given)
        response = connection.getresponse()
        body = response.read()
    return f"{response.status} {response.headers}{body.decode(errors='replace')}"


def ask_raw(server: Server, data: bytes) -> str:
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), 10) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        told = b"".join(iter(lambda: sock.recv(65536), b""))
    return told.decode(errors="replace")


def body(path: str, *, stream: bool, **more: Any) -> bytes:
    asked = {"model": "gpt-oss-120b", "stream": stream, **BODIES[path], **more}
    return json.dumps(asked).encode()


def upstream_fails(guarded: Guarded) -> Iterator[str]:
    for path, script, stream in itertools.product(BODIES, SCRIPTS, (True, False)):
        guarded.fake.reset()
        guarded.fake.script(script, times=2)
        yield ask(guarded.server, path, body(path, stream=stream))


def requests_are_bad(guarded: Guarded) -> Iterator[str]:
    for path in BODIES:
        yield from (
            ask(guarded.server, path, body(path, stream=False, **bad)) for bad in BAD
        )
        yield from (ask(guarded.server, path, data) for data in RAW)
        yield ask(guarded.server, path, DATA, Content_Encoding="zstd")


def tokens_are_wrong(guarded: Guarded) -> Iterator[str]:
    for path in (*BODIES, "/api/tags", "/nowhere"):
        for headers in ({"Authorization": f"Bearer {WRONG}"}, {"x_api_key": WRONG}):
            wrong = {"Authorization": "", **headers}
            yield ask(guarded.server, path, DATA, **wrong)


def the_store_is_down(guarded: Guarded) -> Iterator[str]:
    made = {"model": "mine", "from": "gpt-oss-120b", "system": PROMPT}
    yield ask(guarded.server, "/api/create", json.dumps(made).encode())
    yield ask(guarded.server, "/api/show", b'{"model": "mine"}')
    yield ask(guarded.server, "/api/copy", b'{"source": "mine", "destination": "x"}')
    yield ask(guarded.server, "/api/delete", b'{"model": "mine"}', method="DELETE")


def http_is_broken(guarded: Guarded) -> Iterator[str]:
    head = f"POST /api/chat HTTP/1.1\r\nHost: localhost\r\nx-api-key: {TOKEN}\r\n"
    for rest in (
        "Content-Length: x\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
        "Transfer-Encoding: chunked\r\n\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n",
        "Content-Length: 9999\r\n\r\n{",
        f"A: {'x' * 99_999}\r\n\r\n",
    ):
        yield ask_raw(guarded.server, f"{head}{rest}{PROMPT}\r\n".encode())


def the_disk_is_gone(guarded: Guarded) -> Iterator[str]:
    shutil.rmtree(guarded.temporary, ignore_errors=True)
    guarded.temporary.touch()
    for path in BODIES:
        yield ask(guarded.server, path, body(path, stream=True, model="unknown"))
        yield ask(guarded.server, path, body(path, stream=False, tools=7))
    yield ask(guarded.server, "/api/ps", b"", method="GET")
    yield ask(guarded.server, "/api/generate", b'{"model": "gpt-oss-120b"}')


TROUBLES: list[Trouble] = [
    upstream_fails,
    requests_are_bad,
    tokens_are_wrong,
    the_store_is_down,
    http_is_broken,
    the_disk_is_gone,
]


def tells(reply: str, canary: str) -> bool:
    """An answer that succeeds may repeat what it was asked, and nothing else."""
    return canary in reply and not (canary == PROMPT and reply.startswith("200 "))


@pytest.mark.parametrize("trouble", TROUBLES)
def test_nothing_secret_is_told(guarded: Guarded, trouble: Trouble) -> None:
    replies = list(trouble(guarded))

    assert replies
    assert [(c, r) for c in CANARIES for r in replies if tells(r, c)] == []
    logged = guarded.server.program.output.splitlines()
    assert [line for line in logged if any(c in line for c in CANARIES)] == []


def test_what_fails_is_logged_all_the_same(guarded: Guarded) -> None:
    list(the_store_is_down(guarded))
    list(the_disk_is_gone(guarded))

    assert guarded.server.program.wait_for("The store cannot be reached")
    assert guarded.server.program.wait_for("Loaded models cannot be stored")
