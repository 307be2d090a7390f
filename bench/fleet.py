"""All targets and the upstream, running at the same time."""

import contextlib
import http.client
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from bench import machine, programs
from bench.programs import Program
from bench.targets import TARGETS, Target, Upstream, tls_proxy

UPSTREAM_DIALECT = ("direct", "nginx")  # targets that do not translate


class TargetKey(NamedTuple):
    target: str
    tls: bool = False  # to the upstream


@dataclass(frozen=True)
class Fleet:
    upstream: Program
    load: Path
    targets: dict[TargetKey, Program]

    def port(self, key: TargetKey) -> int:
        return self.targets[key].port if key in self.targets else self.upstream.port

    def query_upstream(self, path: str) -> int:
        """Return a number of the upstream; the query itself opens a connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.upstream.port)
        with contextlib.closing(connection):
            connection.request("GET", path)
            (number,) = json.load(connection.getresponse()).values()
            return number

    def pids(self, key: TargetKey) -> list[int]:
        if key not in self.targets:
            return []
        return machine.process_tree(self.targets[key].pid)


@contextlib.contextmanager
def running(keys: Iterable[TargetKey], checkout: Path) -> Iterator[Fleet]:
    """Compile the programs, then start the upstream and these targets."""
    upstream_program, load = programs.build()
    with contextlib.ExitStack() as stack:
        port = programs.free_port()
        command = [upstream_program, str(port)]
        upstream = stack.enter_context(programs.running(command, port))
        plain = Upstream(port)
        proxy = stack.enter_context(_start(tls_proxy, plain))
        with_tls = Upstream(proxy.port, True)
        targets = {
            key: stack.enter_context(
                start(key.target, with_tls if key.tls else plain, checkout)
            )
            for key in keys
            if key.target != "direct"
        }
        yield Fleet(upstream, load, targets)


def start(
    name: str, upstream: Upstream, checkout: Path
) -> contextlib.AbstractContextManager[Program]:
    target = TARGETS[name]
    if name.startswith("cerellama"):
        target = partial(target, checkout=checkout)
    return _start(target, upstream)


@contextlib.contextmanager
def _start(target: Target, upstream: Upstream) -> Iterator[Program]:
    port = programs.free_port()
    run = target(port, upstream)
    with programs.running(run.command, port, run.environ, run.cwd) as program:
        yield program
