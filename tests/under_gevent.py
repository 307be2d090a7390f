"""Run a function in a process that gevent has patched.

`run_under_gevent(function, ...)` starts this file as a program. The program calls the
function and prints its result as JSON.
"""

if __name__ == "__main__":
    from gevent import monkey

    monkey.patch_all()

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from tests.processes import PROJECT


def run_under_gevent(
    function: Callable[..., Any],
    *arguments: str,
    wait: Callable[[], object] = lambda: None,
) -> Any:
    """Return the function's result; close its standard input once `wait` returns."""
    names = function.__module__, function.__name__
    with subprocess.Popen(
        [sys.executable, "-m", "tests.under_gevent", *names, *arguments],
        cwd=PROJECT,
        env=os.environ | {"COVERAGE_CONCURRENCY": "gevent"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        wait()
        stdout, stderr = program.communicate(timeout=60)
    assert (program.returncode, stderr) == (0, "")
    return json.loads(stdout)


if __name__ == "__main__":
    module, name, *arguments = sys.argv[1:]
    print(json.dumps(getattr(importlib.import_module(module), name)(*arguments)))
