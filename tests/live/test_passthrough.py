"""A server whose passthrough is a second Cerellama, or an Ollama."""

import contextlib
import http.client
import json
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import ollama as official
import openai
import pytest

from tests.cerebras import Fake, fake_cerebras
from tests.deploy import streams
from tests.fake_ollama import CHAT_LINES, HOLD, FakeOllama, fake_ollama
from tests.live.http_client import CHAT, connect
from tests.live.test_cancel import (
    MAX_DELAY_S,
    OPENAI,
    STATES,
    TRIES,
    measure_cancel_delay,
)
from tests.live_server import Server, environment, procfile_command, serving
from tests.scripted_server import STREAM, Peer, answer, chunk, copy_bytes, head
from tests.scripted_server import Server as ByteServer

COMMANDS = {
    "gunicorn": procfile_command(),
    "flask": ["flask", "--app", "wsgi", "run", "--port", "0"],
}
DEAD = "http://127.0.0.1:9"

Front = Callable[..., Server]


@pytest.fixture(scope="module")
def own_upstream() -> Iterator[ByteServer]:
    """Return an upstream with one model; the passthrough has all others."""
    server = ByteServer(answer({"data": [{"id": "own-model"}]}))
    yield server
    server.close()


@pytest.fixture(scope="module", params=COMMANDS)
def front(request: pytest.FixtureRequest, own_upstream: ByteServer) -> Iterator[Front]:
    """Return a function that starts a server, once for each passthrough."""
    with contextlib.ExitStack() as running:
        started: dict[tuple[str, int], Server] = {}

        def start(passthrough: str, workers: int = 1) -> Server:
            settings = {
                "WEB_CONCURRENCY": str(workers),
                "CEREBRAS_BASE_URL": own_upstream.base_url,
                "CEREBRAS_API_KEY": "csk-own",
                "OLLAMA_PASSTHROUGH_URL": passthrough,
            }
            if (passthrough, workers) not in started:
                serve = serving(COMMANDS[request.param], environment(**settings))
                started[passthrough, workers] = running.enter_context(serve)
                list_models(started[passthrough, workers])  # waits for the upstream's
            return started[passthrough, workers]

        yield start


@pytest.fixture(scope="module")
def far_fake() -> Iterator[Fake]:
    """Return the upstream of the second server, with another key."""
    with fake_cerebras("--tokens-per-second", "0", "--key", "csk-far") as running:
        yield running


@pytest.fixture(scope="module")
def second(far_fake: Fake) -> Iterator[Server]:
    """Return a second Cerellama."""
    settings = {"CEREBRAS_BASE_URL": far_fake.base_url, "CEREBRAS_API_KEY": "csk-far"}
    with serving(procfile_command(), environment(**settings)) as server:
        yield server


@pytest.fixture(scope="module")
def ollama() -> Iterator[FakeOllama]:
    """Return an Ollama that all tests of this file share."""
    with fake_ollama() as running:
        yield running


def post(server: Server, path: str, body: object) -> tuple[int, bytes]:
    with contextlib.closing(connect(server)) as connection:
        connection.request("POST", path, json.dumps(body))
        response = connection.getresponse()
        return response.status, response.read()


def list_models(server: Server) -> list[str]:
    with contextlib.closing(connect(server)) as connection:
        connection.request("GET", "/api/tags")
        models = json.load(connection.getresponse())["models"]
        return [model["name"] for model in models]


def test_lines_of_a_second_server_arrive_before_the_next_is_sent(
    front: Front, second: Server, far_fake: Fake
) -> None:
    far_fake.reset()

    streams.check_lines_arrive_before_the_next_is_sent(front(second.url).url, far_fake)


@pytest.mark.parametrize("path", [CHAT, OPENAI])
@pytest.mark.parametrize("state", STATES)
def test_disconnect_cancels_the_request_behind_a_second_server(
    front: Front, second: Server, far_fake: Fake, state: str, path: str
) -> None:
    far_fake.reset()
    server = front(second.url)

    delays = (measure_cancel_delay(server, far_fake, path, state) for _ in range(TRIES))

    assert any(delay <= MAX_DELAY_S for delay in delays)


def test_disconnect_cancels_the_request_of_ollama(
    front: Front, ollama: FakeOllama
) -> None:
    server = front(ollama.url)

    delays = (measure_ollama_cancel_delay(server, ollama) for _ in range(TRIES))

    assert any(delay <= MAX_DELAY_S for delay in delays)


