"""All targets up at once, and the upstream they relay."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from bench import cpu, programs
from bench.programs import Program
from bench.targets import TARGETS, Starter, Upstream, tls_before

RELAYS = ("direct", "nginx")  # they speak what the upstream speaks


class Name(NamedTuple):
    target: str
    tls: bool = False


@dataclass(frozen=True)
class Fleet:
    upstream: Program
    load: Path
    targets: dict[Name, Program]

    def port(self, name: Name) -> int:
        return self.targets[name].port if name in self.targets else self.upstream.port

    def ask(self, path: str) -> int:
        """The number that the upstream tells; each question is a connection more."""
        asked = http.client.HTTPConnection("127.0.0.1", self.upstream.port)
        with contextlib.closing(asked):
            asked.request("GET", path)
            (number,) = json.load(asked.getresponse()).values()
            return number

    def pids(self, name: Name) -> list[int]:
        return cpu.tree(self.targets[name].pid) if name in self.targets else []


@contextlib.contextmanager
def running(names: Iterable[Name], checkout: Path) -> Iterator[Fleet]:
    """Compile, then start the upstream and every target that is named."""
    upstream_program, load = programs.build()
    with contextlib.ExitStack() as stack:
        port = programs.free_port()
        command = [upstream_program, str(port)]
        upstream = stack.enter_context(programs.running(command, port))
        plain = Upstream(port)
        behind_tls = Upstream(stack.enter_context(_start(tls_before, plain)).port, True)
        targets = {
            name: stack.enter_context(
                start(name.target, behind_tls if name.tls else plain, checkout)
            )
            for name in names
            if name.target != "direct"
        }
        yield Fleet(upstream, load, targets)


def start(
    target: str, upstream: Upstream, checkout: Path
) -> contextlib.AbstractContextManager[Program]:
    made = TARGETS[target]
    if target.startswith("cerellama"):
        made = partial(made, checkout=checkout)
    return _start(made, upstream)


@contextlib.contextmanager
def _start(made: Starter, upstream: Upstream) -> Iterator[Program]:
    port = programs.free_port()
    begin = made(port, upstream)
    with programs.running(begin.command, port, begin.environ, begin.cwd) as program:
        yield program
