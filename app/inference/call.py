"""`Call`: one request and everything it holds; `Reply`: what is sent back.

The `http` package makes a `Call` and turns the `Reply` into a response. The functions
in between get the `Call` as an argument and do not use Flask.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from app.catalogue.resolve import Target
from app.http1.cancel import CancelToken
from app.inference.record import RequestRecord
from app.inference.services import Services
from app.translate.dialect import Dialect
from app.upstream.passthrough import HOPS, ClientRequest


@dataclass(kw_only=True, eq=False)
class Call:
    """One request.

    A step registers on `on_close` how to release what it acquires: a slot, the watch
    on the client, the upstream stream. Closing the response closes the call.
    """

    services: Services
    dialect: Dialect
    record: RequestRecord
    cancel: CancelToken
    client_request: ClientRequest  # the HTTP request as it was received
    document: Any = None  # the decoded body, before validation
    is_large: bool = False  # validate the body in a thread: streams would wait for it
    requested_name: str = ""  # the model name in the document
    body: dict[str, Any] = field(init=False)  # the validated body
    target: Target = field(init=False)  # the model that the name resolves to
    on_close: ExitStack = field(default_factory=ExitStack)

    @contextmanager
    def closed_on_error(self) -> Iterator[None]:
        """Close the call at once if the block raises, not only with the response."""
        try:
            yield
        except BaseException:
            self.on_close.close()
            raise

    def forget_request(self) -> None:
        """Drop the request, which may be large: its reply has begun.

        From here on `body` is empty and `wants_stream` is not valid any more.
        """
        self.document = None
        self.body = {}
        self.client_request = replace(self.client_request, body=b"")

    @property
    def wants_stream(self) -> bool:
        """Whether the client asked for a stream, by name or by default."""
        return bool(self.body.get("stream", self.dialect.streams_by_default))

    @property
    def hops(self) -> str:
        """The ids of the Cerellama servers that this request has passed."""
        return self.client_request.headers.get(HOPS, "")


@dataclass(frozen=True)
class Reply:
    """What is sent to the client: a whole body, or an iterator of written pieces."""

    body: bytes | Iterator[bytes]
    content_type: str | None = None
    status: int = 200
    headers: Sequence[tuple[str, str]] = ()
