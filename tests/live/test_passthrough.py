"""Real servers in a row: ours, and behind it another of ours or one like Ollama's."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import ollama as official
import openai
import pytest

from tests.cerebras import Fake, fake_cerebras
from tests.deploy import streams
from tests.live.test_cancel import CHAT, OPENAI, PROMISED_S, STATES, TRIES, leave
from tests.serving import Server, environment, procfile_command, serving
from tests.stand_in_ollama import CHAT_LINES, HOLD, StandIn, stand_in_ollama
from tests.upstream.servers import STREAM, Peer, answer, carry, chunk, head
from tests.upstream.servers import Server as ByteServer

COMMANDS = {
    "gunicorn": procfile_command(),
    "flask": ["flask", "--app", "wsgi", "run", "--port", "0"],
}
DEAD = "http://127.0.0.1:9"

Front = Callable[..., Server]


@pytest.fixture(scope="module")
def own_upstream() -> Iterator[ByteServer]:
    """It serves one model, so that all others are elsewhere."""
    server = ByteServer(answer({"data": [{"id": "of-our-own"}]}))
    yield server
    server.close()


@pytest.fixture(scope="module", params=COMMANDS)
def front(request: pytest.FixtureRequest, own_upstream: ByteServer) -> Iterator[Front]:
    """Starts a server with a passthrough, once for each."""
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
                listed(started[passthrough, workers])  # waits for Cerebras' own list
            return started[passthrough, workers]

        yield start


@pytest.fixture(scope="module")
def far_fake() -> Iterator[Fake]:
    """The upstream of the second server, with a key of its own."""
    with fake_cerebras("--tokens-per-second", "0", "--key", "csk-far") as running:
        yield running


@pytest.fixture(scope="module")
def second(far_fake: Fake) -> Iterator[Server]:
    """A second Cerellama."""
    settings = {"CEREBRAS_BASE_URL": far_fake.base_url, "CEREBRAS_API_KEY": "csk-far"}
    with serving(procfile_command(), environment(**settings)) as server:
        yield server


@pytest.fixture(scope="module")
def ollama() -> Iterator[StandIn]:
    """One for all tests here: what a test adds to it bears the test's own name."""
    with stand_in_ollama() as running:
        yield running


def connection_to(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=20)


def post(server: Server, path: str, body: object) -> tuple[int, bytes]:
    with contextlib.closing(connection_to(server)) as connection:
        connection.request("POST", path, json.dumps(body))
        response = connection.getresponse()
        return response.status, response.read()


def listed(server: Server) -> list[str]:
    with contextlib.closing(connection_to(server)) as connection:
        connection.request("GET", "/api/tags")
        models = json.load(connection.getresponse())["models"]
        return [model["name"] for model in models]


def test_every_line_of_a_second_server_comes_before_the_next_is_made(
    front: Front, second: Server, far_fake: Fake
) -> None:
    far_fake.reset()

    streams.check_lines_arrive_before_the_next_is_sent(front(second.url).url, far_fake)


@pytest.mark.parametrize("path", [CHAT, OPENAI])
@pytest.mark.parametrize("state", STATES)
def test_a_client_that_leaves_is_gone_behind_a_second_server_too(
    front: Front, second: Server, far_fake: Fake, state: str, path: str
) -> None:
    far_fake.reset()
    server = front(second.url)

    waits = (leave(server, far_fake, path, state) for _ in range(TRIES))

    assert any(wait <= PROMISED_S for wait in waits)


def test_errors_of_a_second_server_come_as_they_are(
    front: Front, second: Server
) -> None:
    body = {"model": "gpt-oss-120b", "top_logprobs": 21}

    relayed = post(front(second.url), CHAT, body)

    assert relayed == post(second, CHAT, body)
    assert relayed[0] == 400


def test_a_second_servers_models_are_listed_after_ours(
    front: Front, second: Server
) -> None:
    server = front(second.url)

    assert listed(server) == ["of-our-own:latest", *listed(second)]


def test_a_stream_of_ollama_arrives_byte_for_byte(
    front: Front, ollama: StandIn
) -> None:
    body = {"model": "llama3", "messages": []}

    status, stream = post(front(ollama.url), CHAT, body)

    assert status == 200
    assert stream.decode() == "".join(f"{line}\n" for line in CHAT_LINES)


def test_ollama_learns_at_once_that_a_client_has_left(
    front: Front, ollama: StandIn
) -> None:
    server = front(ollama.url)

    waits = (leave_ollama(server, ollama) for _ in range(TRIES))

    assert any(wait <= PROMISED_S for wait in waits)


