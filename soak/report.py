"""Figures for people: who ended how, what was held, what was promised and broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import fields

from soak.measure import Held


def outcomes(ended: Counter[tuple[str, str]]) -> str:
    """One row for each fault or manner, one column for each outcome."""
    columns = sorted({outcome for _, outcome in ended})
    rows = [["", *columns]]
    for kind in sorted({kind for kind, _ in ended}):
        rows.append([kind, *(str(ended[kind, column] or "") for column in columns)])
    totals = [sum(n for (_, o), n in ended.items() if o == c) for c in columns]
    rows.append(["all", *map(str, totals)])
    return table(rows)


def holdings(**moments: Held) -> str:
    names = [each.name for each in fields(Held)]
    rows = [["", *(name.replace("_", " ") for name in names)]]
    for moment, held in moments.items():
        rows.append([moment, *(f"{getattr(held, name):.4g}" for name in names)])
    return table(rows)


def latencies(seconds: Sequence[float]) -> str:
    """Of answers that nothing delayed, until their head."""
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
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
