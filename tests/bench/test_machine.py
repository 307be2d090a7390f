"""CPU time and memory of a process and its descendants."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from bench import machine

PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
print(child.pid, flush=True)
input()
sum(range(3_000_000))
print("worked", flush=True)
input()
child.communicate(b"end")
"""


@pytest.fixture
def parent() -> Iterator[subprocess.Popen[str]]:
    """A process with a child; it computes after a first line, exits after a second."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        yield process
        process.communicate("\n\n")


def exchange(process: subprocess.Popen[str], text: str = "") -> str:
    """Write to a process and return the next line that it prints."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(text)
    process.stdin.flush()
    return process.stdout.readline().strip()


def test_cpu_time_and_memory_add_up_over_a_process_tree(
    parent: subprocess.Popen[str],
) -> None:
    child = int(exchange(parent))
    before_ns = machine.cpu_ns([parent.pid])
    exchange(parent, "\n")

    assert machine.process_tree(parent.pid) == [parent.pid, child]
    assert machine.cpu_ns([parent.pid]) - before_ns > 5e6
    both, one = machine.rss_kib([parent.pid, child]), machine.rss_kib([parent.pid])
    assert both > one > 1000


def test_pin_restricts_a_process_to_cpus(parent: subprocess.Popen[str]) -> None:
    exchange(parent)
    cpus = {min(os.sched_getaffinity(0))}

    machine.pin([parent.pid], cpus)

    assert os.sched_getaffinity(parent.pid) == cpus


def test_ended_process_counts_as_zero() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()

    assert machine.cpu_ns([process.pid]) == machine.rss_kib([process.pid]) == 0
