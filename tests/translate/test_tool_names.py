import pytest

from app.translate import tool_names
from app.wire.completion import Choice, Chunk, Delta, FunctionCall, ToolCall
from tests.translate.builders import Json, function, message

INVALID = "files.read/all"


def chat_request(name: str) -> Json:
    return {
        "messages": [
            message("user", "read"),
            message("assistant", tool_calls=[function(name, arguments="")]),
            message("tool", "text", name=name),
        ],
        "tools": [function(name), function("write")],
        "tool_choice": function(name),
    }


@pytest.mark.parametrize(
    "name", [INVALID, "a b", "ä", "", "x" * 65], ids=lambda name: name[:9] or "empty"
)
def test_invalid_name_gets_a_valid_replacement(name: str) -> None:
    [replacement] = tool_names.replacements(chat_request(name)).values()

    assert tool_names.VALID_NAME.fullmatch(replacement)


def test_similar_names_get_different_replacements() -> None:
    request = {
        "tools": [
            function("a.b"),
            function("a/b"),
            function("a" * 80),
            function("a" * 81),
        ]
    }

    assert len(set(tool_names.replacements(request).values())) == 4


def test_valid_names_are_not_replaced() -> None:
    assert tool_names.replacements(chat_request("read-all_2")) == {}
    assert tool_names.replacements({"messages": [message("user", "read")]}) == {}


def test_name_is_replaced_everywhere_in_the_request() -> None:
    names = tool_names.replacements(chat_request(INVALID))

    assert tool_names.replace_names(chat_request(INVALID), names) == chat_request(
        names[INVALID]
    )


def test_name_is_replaced_in_a_conversation_without_tools() -> None:
    request = {"messages": chat_request(INVALID)["messages"]}
    names = tool_names.replacements(request)

    sent = {"messages": chat_request(names[INVALID])["messages"]}
    assert tool_names.replace_names(request, names) == sent


@pytest.mark.parametrize("field", ["delta", "message"])
def test_client_name_is_restored_in_tool_calls(field: str) -> None:
    names = tool_names.replacements(chat_request(INVALID))
    calls = [
        ToolCall(0, "1", FunctionCall(names[INVALID], "{}")),
        ToolCall(0, None, FunctionCall(None, "more")),
        ToolCall(1, "2", FunctionCall("write", "{}")),
        ToolCall(2),
    ]
    chunk = Chunk([Choice(**{field: Delta(tool_calls=calls)}), Choice(text="x")])

    client_names = {new: name for name, new in names.items()}

    [choice, _] = tool_names.restore_names(chunk, client_names).choices

    restored = [
        call.function and call.function.name for call in choice.delta.tool_calls
    ]
    assert restored == [INVALID, None, "write", None]


def test_tool_without_a_name_gets_a_valid_name() -> None:
    nameless = {"messages": [], "tools": [{"type": "function", "function": {}}]}

    names = tool_names.replacements(nameless)
    [tool] = tool_names.replace_names(nameless, names)["tools"]

    assert tool_names.VALID_NAME.fullmatch(tool["function"]["name"])
