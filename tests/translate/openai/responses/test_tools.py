"""Tools of `/v1/responses`, as functions of the upstream's."""

from __future__ import annotations

from typing import Any

import pytest

from app.translate.openai.responses import tools

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


def functions(*listed: dict[str, Any], **body: Any) -> dict[str, dict[str, Any]]:
    asked = tools.to_upstream({"tools": listed, **body})
    return {each["function"]["name"]: each["function"] for each in asked["tools"]}


def test_a_function_is_nested_as_the_upstream_wants_it() -> None:
    assert tools.to_upstream({"tools": [LOOK]})["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "look",
                "description": None,
                "parameters": SCHEMA,
                "strict": False,
            },
        }
    ]


def test_a_custom_tool_takes_its_text_as_an_argument() -> None:
    told = functions(PATCH)["apply_patch"]

    assert told["description"].startswith("Change files.\n\n")
    assert "lark grammar:\nstart: patch" in told["description"]
    assert told["parameters"]["required"] == ["input"]


def test_a_custom_tool_without_a_grammar_is_described_as_it_is() -> None:
    plain = {"type": "custom", "name": "say", "format": {"type": "text"}}

    assert functions({**plain, "description": "Say."})["say"]["description"] == "Say."


def test_members_of_a_namespace_are_tools_of_their_own() -> None:
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
def test_a_name_is_qualified_once(
    name: str, namespace: str | None, qualified: str
) -> None:
    assert tools.qualified(name, namespace) == qualified


def test_namespaces_nest() -> None:
    outer = {"type": "namespace", "name": "a", "tools": [{**AGENTS, "name": "b"}]}

    assert list(tools.offered({"tools": [outer]})) == ["a__b__spawn", "a__b__tell"]


def test_tools_may_come_among_the_items() -> None:
    items = [
        {"type": "additional_tools", "role": "developer", "tools": [AGENTS]},
        {"type": "mcp_list_tools", "tools": [{"name": "not ours"}]},
    ]

    assert list(tools.offered({"input": items})) == ["agents__spawn", "agents__tell"]


def test_the_first_of_a_name_is_the_tool() -> None:
    told = functions(
        {**LOOK, "description": "first"}, {**LOOK, "description": "second"}
    )

    assert told["look"]["description"] == "first"


def test_tools_that_openai_would_run_are_left_out_and_named() -> None:
    kinds = ["web_search", "computer_use_preview", "file_search", "mcp", "tool_search"]
    body = {"tools": [LOOK, *({"type": kind} for kind in kinds)]}

    assert list(tools.offered(body)) == ["look"]
    assert list(tools.hosted(body)) == kinds
    assert tools.to_upstream({"tools": body["tools"][1:], "tool_choice": "auto"}) == {}


@pytest.mark.parametrize(
    ("choice", "told"),
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
def test_a_choice_is_told_where_it_can_be_met(choice: Any, told: str | None) -> None:
    asked = tools.to_upstream({"tools": [LOOK, AGENTS], "tool_choice": choice})

    chosen = asked["tool_choice"]
    assert (chosen["function"]["name"] if isinstance(chosen, dict) else chosen) == told


def test_allowed_tools_are_the_only_ones() -> None:
    choice = {
        "type": "allowed_tools",
        "mode": "auto",
        "tools": [{"type": "custom", "name": "tell"}, {"type": "web_search"}],
    }

    assert list(functions(LOOK, AGENTS, tool_choice=choice)) == ["agents__tell"]
