"""Many clients of slow streams, which only count what comes."""

from __future__ import annotations

import asyncio
import contextlib
import json
from asyncio import StreamReader
from collections.abc import AsyncIterator
from time import monotonic
from urllib.parse import urlsplit

from soak.plan import MODEL

OPENED_PER_SECOND = 200
SPARE_TOKENS = 300  # so that no stream ends by itself while others begin
READ_LIMIT = 4096  # bytes, as one reply's line is small


class Heard:
    """When each stream got its tokens."""

    def __init__(self, streams: int) -> None:
        self.streams = streams
        self.ended = 0
        self.last: dict[int, float] = {}  # token of each stream
        self.by_second: list[int] = []
        self._longest_s = 0.0
        self._now: set[int] = set()

    @property
    def longest_silence_s(self) -> float:
        """Up to now."""
        return max(self._longest_s, monotonic() - min(self.last.values()))

    def begin(self) -> None:
        """Forget how it came to this."""
        self._longest_s = 0.0

    def note(self, number: int) -> None:
        now = monotonic()
        self._longest_s = max(self._longest_s, now - self.last.get(number, now))
        self.last[number] = now
        self._now.add(number)

    async def count_seconds(self) -> None:
        while True:
            self._now.clear()
            await asyncio.sleep(1)
            self.by_second.append(len(self._now))


class Listeners:
    def __init__(self, url: str, streams: int, seconds: int) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "", parts.port or 0
        self.streams = streams
        self.seconds = seconds
        self._tokens = streams // OPENED_PER_SECOND + seconds + SPARE_TOKENS
        self._heard = Heard(streams)

    async def warm_up(self) -> None:
        """A stream from beginning to end: what is made only once is made then."""
        reader, writer = await self._open(1)
        while await reader.readline() not in (b"0\r\n", b""):
            pass
        writer.close()

    @contextlib.asynccontextmanager
    async def all_listening(self) -> AsyncIterator[Heard]:
        """All streams open and speaking; what is heard from then on."""
        heard = self._heard
        async with asyncio.TaskGroup() as group:
            tasks = []
            for number in range(self.streams):
                tasks.append(group.create_task(self._listen(number)))
                await asyncio.sleep(1 / OPENED_PER_SECOND)
            while len(heard.last) < self.streams - heard.ended:
                await asyncio.sleep(0.1)
            heard.begin()
            tasks.append(group.create_task(heard.count_seconds()))
            yield heard
            for task in tasks:
                task.cancel()

    async def _listen(self, number: int) -> None:
        reader, writer = await self._open(self._tokens)
        with contextlib.closing(writer):
            while line := await reader.readline():
                if b'"content"' in line:
                    self._heard.note(number)
            self._heard.ended += 1

    async def _open(self, tokens: int) -> tuple[StreamReader, asyncio.StreamWriter]:
        script = {"content": "word " * tokens, "delta_size": 5, "tokens_per_second": 1}
        said = {"role": "user", "content": f"@fake {json.dumps(script)}"}
        body = json.dumps({"model": MODEL, "messages": [said]}).encode()
        head = f"POST /api/chat HTTP/1.1\r\nHost: {self.host}\r\n"
        size = f"Content-Length: {len(body)}\r\n\r\n"
        opened = asyncio.open_connection(self.host, self.port, limit=READ_LIMIT)
        reader, writer = await opened
        writer.write((head + size).encode() + body)
        return reader, writer
