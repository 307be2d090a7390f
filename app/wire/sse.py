"""Server-sent events as bytes: https://html.spec.whatwg.org/#parsing-an-event-stream.

Only an event's data is kept, for nothing we read has a name or an id. Lines end with
\\n, \\r\\n or \\r and with nothing else: JSON may hold any other line break raw.
"""

from __future__ import annotations

from app.errors import UpstreamError

MIMETYPE = "text/event-stream"
MAX_EVENT_BYTES = 16 * 1024 * 1024
DATA, END = b"data: ", b"\n\n"  # around the line of the usual event


class Decoder:
    """Cuts a stream, however it arrives, into the data of whole events."""

    def __init__(self) -> None:
        self._rest = bytearray()  # of an event that is not yet whole
        self._after_cr = False

    def feed(self, data: bytes) -> list[bytes]:
        """The data of every event that `data` completes; mostly that is one line."""
        if (
            data.startswith(DATA)
            and data.endswith(END)
            and data.find(b"\n") == len(data) - len(END) > len(DATA)
            and data.find(b"\r") < 0  # twice as fast as `in`
            and not (self._rest or self._after_cr)
        ):
            return [data[len(DATA) : -len(END)]]
        if self._after_cr or b"\r" in data:
            data = self._with_line_feeds(data)
        if self._rest:
            seam = len(self._rest) - 1
            self._rest += data
            if self._rest.find(END, seam) < 0:
                self._check_size()
                return []
            data = bytes(self._rest)
            self._rest.clear()
        whole, end, rest = data.rpartition(END)
        if rest:
            self._rest += rest
            self._check_size()
        return split(whole) if end else []

    def _with_line_feeds(self, data: bytes) -> bytes:
        if self._after_cr and data:
            data = data.removeprefix(b"\n")
            self._after_cr = False
        if b"\r" in data:
            self._after_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return data

    def _check_size(self) -> None:
        if len(self._rest) > MAX_EVENT_BYTES:
            self._rest.clear()
            raise UpstreamError("Cerebras sent an event without an end")


def split(whole: bytes) -> list[bytes]:
    """The data of whole events; mostly each is one line of it, and nothing else."""
    events = whole[len(DATA) :].split(END + DATA)
    if (
        whole.startswith(DATA)
        and whole.count(b"\n") == 2 * len(events) - 2
        and b"" not in events
    ):
        return events
    return [event for event in map(parse, whole.split(END)) if event]


def parse(block: bytes) -> bytes:
    """The data of one event's lines, empty when they hold none."""
    fields = [line.partition(b":") for line in block.split(b"\n")]
    return b"\n".join(
        [value.removeprefix(b" ") for name, _, value in fields if name == b"data"]
    )


def encode(data: bytes, event: str | None = None) -> bytes:
    """Frame one event."""
    name = b"event: %b\n" % event.encode() if event else b""
    return b"%bdata: %b\n\n" % (name, data.replace(b"\n", b"\ndata: "))
