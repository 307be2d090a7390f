"""The rewritten Go client is as strict as the real one."""

from typing import Any

import pytest

from tests.dropin import go_structs


def test_missing_and_null_fields_have_zero_values() -> None:
    chat = go_structs.CHAT({"message": None, "more": 1})

    assert chat["created_at"] == go_structs.NEVER
    assert chat["message"]["tool_calls"] == []
    assert chat["done"] is False
    assert "more" not in chat


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (go_structs.CHAT, {"eval_count": 1.0}),
        (go_structs.CHAT, {"message": {"content": []}}),
        (go_structs.CHAT, {"created_at": "2026-08-01 01:02:03"}),
        (go_structs.TOOL_CALL, {"function": {"arguments": "{}"}}),
        (go_structs.LIST, {"models": {}}),
        (go_structs.USER, {"id": "nobody"}),
    ],
    ids=lambda value: "struct" if callable(value) else str(value),
)
def test_value_of_another_type_is_an_error(kind: Any, value: Any) -> None:
    with pytest.raises(ValueError, match="."):
        kind(value)
