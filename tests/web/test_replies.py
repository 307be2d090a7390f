"""Whole replies."""

from __future__ import annotations

from typing import Any

from app.web.replies import Ready


def test_what_is_ready_is_spelled_anew_only_when_its_facts_have_changed() -> None:
    spelled: list[Any] = []

    def spell(names: list[str], host: str) -> dict[str, Any]:
        spelled.append((names, host))
        return {"names": names, "host": host}

    ready = Ready(spell)

    assert (
        ready.data(["a"], "h")
        == ready.data(["a"], "h")
        == b'{"names":["a"],"host":"h"}'
    )
    assert ready.data(["a", "b"], "h") == b'{"names":["a","b"],"host":"h"}'
    assert ready.data(["a"], "h") == b'{"names":["a"],"host":"h"}'
    assert len(spelled) == 3
