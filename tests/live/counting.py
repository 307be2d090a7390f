"""The app, with one more path that returns what its worker holds."""

import gc
import json
import os
from collections.abc import Callable, Iterable
from typing import Any

from gevent.hub import Hub
from greenlet import greenlet

from wsgi import app

PATH = "/_held"

serve = app.wsgi_app


def count_or_serve(
    environ: dict[str, Any], start_response: Callable[..., Any]
) -> Iterable[bytes]:
    if environ["PATH_INFO"] != PATH:
        return serve(environ, start_response)
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(count_held()).encode()]


def count_held() -> dict[str, int]:
    gc.collect()
    objects = gc.get_objects()
    alive = [each for each in objects if isinstance(each, greenlet) and not each.dead]
    return {
        "greenlets": sum(not isinstance(each, Hub) for each in alive),
        "objects": len(objects),
        "files": len(os.listdir("/proc/self/fd")),
    }


app.wsgi_app = count_or_serve  # type: ignore[method-assign]  # documented by Flask
