"""No reply and no log line contains a secret, a prompt or a path, whatever fails."""

import http.client
import itertools
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.cerebras import Fake, fake_cerebras
from tests.live.http_client import exchange
from tests.live_server import Server, environment, procfile_command, serving

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
MESSAGES = [{"role": "user", "content": PROMPT}]
BODIES: dict[str, dict[str, Any]] = {
    "/api/chat": {"messages": MESSAGES},
    "/api/generate": {"prompt": PROMPT, "system": PROMPT},
    "/v1/chat/completions": {"messages": MESSAGES},
    "/v1/completions": {"prompt": PROMPT},
    "/v1/responses": {"input": PROMPT, "instructions": PROMPT},
    "/v1/messages": {"messages": MESSAGES, "max_tokens": 9, "system": PROMPT},
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


class Secrets(NamedTuple):
    server: Server
    fake: Fake
    temporary: Path


Failures = Callable[[Secrets], Iterator[str]]


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secrets]:
    """Return a server with secrets in all settings, no store, and debug logs."""
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
            yield Secrets(server, fake, temporary)


def send_request(
    server: Server, path: str, data: bytes, *, method: str = "POST", **headers: str
) -> str:
    """Send a request, with the right token by default; return head and body."""
    sent_headers = {"Authorization": f"Bearer {TOKEN}"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    address = urlsplit(server.url).netloc
    with closing(http.client.HTTPConnection(address, timeout=10)) as connection:
        connection.request(method, path, data, sent_headers)
        response = connection.getresponse()
        body = response.read()
    return f"{response.status} {response.headers}{body.decode(errors='replace')}"


def make_body(path: str, *, stream: bool, **more: Any) -> bytes:
    fields = {"model": "gpt-oss-120b", "stream": stream, **BODIES[path], **more}
    return json.dumps(fields).encode()


def fail_upstream(secrets: Secrets) -> Iterator[str]:
    for path, script, stream in itertools.product(BODIES, SCRIPTS, (True, False)):
        secrets.fake.reset()
        secrets.fake.script(script, times=2)
        yield send_request(secrets.server, path, make_body(path, stream=stream))


def send_bad_requests(secrets: Secrets) -> Iterator[str]:
    for path in BODIES:
        yield from (
            send_request(secrets.server, path, make_body(path, stream=False, **bad))
            for bad in BAD
        )
        yield from (send_request(secrets.server, path, data) for data in RAW)
        yield send_request(secrets.server, path, DATA, Content_Encoding="zstd")


def send_wrong_tokens(secrets: Secrets) -> Iterator[str]:
    for path in (*BODIES, "/api/tags", "/nowhere"):
        for headers in ({"Authorization": f"Bearer {WRONG}"}, {"x_api_key": WRONG}):
            wrong = {"Authorization": "", **headers}
            yield send_request(secrets.server, path, DATA, **wrong)


def use_the_store(secrets: Secrets) -> Iterator[str]:
    model = {"model": "mine", "from": "gpt-oss-120b", "system": PROMPT}
    yield send_request(secrets.server, "/api/create", json.dumps(model).encode())
    yield send_request(secrets.server, "/api/show", b'{"model": "mine"}')
    yield send_request(
        secrets.server, "/api/copy", b'{"source": "mine", "destination": "x"}'
    )
    yield send_request(
        secrets.server, "/api/delete", b'{"model": "mine"}', method="DELETE"
    )


def send_broken_http(secrets: Secrets) -> Iterator[str]:
    head = f"POST /api/chat HTTP/1.1\r\nHost: localhost\r\nx-api-key: {TOKEN}\r\n"
    for rest in (
        "Content-Length: x\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
        "Transfer-Encoding: chunked\r\n\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n",
        "Content-Length: 9999\r\n\r\n{",
        f"A: {'x' * 99_999}\r\n\r\n",
    ):
        data = f"{head}{rest}{PROMPT}\r\n".encode()
        yield exchange(secrets.server, data).decode(errors="replace")


def remove_the_disk(secrets: Secrets) -> Iterator[str]:
    shutil.rmtree(secrets.temporary, ignore_errors=True)
    secrets.temporary.touch()
    for path in BODIES:
        yield send_request(
            secrets.server, path, make_body(path, stream=True, model="unknown")
        )
        yield send_request(secrets.server, path, make_body(path, stream=False, tools=7))
    yield send_request(secrets.server, "/api/ps", b"", method="GET")
    yield send_request(secrets.server, "/api/generate", b'{"model": "gpt-oss-120b"}')


FAILURES: list[Failures] = [
    fail_upstream,
    send_bad_requests,
    send_wrong_tokens,
    use_the_store,
    send_broken_http,
    remove_the_disk,
]


def reveals(reply: str, canary: str) -> bool:
    """Return whether a reply contains a canary; only a 200 may repeat the prompt."""
    return canary in reply and not (canary == PROMPT and reply.startswith("200 "))


@pytest.mark.parametrize("failures", FAILURES)
def test_replies_and_log_contain_no_secret(
    secrets: Secrets, failures: Failures
) -> None:
    replies = list(failures(secrets))

    assert replies
    assert [(c, r) for c in CANARIES for r in replies if reveals(r, c)] == []
    log = secrets.server.program.output.splitlines()
    assert [line for line in log if any(c in line for c in CANARIES)] == []


def test_failures_are_logged(secrets: Secrets) -> None:
    list(use_the_store(secrets))
    list(remove_the_disk(secrets))

    assert secrets.server.program.wait_for("The store cannot be reached")
    assert secrets.server.program.wait_for("Loaded models cannot be stored")
