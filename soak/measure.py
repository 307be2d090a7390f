"""What a tree of processes holds: memory, and descriptors by kind."""

from __future__ import annotations

from dataclasses import dataclass

import psutil

MIB = 1 << 20


@dataclass(frozen=True)
class Held:
    rss_mib: float  # unlike PSS it stays as it is when forked pages part
    files: int  # all descriptors
    from_clients: int  # connections
    to_upstream: int


def held(pid: int, port: int) -> Held:
    """By the server with this pid, which listens at that port, and its workers."""
    root = psutil.Process(pid)
    tree = [root, *root.children(recursive=True)]
    sockets = [
        each.laddr.port
        for process in tree
        for each in process.net_connections(kind="tcp")
        if each.raddr
    ]
    return Held(
        rss_mib=sum(each.memory_info().rss for each in tree) / MIB,
        files=sum(each.num_fds() for each in tree),
        from_clients=sockets.count(port),
        to_upstream=len(sockets) - sockets.count(port),
    )
