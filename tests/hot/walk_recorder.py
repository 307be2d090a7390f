"""A gunicorn configuration that records one request in a worker: see `walk.py`.

It is the product's configuration with one more hook. The worker's second connection is
recorded; the first one warms up everything that is made once per process.
"""

import json
import os
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[2]
PRODUCT = PROJECT / "gunicorn.conf.py"
exec(compile(PRODUCT.read_text(), str(PRODUCT), "exec"))

APP = str(PROJECT / "app") + os.sep
product_post_worker_init = globals()["post_worker_init"]


class Recorder:
    """A profile function: notes each call of a function of `app/` for one connection.

    Attributes:
        calls: One [file, function, depth] per call, in order; depth counts the frames
            of `app/` on the stack.
    """

    def __init__(self, output):
        self.output = output
        self.connections = 0
        self.recorded = None  # the frame of the recorded connection
        self.calls = []

    def __call__(self, frame, event, arg):
        code = frame.f_code
        if not code.co_filename.startswith(APP) or code.co_name.startswith("<"):
            return
        if event == "call":
            if code.co_qualname == "Worker.serve":
                self.connections += 1
                if self.connections == 2:
                    self.recorded = frame
            depth = depth_below(self.recorded, frame) if self.recorded else 0
            if depth:
                file = code.co_filename.removeprefix(APP)
                self.calls.append([file, code.co_qualname, depth])
        elif event == "return" and frame is self.recorded:
            sys.setprofile(None)
            partial = self.output.with_suffix(".partial")
            partial.write_text(json.dumps(self.calls))
            partial.rename(self.output)


def depth_below(first, frame):
    """Return how many frames of `app/` there are from `first` to `frame`.

    Both are counted. It is 0 if `first` did not lead to `frame`: other greenlets may
    run in between, for example the one that reads the list of models after the start.
    """
    depth = 0
    while frame is not None:
        depth += frame.f_code.co_filename.startswith(APP)
        if frame is first:
            return depth
        frame = frame.f_back
    return 0


def post_worker_init(worker):
    product_post_worker_init(worker)
    sys.setprofile(Recorder(Path(os.environ["WALK_OUTPUT"])))
