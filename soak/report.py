"""The resources that a server holds, and the tables that the soak prints."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

import psutil

MIB = 1 << 20


@dataclass(frozen=True)
class Resources:
    """What a server and its workers hold."""

    rss_mib: float  # RSS, as PSS changes when forked pages are copied
    files: int  # all descriptors
    from_clients: int  # connections
    to_upstream: int


def measure_resources(pid: int, port: int) -> Resources:
    """Measure the server with this pid, which listens on this port."""
    root = psutil.Process(pid)
    processes = [root, *root.children(recursive=True)]
    local_ports = [
        connection.laddr.port
        for process in processes
        for connection in process.net_connections(kind="tcp")
        if connection.raddr
    ]
    from_clients = local_ports.count(port)
    return Resources(
        rss_mib=sum(each.memory_info().rss for each in processes) / MIB,
        files=sum(each.num_fds() for each in processes),
        from_clients=from_clients,
        to_upstream=len(local_ports) - from_clients,
    )


def outcome_table(outcomes: Counter[tuple[str, str]]) -> str:
    """Return a row for each fault or behaviour, a column for each outcome."""
    columns = sorted({outcome for _, outcome in outcomes})
    rows = [["", *columns]]
    for kind in sorted({kind for kind, _ in outcomes}):
        rows.append([kind, *(str(outcomes[kind, column] or "") for column in columns)])
    totals = [sum(n for (_, o), n in outcomes.items() if o == c) for c in columns]
    rows.append(["all", *map(str, totals)])
    return table(rows)


def resource_table(**moments: Resources) -> str:
    names = [each.name for each in fields(Resources)]
    rows = [["", *(name.replace("_", " ") for name in names)]]
    for moment, resources in moments.items():
        rows.append([moment, *(f"{getattr(resources, name):.4g}" for name in names)])
    return table(rows)


def first_byte_line(seconds: Sequence[float]) -> str:
    if not seconds:
        return "no first bytes"
    ordered = sorted(seconds)
    p50, p99 = (ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.99))
    return f"first byte: p50 {p50 * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms"


def table(rows: Iterable[Sequence[str]]) -> str:
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
