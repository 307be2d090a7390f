"""Send to the client what arrives, as it arrives; the only streaming responses."""

from __future__ import annotations

import errno
import logging
import math
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from flask import Response

from app.errors import Cancelled, CerellamaError, ServerStopping, UpstreamError
from app.http1 import client as http1
from app.translate.dialect import Event, LastEvents, StreamFormat
from app.upstream.passthrough import onward
from app.web import record
from app.web.record import Record

log = logging.getLogger(__name__)

OWN = {"date", "server"}  # headers that whoever serves us gives every answer


class Live(Response):
    """Its frames and headers leave as they are.

    werkzeug would wrap each frame twice, and copy headers to mend what is not there.
    """

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., object]
    ) -> Iterable[bytes]:
        start_response(self.status, self.headers.to_wsgi_list())
        return self

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.response)  # type: ignore[arg-type]  # never of str


def relay(
    batches: Iterable[list[Event]], dialect: StreamFormat, close: Callable[[], None]
) -> Response:
    """One write per batch; a failure becomes the dialect's own last event."""
    told, remaining = _begun(), iter(batches)
    frames = _frames(remaining, dialect, told)
    response = Live(frames, content_type=dialect.mimetype)
    response.headers["X-Accel-Buffering"] = "no"
    response.call_on_close(partial(_finish, remaining, told, close))
    return response


def pass_on(answer: http1.Response) -> Response:
    """Another server's answer as it is, one write per read; it ends as that ends."""
    response = Response(_payload(answer.body, _begun()), answer.status)
    response.headers.clear()
    response.headers.extend(onward(answer.fields, OWN))
    response.headers.setdefault("X-Accel-Buffering", "no")
    response.call_on_close(answer.body.close)
    return response


def _begun() -> Record:
    """The current request's record: from now on its answer is not whole."""
    found = record.current()
    found.whole = False
    return found


def _payload(body: http1.ResponseBody, told: Record) -> Iterator[bytes]:
    try:
        while not body.ended:
            data = body.read(math.inf)
            if data:
                yield data
        told.whole = True
    except (UpstreamError, ServerStopping) as error:
        told.fail(error)
        log.warning("a relayed answer broke off: %s", error)
        # What servers take for a lost client: they close, and say no more of it.
        raise ConnectionResetError(errno.ECONNRESET, str(error)) from error
    except Cancelled:
        return


def _frames(
    batches: Iterable[list[Event]], dialect: StreamFormat, told: Record
) -> Iterator[bytes]:
    try:
        for events in batches:
            if isinstance(events, LastEvents):
                told.cancel.reply_complete = True
                yield dialect.encode_all(events)
                break
            if events:
                yield dialect.encode_all(events)
        told.whole = True
    except CerellamaError as error:
        if type(error) is Cancelled:  # nobody reads any more
            return
        told.fail(error)
        yield dialect.encode_all([dialect.from_error(error)])
    except Exception as error:
        told.fail(error)
        log.exception("a stream failed", extra={"fields": {"id": told.id}})
        failure = CerellamaError("internal server error")
        yield dialect.encode_all([dialect.from_error(failure)])


def _finish(
    remaining: Iterable[list[Event]], told: Record, close: Callable[[], None]
) -> None:
    """Read the upstream's reply to its end, so that its connection can be used again.

    The client has its whole reply already, and need not wait for this.
    """
    try:
        if told.whole:
            for _ in remaining:
                pass
    except CerellamaError:
        pass
    except Exception as error:
        told.fail(error)
        log.exception("a stream failed", extra={"fields": {"id": told.id}})
    finally:
        close()
