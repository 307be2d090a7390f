"""Server-sent events as bytes: https://html.spec.whatwg.org/#parsing-an-event-stream.

The decoder keeps the data of an event only: Cerebras' events have no name and no id.
Lines end with \\n, \\r\\n or \\r; other Unicode line breaks may stand raw in JSON.
"""

from app.errors import UpstreamError

MIMETYPE = "text/event-stream"
MAX_EVENT_BYTES = 16 * 1024 * 1024
DATA, END = b"data: ", b"\n\n"  # the usual event is one line between these


class Decoder:
    """Split a stream that arrives in arbitrary pieces into events."""

    def __init__(self) -> None:
        self._rest = bytearray()  # the start of an incomplete event
        self._after_cr = False

    def feed(self, data: bytes) -> list[bytes]:
        """Return the data of each event that `data` completes.

        Raise `UpstreamError` if an event exceeds `MAX_EVENT_BYTES`.
        """
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
        events, end, rest = data.rpartition(END)
        if rest:
            self._rest += rest
            self._check_size()
        return split(events) if end else []

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


def split(events: bytes) -> list[bytes]:
    """Return the data of complete events, without the last one's blank line."""
    payloads = events[len(DATA) :].split(END + DATA)
    if (  # each event is a single line of data
        events.startswith(DATA)
        and events.count(b"\n") == 2 * len(payloads) - 2
        and b"" not in payloads
    ):
        return payloads
    return [data for data in map(parse, events.split(END)) if data]


def parse(event: bytes) -> bytes:
    """Return the joined data lines of one event, empty if it has none."""
    fields = [line.partition(b":") for line in event.split(b"\n")]
    return b"\n".join(
        [value.removeprefix(b" ") for name, _, value in fields if name == b"data"]
    )


def encode(data: bytes, event: str | None = None) -> bytes:
    """Return `data` framed as an event, named `event` if given."""
    name = b"event: %b\n" % event.encode() if event else b""
    return b"%bdata: %b\n\n" % (name, data.replace(b"\n", b"\ndata: "))