def leave_ollama(server: Server, ollama: StandIn) -> float:
    """Leave a stream after its first line; seconds until the stand-in knew."""
    connection = connection_to(server)
    messages = [{"role": "user", "content": HOLD}]
    body = {"model": "llama3", "messages": messages}
    connection.request("POST", CHAT, json.dumps(body))
    assert connection.getresponse().readline().decode() == f"{CHAT_LINES[0]}\n"
    left = time.time()
    connection.close()
    return ollama.left(ollama.asked(CHAT)[-1]) - left


def test_what_was_pulled_through_one_worker_is_there_for_all(
    front: Front, ollama: StandIn
) -> None:
    server = front(ollama.url, workers=2)
    name = f"pulled-{time.monotonic_ns()}"
    body = {"model": name, "messages": []}
    statuses = [post(server, CHAT, body)[0] for _ in range(8)]

    ollama.names.append(f"{name}:latest")

    assert statuses == [404] * 8
    assert [post(server, CHAT, body)[0] for _ in range(8)] == [200] * 8


def test_official_clients_get_embeddings(front: Front, ollama: StandIn) -> None:
    url = front(ollama.url).url
    client = official.Client(host=url)

    with contextlib.closing(client._client):
        embedded = client.embed("all-minilm", ["a", "b"])
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none") as compatible:
        answered = compatible.embeddings.create(
            model="all-minilm", input="a", encoding_format="float"
        )

    assert embedded.embeddings == [[0.6, -0.8]]
    assert answered.data[0].embedding == [0.6, -0.8]


SIZED = head(content_type="application/json", content_length="100") + b'{"a":'
CHUNKED = STREAM + chunk(b'{"a":')


@pytest.mark.parametrize("begun", [SIZED, CHUNKED], ids=["sized", "chunked"])
def test_an_answer_that_breaks_off_breaks_off(front: Front, begun: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.send(begun)
        peer.close()

    broken = ByteServer(script)
    server = front(f"http://127.0.0.1:{broken.port}")

    with contextlib.closing(connection_to(server)) as connection:
        connection.request("POST", "/api/embed", '{"model":"m"}')
        response = connection.getresponse()
        with pytest.raises(http.client.IncompleteRead) as caught:
            response.read()
    broken.close()

    assert caught.value.partial == b'{"a":'
    assert "Traceback" not in server.program.output


def test_a_length_that_is_known_is_told(front: Front, ollama: StandIn) -> None:
    with contextlib.closing(connection_to(front(ollama.url))) as connection:
        connection.request("POST", "/api/embed", '{"model":"all-minilm"}')
        response = connection.getresponse()
        told = response.getheader("Content-Length"), response.getheader("Date")
        body = response.read()

    assert told[0] == str(len(body))
    assert told[1] and "," not in told[1].removeprefix(told[1][:4])


def test_a_server_that_nobody_runs_is_named_and_hides_nothing(front: Front) -> None:
    server = front(DEAD)

    status, body = post(server, CHAT, {"model": "zz"})

    assert status == 502
    assert f"cannot reach the Ollama server at {DEAD}: ".encode() in body
    assert listed(server) == ["of-our-own:latest"]


class Bend:
    """An address that is known before the server it leads to."""

    def __init__(self) -> None:
        self.port = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def __enter__(self) -> Bend:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = self._listener.accept()
                thread = threading.Thread(target=self._tunnel, args=(here,))
                self._threads.append(thread)
                thread.start()

    def _tunnel(self, here: socket.socket) -> None:
        with here, socket.create_connection(("127.0.0.1", self.port)) as there:
            back = threading.Thread(target=carry, args=(there, here))
            back.start()
            carry(here, there)
            back.join()


@pytest.fixture(scope="module", params=COMMANDS)
def ring(
    request: pytest.FixtureRequest, own_upstream: ByteServer
) -> Iterator[tuple[Server, Server]]:
    """Two servers, each the other's passthrough."""
    settings = {"CEREBRAS_BASE_URL": own_upstream.base_url, "CEREBRAS_API_KEY": "x"}
    command = COMMANDS[request.param]
    with Bend() as bend:
        far = environment(**settings, OLLAMA_PASSTHROUGH_URL=bend.url)
        with serving(command, far) as two:
            near = environment(**settings, OLLAMA_PASSTHROUGH_URL=two.url)
            with serving(command, near) as one:
                bend.port = urlsplit(one.url).port or 0
                yield one, two


def test_a_ring_of_two_is_refused(ring: tuple[Server, Server]) -> None:
    for server in ring:
        status, body = post(server, "/api/embed", {"model": "zz", "input": "x"})

        assert status == 508
        assert b"OLLAMA_PASSTHROUGH_URL leads back" in body


def test_a_ring_of_two_lists_what_there_is(ring: tuple[Server, Server]) -> None:
    started = time.monotonic()

    assert [listed(server) for server in ring] == [["of-our-own:latest"]] * 2
    assert [post(server, CHAT, {"model": "zz"})[0] for server in ring] == [404] * 2
    assert time.monotonic() - started < 5
