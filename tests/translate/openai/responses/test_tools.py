"""Tools of `/v1/responses` are converted to functions."""

from typing import Any

import pytest

from app.translate.openai.responses import tools
from tests.translate.builders import Json, function

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
LOOK = {"type": "function", "name": "look", "parameters": SCHEMA, "strict": False}
PATCH = {
    "type": "custom",
    "name": "apply_patch",
    "description": "Change files.",
    "format": {"type": "grammar", "syntax": "lark", "definition": "start: patch"},
}
AGENTS = {
    "type": "namespace",
    "name": "agents",
    "description": "Of agents.",
    "tools": [{**LOOK, "name": "spawn"}, {**PATCH, "name": "tell"}],
}


def convert(*definitions: Any, **body: Any) -> dict[str, Json]:
    request = tools.to_upstream({"tools": definitions, **body})
    return {tool["function"]["name"]: tool["function"] for tool in request["tools"]}


def test_function_is_nested() -> None:
    assert tools.to_upstream({"tools": [LOOK]})["tools"] == [
        function("look", description=None, parameters=SCHEMA, strict=False)
    ]


def test_custom_tool_takes_its_text_as_an_argument() -> None:
    patch = convert(PATCH)["apply_patch"]

    assert patch["description"].startswith("Change files.\n\n")
    assert "lark grammar:\nstart: patch" in patch["description"]
    assert patch["parameters"]["required"] == ["input"]


def test_custom_tool_without_grammar_keeps_its_description() -> None:
    plain = {"type": "custom", "name": "say", "format": {"type": "text"}}

    assert convert({**plain, "description": "Say."})["say"]["description"] == "Say."


def test_tools_of_a_namespace_are_prefixed() -> None:
    offered = tools.offered({"tools": [LOOK, AGENTS]})

    assert list(offered) == ["look", "agents__spawn", "agents__tell"]
    assert offered["agents__tell"][:3] == ("custom", "tell", "agents")


@pytest.mark.parametrize(
    ("name", "namespace", "qualified"),
    [
        ("add", None, "add"),
        ("add", "", "add"),
        ("add", "sums", "sums__add"),
        ("add", "mcp__sums__", "mcp__sums__add"),
        ("sums__add", "sums", "sums__add"),
        ("sums.add", "sums", "sums.add"),
    ],
)
def test_name_is_prefixed_once(
    name: str, namespace: str | None, qualified: str
) -> None:
    assert tools.qualified(name, namespace) == qualified


def test_nested_namespaces_are_flattened() -> None:
    outer = {"type": "namespace", "name": "a", "tools": [{**AGENTS, "name": "b"}]}

    assert list(tools.offered({"tools": [outer]})) == ["a__b__spawn", "a__b__tell"]


def test_tools_in_input_items_are_read() -> None:
    items = [
        {"type": "additional_tools", "role": "developer", "tools": [AGENTS]},
        {"type": "mcp_list_tools", "tools": [{"name": "ignored"}]},
    ]

    assert list(tools.offered({"input": items})) == ["agents__spawn", "agents__tell"]


def test_first_tool_of_a_name_wins() -> None:
    same_name = [{**LOOK, "description": text} for text in ("first", "second")]

    assert convert(*same_name)["look"]["description"] == "first"


def test_hosted_tools_are_left_out() -> None:
    kinds = ["web_search", "computer_use_preview", "file_search", "mcp", "tool_search"]
    body = {"tools": [LOOK, *({"type": kind} for kind in kinds)]}

    assert list(tools.offered(body)) == ["look"]
    assert list(tools.hosted(body)) == kinds
    assert tools.to_upstream({"tools": body["tools"][1:], "tool_choice": "auto"}) == {}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("auto", "auto"),
        ("required", "required"),
        ("none", "none"),
        ("sometimes", None),
        (None, None),
        (["auto"], None),
        ({"type": "function", "name": "look"}, "look"),
        ({"type": "custom", "name": "tell"}, "agents__tell"),
        ({"type": "function", "name": "unknown"}, None),
        ({"type": "web_search"}, None),
        (
            {"type": "allowed_tools", "mode": "required", "tools": [{"name": "look"}]},
            "required",
        ),
    ],
)
def test_tool_choice_is_converted(choice: Any, expected: str | None) -> None:
    request = tools.to_upstream({"tools": [LOOK, AGENTS], "tool_choice": choice})

    sent = request["tool_choice"]
    assert (sent["function"]["name"] if isinstance(sent, dict) else sent) == expected


def test_only_allowed_tools_are_sent() -> None:
    allowed = [{"type": "custom", "name": "tell"}, {"type": "web_search"}]
    choice = {"type": "allowed_tools", "mode": "auto", "tools": allowed}

    assert list(convert(LOOK, AGENTS, tool_choice=choice)) == ["agents__tell"]
