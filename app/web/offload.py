"""Slow pure work runs where it stalls no stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from gevent import get_hub, monkey

from app.errors import CerellamaError

P = ParamSpec("P")
T = TypeVar("T")


def offload(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `work` in gevent's thread pool; under plain threads simply call it."""

    def attempt() -> T | CerellamaError:
        try:
            return work(*args, **kwargs)
        except CerellamaError as error:  # raised there, the pool would print it
            return error

    if not monkey.is_module_patched("threading"):
        return work(*args, **kwargs)
    result: T | CerellamaError = get_hub().threadpool.apply(attempt)
    if isinstance(result, CerellamaError):
        raise result
    return result
