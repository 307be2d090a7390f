"""What a request holds while it is upstream, and lets go when its answer is closed."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial

from flask import Request, Response, request

from app.services import services
from app.upstream.slots import Slots
from app.web import record
from app.web.watch import watch


def holding(answer: Callable[[], Response], slots: Slots | None = None) -> Response:
    """What is answered to the current request; with a slot, if they are given."""
    held = _hold(slots)
    next(held)
    try:
        response = answer()
    except BaseException:
        held.close()
        raise
    response.call_on_close(partial(next, held, None))
    return response


def _hold(slots: Slots | None) -> Generator[None, None, None]:
    """A slot, and an eye on the client, from one step to the next, or being dropped."""
    asked: Request = request._get_current_object()  # type: ignore[attr-defined]
    cancel, running = record.current().cancel, services().running
    stop = watch(asked.environ, cancel.trip)
    running.join(cancel)
    try:
        if slots is None:
            yield
            return
        slots.take(cancel)
        try:
            yield
        finally:
            slots.give()
    finally:
        running.leave(cancel)
        stop()
