"""Send a dialect's events to the client as they arrive; the only streaming Response."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator

from flask import Response

from app.errors import Cancelled, CerellamaError
from app.translate.dialect import Dialect, Event

log = logging.getLogger(__name__)


def relay(
    batches: Iterable[list[Event]], dialect: Dialect, close: Callable[[], None]
) -> Response:
    """One write per batch; a failure becomes the dialect's own last event."""
    response = Response(
        _frames(batches, dialect),
        content_type=dialect.mimetype,
        headers={"X-Accel-Buffering": "no"},
    )
    response.call_on_close(close)
    return response


def _frames(batches: Iterable[list[Event]], dialect: Dialect) -> Iterator[bytes]:
    try:
        for events in batches:
            if events:
                yield dialect.encode_all(events)
    except Cancelled:
        return
    except CerellamaError as error:
        yield dialect.encode_all([dialect.from_error(error)])
    except Exception:
        log.exception("a stream failed")
        failure = CerellamaError("internal server error")
        yield dialect.encode_all([dialect.from_error(failure)])