def measure_ollama_cancel_delay(server: Server, ollama: FakeOllama) -> float:
    """Disconnect after the first line; return the seconds until Ollama noticed."""
    connection = connect(server)
    messages = [{"role": "user", "content": HOLD}]
    body = {"model": "llama3", "messages": messages}
    connection.request("POST", CHAT, json.dumps(body))
    assert connection.getresponse().readline().decode() == f"{CHAT_LINES[0]}\n"
    disconnected_at = time.time()
    connection.close()
    return (
        ollama.wait_for_disconnect(ollama.wait_for_requests(CHAT)[-1]) - disconnected_at
    )


def test_pulled_model_can_be_used_through_every_worker(
    front: Front, ollama: FakeOllama
) -> None:
    server = front(ollama.url, workers=2)
    name = f"pulled-{time.monotonic_ns()}"
    body = {"model": name, "messages": []}
    statuses = [post(server, CHAT, body)[0] for _ in range(8)]

    ollama.names.append(f"{name}:latest")

    assert statuses == [404] * 8
    assert [post(server, CHAT, body)[0] for _ in range(8)] == [200] * 8


def test_official_clients_get_embeddings(front: Front, ollama: FakeOllama) -> None:
    url = front(ollama.url).url
    client = official.Client(host=url)

    with contextlib.closing(client._client):
        embedded = client.embed("all-minilm", ["a", "b"])
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none") as compatible:
        created = compatible.embeddings.create(
            model="all-minilm", input="a", encoding_format="float"
        )

    assert embedded.embeddings == [[0.6, -0.8]]
    assert created.data[0].embedding == [0.6, -0.8]


SIZED = head(content_type="application/json", content_length="100") + b'{"a":'
CHUNKED = STREAM + chunk(b'{"a":')


@pytest.mark.parametrize("begun", [SIZED, CHUNKED], ids=["sized", "chunked"])
def test_broken_reply_ends_incomplete(front: Front, begun: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.send(begun)
        peer.close()

    broken = ByteServer(script)
    server = front(f"http://127.0.0.1:{broken.port}")

    with contextlib.closing(connect(server)) as connection:
        connection.request("POST", "/api/embed", '{"model":"m"}')
        response = connection.getresponse()
        with pytest.raises(http.client.IncompleteRead) as caught:
            response.read()
    broken.close()

    assert caught.value.partial == b'{"a":'
    assert "Traceback" not in server.program.output


def test_reply_has_the_content_length_and_one_date(
    front: Front, ollama: FakeOllama
) -> None:
    with contextlib.closing(connect(front(ollama.url))) as connection:
        connection.request("POST", "/api/embed", '{"model":"all-minilm"}')
        response = connection.getresponse()
        length, date = (response.getheader(n) for n in ("Content-Length", "Date"))
        body = response.read()

    assert length == str(len(body))
    assert date
    assert date.count(",") == 1


class Forwarder(socketserver.ThreadingTCPServer):
    """An address that is known before the server that it forwards to."""

    daemon_threads = True
    port = 0

    def finish_request(self, request: Any, client_address: Any) -> None:
        with socket.create_connection(("127.0.0.1", self.port)) as there:
            back = threading.Thread(target=copy_bytes, args=(there, request))
            back.start()
            copy_bytes(request, there)
            back.join()


@pytest.fixture(scope="module")
def forwarder() -> Iterator[Forwarder]:
    with Forwarder(("127.0.0.1", 0), socketserver.BaseRequestHandler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture(scope="module", params=COMMANDS)
def loop(
    request: pytest.FixtureRequest, own_upstream: ByteServer, forwarder: Forwarder
) -> Iterator[tuple[Server, Server]]:
    """Return two servers, each the passthrough of the other."""
    settings = {"CEREBRAS_BASE_URL": own_upstream.base_url, "CEREBRAS_API_KEY": "x"}
    command = COMMANDS[request.param]
    far_url = f"http://127.0.0.1:{forwarder.server_address[1]}"
    far = environment(**settings, OLLAMA_PASSTHROUGH_URL=far_url)
    with serving(command, far) as two:
        near = environment(**settings, OLLAMA_PASSTHROUGH_URL=two.url)
        with serving(command, near) as one:
            forwarder.port = urlsplit(one.url).port or 0
            yield one, two


def test_loop_of_two_servers_is_508(loop: tuple[Server, Server]) -> None:
    for server in loop:
        status, body = post(server, "/api/embed", {"model": "zz", "input": "x"})

        assert status == 508
        assert b"OLLAMA_PASSTHROUGH_URL leads back" in body


def test_loop_of_two_servers_lists_models_and_404s(loop: tuple[Server, Server]) -> None:
    start = time.monotonic()

    assert [list_models(server) for server in loop] == [["own-model:latest"]] * 2
    assert [post(server, CHAT, {"model": "zz"})[0] for server in loop] == [404] * 2
    assert time.monotonic() - start < 5
