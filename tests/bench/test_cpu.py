"""CPU and memory of a process and its descendants."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from bench import cpu

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
    """A process with a child; it works when told, and ends when told again."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        yield process
        process.communicate("\n\n")


def say(process: subprocess.Popen[str], text: str = "") -> str:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(text)
    process.stdin.flush()
    return process.stdout.readline().strip()


def test_a_tree_has_the_children(parent: subprocess.Popen[str]) -> None:
    child = int(say(parent))

    assert cpu.tree(parent.pid) == [parent.pid, child]


def test_work_shows_as_cpu_time(parent: subprocess.Popen[str]) -> None:
    say(parent)
    before = cpu.cpu_ns([parent.pid])
    say(parent, "\n")

    assert cpu.cpu_ns([parent.pid]) - before > 5e6


def test_memory_of_two_is_more_than_of_one(parent: subprocess.Popen[str]) -> None:
    child = int(say(parent))

    assert cpu.rss_kib([parent.pid, child]) > cpu.rss_kib([parent.pid]) > 1000


def test_a_pinned_process_has_one_cpu(parent: subprocess.Popen[str]) -> None:
    say(parent)
    one = {min(os.sched_getaffinity(0))}

    cpu.pin([parent.pid], one)

    assert os.sched_getaffinity(parent.pid) == one


def test_a_process_that_has_ended_counts_nothing() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()

    assert (cpu.cpu_ns([gone.pid]), cpu.rss_kib([gone.pid])) == (0, 0)
