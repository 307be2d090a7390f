"""Run slow work in a thread, where it does not delay the streams of the worker."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from gevent import get_hub, monkey

from app.errors import CerellamaError

P = ParamSpec("P")
T = TypeVar("T")


def offload(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return `work(...)`, called in gevent's thread pool if gevent is in use."""

    def run() -> T | CerellamaError:
        try:
            return work(*args, **kwargs)
        except CerellamaError as error:  # the pool would print it if it were raised
            return error

    if not monkey.is_module_patched("threading"):
        return work(*args, **kwargs)
    result: T | CerellamaError = get_hub().threadpool.apply(run)
    if isinstance(result, CerellamaError):
        raise result
    return result
