"""Models in the shapes of `/v1/models`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple


class Entry(NamedTuple):
    id: str  # in lists with its tag; alone as it was asked for
    created: int  # seconds since 1970
    owned_by: str


def listing(
    entries: Iterable[Entry], further: Iterable[dict[str, Any]] = ()
) -> dict[str, Any]:
    """The models, and `further` ones whose entries another server has made."""
    return {"object": "list", "data": [*map(single, entries), *further]}


def single(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "object": "model",
        "created": entry.created,
        "owned_by": entry.owned_by,
    }
