"""What goes to the passthrough instead of a view, and what its lists add to ours."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from flask import Response, make_response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ClientDisconnected

from app.catalogue import resolve
from app.catalogue.passthrough_models import Entry, name_of
from app.domain.models import Listed
from app.errors import UpstreamError
from app.schemas.base import BodySchema, fold_keys
from app.services import services
from app.upstream.passthrough import HOPS, Message, Upload
from app.web import body as bodies
from app.web import record
from app.web.hold import holding
from app.web.relay import pass_on
from app.wire import names

View = Callable[[dict[str, Any]], ResponseReturnValue]

# Pulling and creating may be silent for as long as it takes; the client can leave.
LONG_WORK_S = 24 * 3600.0
UPLOAD_READ_BYTES = 64 * 1024
OLLAMAS_PATHS = {"/chat/completions": "/v1/chat/completions"}
PATH_SAFE = "/:@!$&'()*+,;=~"
QUERY_SAFE = "".join(map(chr, range(ord("!"), ord("~") + 1)))  # stays as it came


def relayable(
    schema: BodySchema,
    *,
    keys: Sequence[str] = ("model", "name"),
    listed: bool = True,
    silence_s: float | None = None,
) -> Callable[[View], Callable[[], Response]]:
    """Call the view with the checked body, unless the passthrough answers.

    For routes that ask nothing of Cerebras; `@inference` does the same for the others.
    """

    def decorate(view: View) -> Callable[[], Response]:
        @functools.wraps(view)
        def answer() -> Response:
            body = body_or_answer(schema, keys=keys, listed=listed, silence_s=silence_s)
            return body if isinstance(body, Response) else make_response(view(body))

        return answer

    return decorate


def body_or_answer(
    schema: BodySchema,
    *,
    keys: Sequence[str] = ("model",),
    listed: bool = True,
    silence_s: float | None = None,
) -> dict[str, Any] | Response:
    """The checked body, or the passthrough's answer if the model it names is there.

    The passthrough gets a body unchecked, for it may take more than we know. `keys` are
    those a name may stand under; see `is_elsewhere` for `listed`.
    """
    received = bodies.read_body(schema)
    name = name_in(received.document, keys)
    record.current().name = name
    if is_elsewhere(name, listed=listed):
        return relay_to_passthrough(received.data, silence_s=silence_s)
    return bodies.check(received, schema)


def is_elsewhere(name: str, *, listed: bool = True) -> bool:
    """Whether the passthrough answers for a model: it has it, and nobody before it.

    Not `listed`: it answers for every name that nobody before it has.
    """
    found = services()
    if found.passthrough is None:
        return False
    return resolve.is_on_passthrough(
        name,
        found.catalogue,
        found.store,
        lambda parsed: not listed or found.elsewhere.has(parsed, hops()),
    )


def relay_to_passthrough(
    data: bytes | Upload = b"", *, silence_s: float | None = None
) -> Response:
    """Send the current request on as it is; `data` is its body, which has been read.

    `silence_s` is for work that may say nothing for longer than an answer may.
    """
    asked, passthrough = record.current(), services().passthrough
    asked.model = record.PASSTHROUGH
    assert passthrough is not None, "is_elsewhere says whether there is one"
    message = Message(request.method, target(), dict(request.headers), data)

    def answer() -> Response:
        sent = passthrough.send(message, asked.cancel, idle_timeout_s=silence_s)
        return pass_on(sent)

    return holding(answer)


def relay_upload_to_passthrough() -> Response:
    """Send the current request on while its body, of any size, is still coming."""
    request.max_content_length = sys.maxsize
    return relay_to_passthrough(Incoming(), silence_s=LONG_WORK_S)


class Incoming:
    """The body of the current request, read as it is sent on."""

    def __len__(self) -> int:
        return request.content_length or 0

    def __iter__(self) -> Iterator[bytes]:
        left = len(self)
        while data := request.stream.read(UPLOAD_READ_BYTES):
            left -= len(data)
            yield data
        if left > 0:  # else an answer would be waited for that cannot come
            raise ClientDisconnected


def further(
    entries: Callable[[str], list[Entry]], own: Iterable[Listed]
) -> list[Entry]:
    """What a list of the passthrough's adds to our own; nothing while it fails.

    A name that one of our own models has leads to that one: it is listed once.
    """
    taken = {names.parse(model.name).key for model in own}
    try:
        return [entry for entry in entries(hops()) if is_for_elsewhere(entry, taken)]
    except UpstreamError:
        return []  # logged once, by the list


def is_for_elsewhere(entry: Entry, taken: Container[str]) -> bool:
    name = name_of(entry)
    if name is None or name.key in taken:
        return False
    return services().catalogue.find(name) is None


def name_in(document: Any, keys: Sequence[str]) -> str:
    """The model that a body names, before anything of it is checked."""
    if not isinstance(document, dict):
        return ""
    folded = fold_keys(document)
    for name in map(folded.get, keys):
        if name and isinstance(name, str):
            return name
    return ""


def hops() -> str:
    """The servers of our kind that the current request has passed."""
    return request.headers.get(HOPS, "")


def target() -> str:
    """Path and query of the current request, as an Ollama knows them."""
    query = quote(request.query_string, safe=QUERY_SAFE)
    path = OLLAMAS_PATHS.get(request.path, request.path)
    return quote(path, safe=PATH_SAFE) + ("?" + query if query else "")
