"""What a request holds while it is upstream, and lets go when its answer is closed."""

from __future__ import annotations

from collections.abc import Callable, Generator

from flask import Response

from app.services import services
from app.web import record
from app.web.current import current_request
from app.web.watch import watch


def holding(answer: Callable[[], Response], *, slot: bool = False) -> Response:
    """What is answered to the current request, in a slot if it needs one."""
    held = _hold(slot)
    next(held)
    try:
        response = answer()
    except BaseException:
        held.close()
        raise
    response.call_on_close(held.close)
    return response


def _hold(slot: bool) -> Generator[None, None, None]:
    """A slot, and an eye on the client, until it is closed, or dropped."""
    cancel, found = record.current().cancel, services()
    stop = watch(current_request().environ, cancel.cancel)
    found.running.join(cancel)
    try:
        if not slot:
            yield
            return
        found.slots.take(cancel)
        try:
            yield
        finally:
            found.slots.give()
    finally:
        found.running.leave(cancel)
        stop()
