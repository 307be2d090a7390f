from __future__ import annotations

from typing import Any

import pytest

from app.translate import toolnames
from app.wire.completion import Choice, Chunk, Delta, FunctionCall, ToolCall

STRANGE = "files.read/all"


def tool(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": {}}}


def request(name: str) -> dict[str, Any]:
    call = {"id": "1", "type": "function", "function": {"name": name, "arguments": ""}}
    return {
        "messages": [
            {"role": "user", "content": "read"},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "content": "text", "name": name, "tool_call_id": "1"},
        ],
        "tools": [tool(name), tool("write")],
        "tool_choice": tool(name),
    }


@pytest.mark.parametrize(
    "name", [STRANGE, "a b", "ä", "", "x" * 65], ids=lambda name: name[:9] or "empty"
)
def test_a_name_the_upstream_refuses_gets_a_stand_in_that_it_takes(name: str) -> None:
    [stand_in] = toolnames.stand_ins(request(name)).values()

    assert toolnames.TAKEN.fullmatch(stand_in)


def test_names_that_look_alike_keep_apart() -> None:
    asked = {"tools": [tool("a.b"), tool("a/b"), tool("a" * 80), tool("a" * 81)]}

    assert len(set(toolnames.stand_ins(asked).values())) == 4


def test_names_the_upstream_takes_are_left_alone() -> None:
    assert toolnames.stand_ins(request("read-all_2")) == {}


def test_a_stand_in_goes_up_wherever_the_tool_is_named() -> None:
    names = toolnames.stand_ins(request(STRANGE))

    assert toolnames.rename(request(STRANGE), names) == request(names[STRANGE])


@pytest.mark.parametrize("field", ["delta", "message"])
def test_the_clients_name_comes_back_in_its_calls(field: str) -> None:
    names = toolnames.stand_ins(request(STRANGE))
    calls = [
        ToolCall(0, "1", FunctionCall(names[STRANGE], "{}")),
        ToolCall(0, None, FunctionCall(None, "more")),
        ToolCall(1, "2", FunctionCall("write", "{}")),
        ToolCall(2),
    ]
    chunk = Chunk([Choice(**{field: Delta(tool_calls=calls)}), Choice(text="x")])

    [choice, _] = toolnames.restore(chunk, toolnames.originals(names)).choices or []

    assert choice.delta is not None and choice.delta.tool_calls is not None
    restored = [
        call.function and call.function.name for call in choice.delta.tool_calls
    ]
    assert restored == [STRANGE, None, "write", None]


def test_a_tool_without_a_name_gets_one() -> None:
    nameless = {"messages": [], "tools": [{"type": "function", "function": {}}]}

    names = toolnames.stand_ins(nameless)
    [tool] = toolnames.rename(nameless, names)["tools"]

    assert toolnames.TAKEN.fullmatch(tool["function"]["name"])
