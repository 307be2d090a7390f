"""`make profile`: where a worker's time goes under load, as table and flame graph."""

from __future__ import annotations

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
from tests.hot.paced import body, worker_of
from tests.live_server import environment, procfile_command, serving
from tests.processes import PROJECT

PROGRAM = Path(sys.executable).with_name("py-spy")
GRAPH = PROJECT / "instance" / "profile.svg"
CLIENTS = 8
TOKENS_PER_S = "500"
SECONDS = "6"
LINES = 25
ASLEEP = "acquire_with_timeout"  # a thread of the pool without work
LINE_NUMBER = re.compile(r":\d+\)")


@contextlib.contextmanager
def load(url: str) -> Iterator[None]:
    """Clients that ask for one streamed answer after the other, in both dialects."""
    over = threading.Event()

    def ask(path: str) -> None:
        while not over.is_set():
            asked = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
            with contextlib.closing(asked):
                asked.request("POST", path, json.dumps(body(path)))
                asked.getresponse().read()

    paths = ["/api/chat", "/v1/chat/completions"] * (CLIENTS // 2)
    threads = [threading.Thread(target=ask, args=(path,)) for path in paths]
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
    further = ["--duration", SECONDS, "--pid", str(pid), "--output", output]
    subprocess.run([*command, *further], check=True, stderr=subprocess.DEVNULL)


def table(stacks: str) -> Iterator[str]:
    """The functions by their own share of the time, and by that of all below them."""
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
        with serving(procfile_command(), settings) as server, load(server.url):
            with tempfile.NamedTemporaryFile() as stacks:
                record(worker_of(server), "raw", Path(stacks.name))
                print(*table(stacks.read().decode()), sep="\n")
            record(worker_of(server), "flamegraph", GRAPH)
    print(f"The flame graph: {GRAPH.relative_to(PROJECT)}")


if __name__ == "__main__":
    main()
