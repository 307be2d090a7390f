"""Make the `Reply` from the upstream's answer: a whole body or a stream."""

import errno
import logging
import math
import random
import string
import time
from collections.abc import Iterator, Mapping
from typing import Any

from app.errors import Cancelled, CerellamaError, ServerStopping, UpstreamError
from app.http1.client import Response as UpstreamResponse
from app.inference.call import Call, Reply
from app.inference.record import RequestRecord
from app.inference.sending import ChunkBatches
from app.translate.dialect import Dialect, EventStream, ReplyContext
from app.upstream.passthrough import end_to_end_headers
from app.wire.completion import Chunk

log = logging.getLogger(__name__)

ID_ALPHABET = string.ascii_lowercase + string.digits
ID_LENGTH = 8
NO_BUFFERING = ("X-Accel-Buffering", "no")  # nginx passes each piece on at once
# A stream must not keep a long conversation in memory until it ends.
CONVERSATION = ("messages", "input")
SERVER_HEADERS = {"date", "server"}  # the HTTP server sets these on every response


def reply_context(call: Call, request: Mapping[str, Any]) -> ReplyContext:
    """Return what the dialect needs to know of the request to write its reply."""
    dialect, record = call.dialect, call.record
    return ReplyContext(
        name=call.target.name,
        clock=time.time_ns,
        new_id=new_id,
        started_ns=record.started_ns,
        remote={
            "remote_model": record.model,
            "remote_host": call.services.remote_host,
        },
        thinking=dialect.shows_thinking(call.body),
        silence_ns=round(call.services.upstream.silence_s * 1e9),
        prompt_tokens=dialect.prompt_tokens(call.body, len(call.client_request.body)),
        body={key: call.body[key] for key in call.body if key not in CONVERSATION},
        request=request if dialect.replies_with_history else {},
    )


def json_reply(dialect: Dialect, body: Mapping[str, Any]) -> Reply:
    """Return a reply of one JSON object."""
    return Reply(dialect.encode(body), content_type=dialect.content_type)


def completion_reply(
    call: Call, request: Mapping[str, Any], completion: Chunk
) -> Reply:
    """Return a completion as one JSON object."""
    context = reply_context(call, request)
    return json_reply(call.dialect, call.dialect.reply(completion, context))


def stream_reply(call: Call, request: Mapping[str, Any], answer: ChunkBatches) -> Reply:
    """Return a stream of events; closing the call closes the upstream stream."""
    call.on_close.callback(_close_stream, call, answer)
    stream = call.dialect.stream(answer.batches, reply_context(call, request))
    call.forget_request()
    return events_reply(stream, call.dialect, call.record)


def _close_stream(call: Call, answer: ChunkBatches) -> None:
    """Close the upstream stream, which may read its rest to reuse the connection.

    A client that disconnects after its complete reply must not cancel that.
    """
    call.cancel.reply_complete = call.record.complete
    answer.close()


def events_reply(stream: EventStream, dialect: Dialect, record: RequestRecord) -> Reply:
    """Return a stream that writes once per list of events."""
    record.complete = False
    return Reply(
        _frames(stream, dialect, record),
        content_type=dialect.stream_mimetype,
        headers=[NO_BUFFERING, *dialect.stream_headers.items()],
    )


def _frames(
    stream: EventStream, dialect: Dialect, record: RequestRecord
) -> Iterator[bytes]:
    """Yield the framed events; an error becomes the last event of the stream."""
    try:
        for events in stream.events:
            if events:
                yield dialect.frame_all(events)
        record.complete = True
    except CerellamaError as error:
        if type(error) is Cancelled:  # the client has disconnected
            return
        record.fail(error)
        yield dialect.frame_all([stream.error(error)])
    except Exception as error:
        record.fail(error)
        log.exception("a stream failed", extra={"fields": {"id": record.id}})
        failure = CerellamaError("internal server error")
        yield dialect.frame_all([stream.error(failure)])


def relay_reply(call: Call, response: UpstreamResponse) -> Reply:
    """Return another server's response unchanged, written once per read."""
    call.record.complete = False
    call.on_close.callback(response.body.close)
    headers = end_to_end_headers(response.fields, SERVER_HEADERS)
    if not any(name.lower() == NO_BUFFERING[0].lower() for name, _ in headers):
        headers.append(NO_BUFFERING)
    return Reply(_relay(response, call.record), status=response.status, headers=headers)


def _relay(response: UpstreamResponse, record: RequestRecord) -> Iterator[bytes]:
    body = response.body
    try:
        while not body.ended:
            if data := body.read(math.inf):
                yield data
        record.complete = True
    except (UpstreamError, ServerStopping) as error:
        record.fail(error)
        log.warning("a relayed response was cut short: %s", error)
        # The HTTP server takes this for a lost client and closes the connection. Only
        # that shows the client that the response is not complete.
        raise ConnectionResetError(errno.ECONNRESET, str(error)) from error
    except Cancelled:
        return


def new_id() -> str:
    """Return eight random characters of [a-z0-9]."""
    return "".join(random.choices(ID_ALPHABET, k=ID_LENGTH))
