"""`make profile`: profile a worker under load, as a table and a flame graph."""

import contextlib
import http.client
import json
import re
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from tests.cerebras import fake_cerebras
from tests.hot.paced import make_body, worker_pid
from tests.live_server import environment, procfile_command, serving
from tests.processes import PROJECT

PROGRAM = Path(sys.executable).with_name("py-spy")
GRAPH = PROJECT / "instance" / "profile.svg"
CLIENTS = 8
TOKENS_PER_S = "500"
SECONDS = "6"
LINES = 25
ASLEEP = "acquire_with_timeout"  # an idle thread of the pool
LINE_NUMBER = re.compile(r":\d+\)")


@contextlib.contextmanager
def generate_load(url: str) -> Iterator[None]:
    """Run clients that send one streamed request after the other, to both APIs."""
    over = threading.Event()

    def run_client(path: str) -> None:
        while not over.is_set():
            connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
            with contextlib.closing(connection):
                connection.request("POST", path, json.dumps(make_body(path)))
                connection.getresponse().read()

    paths = ["/api/chat", "/v1/chat/completions"] * (CLIENTS // 2)
    threads = [threading.Thread(target=run_client, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def record(pid: int, form: str, output: Path) -> None:
    command = [PROGRAM, "record", "--nonblocking", "--rate", "500", "--format", form]
    arguments = ["--duration", SECONDS, "--pid", str(pid), "--output", output]
    subprocess.run([*command, *arguments], check=True, stderr=subprocess.DEVNULL)


def format_table(stacks: str) -> Iterator[str]:
    """Yield a line for each function: its own time, and with the functions it calls."""
    own: Counter[str] = Counter()
    below: Counter[str] = Counter()
    for line in stacks.splitlines():
        stack, _, samples = line.rpartition(" ")
        frames = LINE_NUMBER.sub(")", stack).split(";")
        if ASLEEP not in frames[-1]:
            own[frames[-1]] += int(samples)
            below.update(dict.fromkeys(frames, int(samples)))
    yield "   own   all"
    for frame, samples in own.most_common(LINES):
        shares = (100 * each / own.total() for each in (samples, below[frame]))
        yield " ".join([*(f"{share:4.1f}%" for share in shares), frame])


def main() -> None:
    GRAPH.parent.mkdir(exist_ok=True)
    with fake_cerebras("--tokens-per-second", TOKENS_PER_S) as fake:
        settings = environment(
            CEREBRAS_BASE_URL=fake.base_url,
            CEREBRAS_API_KEY=fake.key,
            WEB_CONCURRENCY="1",
        )
        with serving(procfile_command(), settings) as server, generate_load(server.url):
            with tempfile.NamedTemporaryFile() as stacks:
                record(worker_pid(server), "raw", Path(stacks.name))
                print(*format_table(stacks.read().decode()), sep="\n")
            record(worker_pid(server), "flamegraph", GRAPH)
    print(f"The flame graph: {GRAPH.relative_to(PROJECT)}")


if __name__ == "__main__":
    main()
