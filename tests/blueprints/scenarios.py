"""One wish in the words of every dialect, and what the upstream is asked for it.

A route that a scenario leaves out has no words for that wish.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.blueprints.conversations import ASSISTANT, CALL, RESULT, SHOWN, TWO_TURNS
from tests.blueprints.talking import (
    CHAT,
    COMPLETIONS,
    GENERATE,
    MESSAGES,
    OPENAI,
    QWEN,
    RESPONSES,
    TOWN,
    WEATHER,
    Object,
    asking,
    offering,
    user,
)

CAP = 100  # in every request, for Anthropic's must have one
CAPS: dict[str, Object] = {
    CHAT: {"options": {"num_predict": CAP}},
    GENERATE: {"options": {"num_predict": CAP}},
    OPENAI: {"max_completion_tokens": CAP},
    COMPLETIONS: {"max_tokens": CAP},
    RESPONSES: {"max_output_tokens": CAP},
    MESSAGES: {"max_tokens": CAP},
}
ROUTES = tuple(CAPS)
TALKING = (CHAT, OPENAI, RESPONSES, MESSAGES)  # the routes that take tools


SYSTEM = {"role": "system", "content": "Be brief."}


class Scenario(NamedTuple):
    """What the upstream is asked beyond the plain request, by these bodies."""

    upstream: Object
    bodies: dict[str, Object]


def body_of(path: str, more: Object) -> Object:
    """A plain request with more to it; options are joined."""
    body = {**asking(path), "stream": False, **CAPS[path], **more}
    if "options" in more:
        body["options"] = {**CAPS[path]["options"], **more["options"]}
    return body


def native(**body: Any) -> dict[str, Object]:
    return {CHAT: body, GENERATE: body}


def options(**given: Any) -> dict[str, Object]:
    return native(options=given)


def sampled(key: str, value: Any, *v1: str) -> Scenario:
    """What all who have it call by the same name."""
    bodies = {**options(**{key: value}), **dict.fromkeys(v1, {key: value})}
    return Scenario({key: value}, bodies)


def efforts(think: Any, word: str, **messages: Any) -> dict[str, Object]:
    return {
        **native(think=think),
        OPENAI: {"reasoning_effort": word},
        RESPONSES: {"reasoning": {"effort": word}},
        MESSAGES: messages,
    }


def with_tools(bodies: dict[str, Object]) -> dict[str, Object]:
    return {path: {**offering(path), **more} for path, more in bodies.items()}


IN_JSON = {"role": "system", "content": "Reply in JSON."}  # the upstream insists
FORM = {"type": "json_schema", "schema": TOWN}
SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "response",
        "schema": {**TOWN, "additionalProperties": False},
        "strict": True,
    },
}
NAMED = {"type": "function", "function": {"name": "weather"}}

SCENARIOS: dict[str, Scenario] = {
    "nothing more": Scenario({}, dict.fromkeys(ROUTES, {})),
    "temperature": sampled(
        "temperature", 0.25, OPENAI, COMPLETIONS, RESPONSES, MESSAGES
    ),
    "temperature 0": sampled(
        "temperature", 0, OPENAI, COMPLETIONS, RESPONSES, MESSAGES
    ),
    "top_p": sampled("top_p", 0.5, OPENAI, COMPLETIONS, RESPONSES, MESSAGES),
    "seed": sampled("seed", 7, OPENAI, COMPLETIONS),
    "penalties": sampled("frequency_penalty", 0.5, OPENAI, COMPLETIONS),
    "stop": Scenario(
        {"stop": ["x", "y"]},
        {
            **options(stop=["x", "y"]),
            OPENAI: {"stop": ["x", "y"]},
            COMPLETIONS: {"stop": ["x", "y"]},
            MESSAGES: {"stop_sequences": ["x", "y"]},
        },
    ),
    "cap": Scenario(
        {"max_completion_tokens": 7},
        {
            **options(num_predict=7),
            OPENAI: {"max_completion_tokens": 7},
            COMPLETIONS: {"max_tokens": 7},
            RESPONSES: {"max_output_tokens": 7},
            MESSAGES: {"max_tokens": 7},
        },
    ),
    "system": Scenario(
        {"messages": [SYSTEM, user()]},
        {
            CHAT: {"messages": [SYSTEM, user()]},
            GENERATE: {"system": "Be brief."},
            OPENAI: {"messages": [SYSTEM, user()]},
            RESPONSES: {"instructions": "Be brief."},
            MESSAGES: {"system": "Be brief."},
        },
    ),
    "little thought": Scenario(
        {"reasoning_effort": "low"},
        efforts("low", "low", output_config={"effort": "low"}),
    ),
    "much thought": Scenario(
        {"reasoning_effort": "high"},
        efforts("high", "high", thinking={"type": "enabled", "budget_tokens": 30_000}),
    ),
    "no thought": Scenario(
        {"model": QWEN, "reasoning_effort": "none"},
        {
            path: {**body, "model": QWEN}
            for path, body in efforts(
                False, "none", thinking={"type": "disabled"}
            ).items()
        },
    ),
    "no thought of one that must think": Scenario(
        {"reasoning_effort": "low"},
        efforts(False, "none", thinking={"type": "disabled"}),
    ),
    "a picture": Scenario(
        {"model": QWEN, "messages": SHOWN[OPENAI]["messages"]},
        {path: {**body, "model": QWEN} for path, body in SHOWN.items()},
    ),
    "any object": Scenario(
        {"response_format": {"type": "json_object"}, "messages": [IN_JSON, user()]},
        {
            **native(format="json"),
            OPENAI: {"response_format": {"type": "json_object"}},
            RESPONSES: {"text": {"format": {"type": "json_object"}}},
        },
    ),
    "a form": Scenario(
        {"response_format": SCHEMA},
        {
            **native(format=TOWN),
            OPENAI: {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "response", "schema": TOWN},
                }
            },
            RESPONSES: {"text": {"format": {**FORM, "name": "response"}}},
            MESSAGES: {"output_config": {"format": FORM}},
        },
    ),
    "a tool": Scenario({"tools": [WEATHER]}, with_tools(dict.fromkeys(TALKING, {}))),
    "a tool that must be called": Scenario(
        {"tools": [WEATHER], "tool_choice": "required"},
        with_tools(
            {
                OPENAI: {"tool_choice": "required"},
                RESPONSES: {"tool_choice": "required"},
                MESSAGES: {"tool_choice": {"type": "any"}},
            }
        ),
    ),
    "this tool": Scenario(
        {"tools": [WEATHER], "tool_choice": NAMED},
        with_tools(
            {
                OPENAI: {"tool_choice": NAMED},
                RESPONSES: {"tool_choice": {"type": "function", "name": "weather"}},
                MESSAGES: {"tool_choice": {"type": "tool", "name": "weather"}},
            }
        ),
    ),
    "one call at a time": Scenario(
        {"tools": [WEATHER], "tool_choice": "auto", "parallel_tool_calls": False},
        with_tools(
            {
                OPENAI: {"tool_choice": "auto", "parallel_tool_calls": False},
                RESPONSES: {"tool_choice": "auto", "parallel_tool_calls": False},
                MESSAGES: {
                    "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}
                },
            }
        ),
    ),
    "a tool's result": Scenario(
        {
            "tools": [WEATHER],
            "messages": [user(), {**ASSISTANT, "tool_calls": [CALL]}, RESULT],
        },
        with_tools(TWO_TURNS),
    ),
}
