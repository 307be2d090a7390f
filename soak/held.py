"""Hold slow streams on one worker: `python -m soak.held --streams 2000`.

Each stream gets a token per second. It prints how many streams got a token, second by
second, and the memory per stream. It exits with 1 if a stream ends early, is silent for
too long, or costs too much memory.
"""

import argparse
import asyncio
import contextlib
import json
import sys
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from time import monotonic
from urllib.parse import urlsplit

from soak.plan import MODEL
from soak.report import Resources, measure_resources
from tests.cerebras import KEY, fake_cerebras
from tests.live_server import environment, procfile_command, serving

MAX_KIB_PER_STREAM = 60.0
MAX_SILENCE_S = 2.5  # a token comes each second
OPENED_PER_SECOND = 200
SPARE_TOKENS = 300  # so that no stream ends while others are opened
READ_LIMIT = 4096  # bytes: each line is small


class StreamTimes:
    """When each stream got its tokens."""

    def __init__(self, streams: int) -> None:
        self.streams = streams
        self.ended = 0
        self.last_token_at: dict[int, float] = {}  # by stream
        self.active_by_second: list[int] = []
        self._longest_silence_s = 0.0
        self._active: set[int] = set()

    @property
    def longest_silence_s(self) -> float:
        current = monotonic() - min(self.last_token_at.values())
        return max(self._longest_silence_s, current)

    def reset_silence(self) -> None:
        self._longest_silence_s = 0.0

    def add_token(self, stream: int) -> None:
        now = monotonic()
        silence_s = now - self.last_token_at.get(stream, now)
        self._longest_silence_s = max(self._longest_silence_s, silence_s)
        self.last_token_at[stream] = now
        self._active.add(stream)

    async def count_seconds(self) -> None:
        while True:
            self._active.clear()
            await asyncio.sleep(1)
            self.active_by_second.append(len(self._active))


class Streams:
    """Many clients that read slow streams."""

    def __init__(self, url: str, count: int, seconds: int) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "", parts.port or 0
        self._count = count
        self._tokens = count // OPENED_PER_SECOND + seconds + SPARE_TOKENS
        self._times = StreamTimes(count)

    async def warm_up(self) -> None:
        """Read one stream to its end, so that the worker has made what it keeps."""
        reader, writer = await self._open(1)
        while await reader.readline() not in (b"0\r\n", b""):
            pass
        writer.close()

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[StreamTimes]:
        """Open all streams; yield once each of them got a token."""
        times = self._times
        async with asyncio.TaskGroup() as group:
            tasks = []
            for number in range(self._count):
                tasks.append(group.create_task(self._read(number)))
                await asyncio.sleep(1 / OPENED_PER_SECOND)
            while len(times.last_token_at) < self._count - times.ended:
                await asyncio.sleep(0.1)
            times.reset_silence()
            tasks.append(group.create_task(times.count_seconds()))
            yield times
            for task in tasks:
                task.cancel()

    async def _read(self, number: int) -> None:
        reader, writer = await self._open(self._tokens)
        with contextlib.closing(writer):
            while line := await reader.readline():
                if b'"content"' in line:
                    self._times.add_token(number)
            self._times.ended += 1

    async def _open(self, tokens: int) -> tuple[StreamReader, StreamWriter]:
        script = {"content": "word " * tokens, "delta_size": 5, "tokens_per_second": 1}
        message = {"role": "user", "content": f"@fake {json.dumps(script)}"}
        body = json.dumps({"model": MODEL, "messages": [message]}).encode()
        head = (
            f"POST /api/chat HTTP/1.1\r\nHost: {self.host}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        reader, writer = await asyncio.open_connection(
            self.host, self.port, limit=READ_LIMIT
        )
        writer.write(head.encode() + body)
        return reader, writer


def main() -> int:
    options = parse()
    settings = {
        "CEREBRAS_API_KEY": KEY,
        "WEB_CONCURRENCY": "1",
        "MAX_UPSTREAM_REQUESTS": str(options.streams),
        "LOG_LEVEL": "error",
    }
    with fake_cerebras() as fake:
        environ = environment(**settings, CEREBRAS_BASE_URL=fake.base_url)
        with serving(procfile_command(), environ) as server:
            streams = Streams(server.url, options.streams, options.seconds)
            return asyncio.run(hold(streams, server.program.pid, options.seconds))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="soak.held", description=__doc__)
    parser.add_argument("--streams", type=int, default=2000)
    parser.add_argument("--seconds", type=int, default=20)
    return parser.parse_args()


async def hold(streams: Streams, pid: int, seconds: int) -> int:
    await streams.warm_up()
    before = measure_resources(pid, streams.port)
    async with streams.opened() as times:
        during = measure_resources(pid, streams.port)
        await asyncio.sleep(seconds)
        return report(times, before, during)


def report(times: StreamTimes, before: Resources, during: Resources) -> int:
    """Print the figures; return 1 if one exceeds its limit."""
    kib_per_stream = (during.rss_mib - before.rss_mib) * 1024 / times.streams
    print(f"{during.from_clients} streams held, {times.ended} ended early")
    print("streams with a token, second by second:", *times.active_by_second)
    print(f"longest silence of a stream: {times.longest_silence_s:.1f} s")
    print(f"memory per stream: {kib_per_stream:.1f} KiB")
    violations = {
        "streams ended early": times.ended > 0,
        f"a stream was silent for more than {MAX_SILENCE_S:g} s": (
            times.longest_silence_s > MAX_SILENCE_S
        ),
        f"a stream takes more than {MAX_KIB_PER_STREAM:g} KiB": (
            kib_per_stream > MAX_KIB_PER_STREAM
        ),
    }
    print(*[text for text, is_true in violations.items() if is_true], sep="\n")
    return int(any(violations.values()))


if __name__ == "__main__":
    sys.exit(main())
