"""The interface of a dialect: the request and reply format of one API endpoint.

An event is one object of a stream: a dict that is not framed yet, or bytes that are
(a run of texts, a keep-alive).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from app.domain.models import Model
from app.domain.presets import Preset
from app.errors import CerellamaError
from app.translate import derived
from app.translate.fit import images_of
from app.wire import json_codec
from app.wire.completion import Chunk
from app.wire.token_estimate import BYTES_PER_TOKEN

if TYPE_CHECKING:
    from app.translate.reply_writer import ReplyWriter  # it imports this module

Body = Mapping[str, Any]  # a validated request body
Event = dict[str, Any] | bytes

NS_PER_S = 1_000_000_000
PLACEHOLDER = "\0"


@dataclass(frozen=True)
class ReplyContext:
    """What a dialect needs to know of a request to write its reply."""

    name: str  # of the model, as the client spelled it
    clock: Callable[[], int]  # nanoseconds since 1970
    new_id: Callable[[], str]  # eight characters of [a-z0-9]
    started_ns: int
    remote: Mapping[str, str] = field(default_factory=dict)  # remote_model, remote_host
    thinking: bool = True  # False hides the model's reasoning
    silence_ns: int = 15_000_000_000  # a stream sends a keep-alive after this long
    prompt_tokens: int = 1  # estimate, used if the upstream sends no usage
    body: Body = field(default_factory=dict)  # without its messages or input
    request: Body = field(default_factory=dict)  # if replies_with_history

    def reply_id(self, prefix: str) -> str:
        """Return a new id of 24 characters after the prefix."""
        return prefix + "".join(self.new_id() for _ in range(3))


@dataclass(frozen=True)
class EventStream:
    """A streamed reply: a list of events per batch, and how to report a failure."""

    events: Iterable[list[Event]]
    error: Callable[[CerellamaError], dict[str, Any]]  # -> the last event


class Dialect(ABC):
    """The request and reply format of one API endpoint.

    Dialects are stateless and do no I/O. The abstract methods are common to all
    endpoints of one API, so a subclass that defines only those can write the errors of
    the API's other routes.
    """

    stream_mimetype: ClassVar[str]
    content_type: ClassVar[str]  # of a whole reply
    stream_headers: ClassVar[Mapping[str, str]] = {}  # besides Content-Type
    streams_by_default: ClassVar[bool] = False
    model_required: ClassVar[bool] = True  # whether a blank model name is an error
    replies_with_history: ClassVar[bool] = False  # needs ReplyContext.request
    request_id_header: ClassVar[str | None] = None  # besides X-Request-Id

    # Requests

    def check(self, body: Body) -> None:  # noqa: B027  # optional to override
        """Raise InvalidRequest for a fault that the schema does not find."""

    def needs(self, body: Body) -> Mapping[str, bool]:
        """Map capabilities to whether the request needs them, in order of refusal."""
        raise NotImplementedError

    def is_empty(self, body: Body) -> bool:
        """Return whether the request only loads or unloads its model."""
        return False

    def images(self, body: Body) -> Iterator[str]:
        """Yield the request's images in base64."""
        return iter(())

    def to_upstream(self, body: Body, model: Model) -> dict[str, Any]:
        """Return the request in the upstream form, without "model"."""
        raise NotImplementedError

    def ignored(self, body: Body) -> Sequence[str]:
        """Return the names of requested features that are left out, for the log."""
        return ()

    def inherit(self, preset: Preset, body: Body) -> Body:
        """Return the body with the fields that it leaves to its derived model."""
        return body

    def apply_preset(self, preset: Preset, request: Body, body: Body) -> dict[str, Any]:
        """Return the request in the upstream form with the preset applied to it."""
        return derived.apply(preset, request, body)

    # Replies

    def shows_thinking(self, body: Body) -> bool:
        """Return whether the reply shows the model's reasoning."""
        return False

    def prompt_tokens(self, body: Body, body_bytes: int) -> int:
        """Return an estimate of the request's prompt tokens, from its size in bytes."""
        return 1 + body_bytes // BYTES_PER_TOKEN

    def writer(self, context: ReplyContext) -> "ReplyWriter":
        """Return the writer of one reply."""
        raise NotImplementedError

    def reply(self, completion: Chunk, context: ReplyContext) -> dict[str, Any]:
        """Return the whole reply."""
        return self.writer(context).whole(completion)

    def stream(
        self, batches: Iterable[Sequence[Chunk]], context: ReplyContext
    ) -> EventStream:
        """Return the events for each batch.

        The stream ends as soon as the finish reason and the usage are known, even if
        the upstream sends more.
        """
        return EventStream(self.writer(context).stream(batches), self.error)

    def check_load(self, body: Body, preset: Preset | None) -> None:
        """Raise InvalidRequest if an empty request, which loads its model, is wrong."""
        raise NotImplementedError

    def load_reply(self, context: ReplyContext, reason: str) -> dict[str, Any]:
        """Return the reply to an empty request; `reason` is "load" or "unload"."""
        raise NotImplementedError

    def debug_reply(self, request: Body, context: ReplyContext) -> dict[str, Any]:
        """Return the reply to a request with `_debug_render_only`."""
        raise NotImplementedError

    @abstractmethod
    def error(self, error: CerellamaError) -> dict[str, Any]:
        """Return an error as a reply's body, or as the last event of a stream."""

    # Bytes

    def encode(self, body: Body) -> bytes:
        """Return a whole reply as bytes."""
        return json_codec.encode(body)

    @abstractmethod
    def frame(self, event: dict[str, Any]) -> bytes:
        """Return one event of a stream as bytes."""

    def frame_all(self, events: Sequence[Event]) -> bytes:
        """Return a batch of events as bytes.

        Most batches are one run of texts that is framed already: this is a hot path.
        """
        if len(events) == 1 and isinstance(events[0], bytes):
            return events[0]
        return b"".join(
            [
                event if isinstance(event, bytes) else self.frame(event)
                for event in events
            ]
        )


def debug_info(request: Body) -> dict[str, Any]:
    """Return `_debug_info`: the upstream form, since only the upstream has a prompt."""
    info = {"rendered_template": json_codec.encode(request).decode()}
    count = len(images_of(request.get("messages") or ()))
    return {**info, "image_count": count} if count else info


def frame_around(
    frame: Callable[[dict[str, Any]], bytes], build: Callable[[str], dict[str, Any]]
) -> tuple[bytes, bytes]:
    """Return the bytes before and after a text in the framed event `build(text)`.

    With them `frame_texts` can frame texts without building an event for each.
    """
    framed = frame(build(PLACEHOLDER))
    head, tail = framed.split(json_codec.encode(PLACEHOLDER))
    return head, tail


def frame_texts(head: bytes, texts: Sequence[str], tail: bytes) -> bytes:
    """Return an event for each text: its JSON string between `head` and `tail`."""
    if len(texts) == 1:
        framed = head + json_codec.encode_raw(texts[0]) + tail
    else:
        framed = head + (tail + head).join(map(json_codec.encode_raw, texts)) + tail
    return framed if framed.isascii() else json_codec.escape_line_breaks(framed)
