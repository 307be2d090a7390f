"""The same request in the words of each dialect, and the upstream request it becomes.

A route that a case leaves out has no words for it.
"""

from typing import Any, NamedTuple

from tests.blueprints.client import (
    CHAT,
    COMPLETIONS,
    GENERATE,
    INFERENCE_PATHS,
    MESSAGES,
    OPENAI,
    QWEN,
    RESPONSES,
    TOWN,
    WEATHER,
    WEATHER_TOOLS,
    Object,
    encode_image,
    request_body,
    user_message,
)

CAP = 100  # every request has a limit, because those of Anthropic must have one
CAPS: dict[str, Object] = {
    CHAT: {"options": {"num_predict": CAP}},
    GENERATE: {"options": {"num_predict": CAP}},
    OPENAI: {"max_completion_tokens": CAP},
    COMPLETIONS: {"max_tokens": CAP},
    RESPONSES: {"max_output_tokens": CAP},
    MESSAGES: {"max_tokens": CAP},
}
SYSTEM = {"role": "system", "content": "Be brief."}


class Case(NamedTuple):
    upstream: Object  # the fields of the upstream request beyond a plain one
    bodies: dict[str, Object]  # the fields of each route's request beyond a plain one


def capped_body(path: str, fields: Object) -> Object:
    """Return a whole request with CAP and these fields; options are merged."""
    body = {**request_body(path), "stream": False, **CAPS[path], **fields}
    if "options" in fields:
        body["options"] = {**CAPS[path]["options"], **fields["options"]}
    return body


def native(**fields: Any) -> dict[str, Object]:
    return {CHAT: fields, GENERATE: fields}


def options(**values: Any) -> dict[str, Object]:
    return native(options=values)


def sampling(key: str, value: Any, *paths: str) -> Case:
    """Return a case of a parameter that has the same name on these paths of /v1."""
    field = {key: value}
    return Case(field, {**options(**field), **dict.fromkeys(paths, field)})


def efforts(think: Any, effort: str, **messages: Any) -> dict[str, Object]:
    return {
        **native(think=think),
        OPENAI: {"reasoning_effort": effort},
        RESPONSES: {"reasoning": {"effort": effort}},
        MESSAGES: messages,
    }


def with_tools(bodies: dict[str, Object]) -> dict[str, Object]:
    return {path: {**WEATHER_TOOLS[path], **body} for path, body in bodies.items()}


def question(*parts: Object) -> Object:
    return {"role": "user", "content": list(parts)}


# An image

PNG = encode_image("PNG")
URL = f"data:image/png;base64,{PNG}"
TEXT = "What is it?"
SOURCE = {"type": "base64", "media_type": "image/png", "data": PNG}
OPENAI_IMAGE_QUESTION = question(
    {"type": "text", "text": TEXT}, {"type": "image_url", "image_url": {"url": URL}}
)
IMAGES: dict[str, Object] = {
    CHAT: {"messages": [{**user_message(TEXT), "images": [PNG]}]},
    GENERATE: {"prompt": TEXT, "images": [PNG]},
    OPENAI: {"messages": [OPENAI_IMAGE_QUESTION]},
    RESPONSES: {
        "input": [
            question(
                {"type": "input_text", "text": TEXT},
                {"type": "input_image", "image_url": URL},
            )
        ]
    },
    MESSAGES: {
        "messages": [
            question(
                {"type": "text", "text": TEXT}, {"type": "image", "source": SOURCE}
            )
        ]
    },
}

# A conversation with a tool call and its result

TOWN_OSLO = {"town": "Oslo"}
FUNCTION = {"name": "weather", "arguments": '{"town":"Oslo"}'}
CALL = {"id": "call_1", "type": "function", "function": FUNCTION}
NATIVE_CALL = {"id": "call_1", "function": {"name": "weather", "arguments": TOWN_OSLO}}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "Rain."}
ASSISTANT = {"role": "assistant", "content": "I look."}
CONVERSATION = [user_message(), {**ASSISTANT, "tool_calls": [CALL]}, RESULT]
TOOL_RESULTS: dict[str, Object] = {
    CHAT: {
        "messages": [user_message(), {**ASSISTANT, "tool_calls": [NATIVE_CALL]}, RESULT]
    },
    OPENAI: {"messages": CONVERSATION},
    RESPONSES: {
        "input": [
            user_message(),
            ASSISTANT,
            {"type": "function_call", "call_id": "call_1", **FUNCTION},
            {"type": "function_call_output", "call_id": "call_1", "output": "Rain."},
        ]
    },
    MESSAGES: {
        "messages": [
            user_message(),
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "I look."},
                    {
                        "type": "tool_use",
                        "id": "call_1",
                        "name": "weather",
                        "input": TOWN_OSLO,
                    },
                ],
            },
            question(
                {"type": "tool_result", "tool_use_id": "call_1", "content": "Rain."}
            ),
        ]
    },
}

# Formats and tool choices

JSON_INSTRUCTION = {"role": "system", "content": "Reply in JSON."}  # Cerebras insists
JSON_OBJECT = {"type": "json_object"}
SCHEMA = {"type": "json_schema", "schema": TOWN}
STRICT_SCHEMA = {
    "name": "response",
    "schema": {**TOWN, "additionalProperties": False},
    "strict": True,
}
NAMED_TOOL = {"type": "function", "function": {"name": "weather"}}

CASES: dict[str, Case] = {
    "plain": Case({}, dict.fromkeys(INFERENCE_PATHS, {})),
    "temperature": sampling(
        "temperature", 0.25, OPENAI, COMPLETIONS, RESPONSES, MESSAGES
    ),
    "temperature 0": sampling(
        "temperature", 0, OPENAI, COMPLETIONS, RESPONSES, MESSAGES
    ),
    "top_p": sampling("top_p", 0.5, OPENAI, COMPLETIONS, RESPONSES, MESSAGES),
    "seed": sampling("seed", 7, OPENAI, COMPLETIONS),
    "penalties": sampling("frequency_penalty", 0.5, OPENAI, COMPLETIONS),
    "stop": Case(
        {"stop": ["x", "y"]},
        {
            **sampling("stop", ["x", "y"], OPENAI, COMPLETIONS).bodies,
            MESSAGES: {"stop_sequences": ["x", "y"]},
        },
    ),
    "token limit": Case(
        {"max_completion_tokens": 7},
        {
            **options(num_predict=7),
            OPENAI: {"max_completion_tokens": 7},
            COMPLETIONS: {"max_tokens": 7},
            RESPONSES: {"max_output_tokens": 7},
            MESSAGES: {"max_tokens": 7},
        },
    ),
    "system": Case(
        {"messages": [SYSTEM, user_message()]},
        {
            CHAT: {"messages": [SYSTEM, user_message()]},
            GENERATE: {"system": "Be brief."},
            OPENAI: {"messages": [SYSTEM, user_message()]},
            RESPONSES: {"instructions": "Be brief."},
            MESSAGES: {"system": "Be brief."},
        },
    ),
    "low effort": Case(
        {"reasoning_effort": "low"},
        efforts("low", "low", output_config={"effort": "low"}),
    ),
    "high effort": Case(
        {"reasoning_effort": "high"},
        efforts("high", "high", thinking={"type": "enabled", "budget_tokens": 30_000}),
    ),
    "no thinking": Case(
        {"model": QWEN, "reasoning_effort": "none"},
        {
            path: {**body, "model": QWEN}
            for path, body in efforts(
                False, "none", thinking={"type": "disabled"}
            ).items()
        },
    ),
    "no thinking of a model that always thinks": Case(
        {"reasoning_effort": "low"},
        efforts(False, "none", thinking={"type": "disabled"}),
    ),
    "image": Case(
        {"model": QWEN, "messages": [OPENAI_IMAGE_QUESTION]},
        {path: {**body, "model": QWEN} for path, body in IMAGES.items()},
    ),
    "JSON": Case(
        {
            "response_format": JSON_OBJECT,
            "messages": [JSON_INSTRUCTION, user_message()],
        },
        {
            **native(format="json"),
            OPENAI: {"response_format": JSON_OBJECT},
            RESPONSES: {"text": {"format": JSON_OBJECT}},
        },
    ),
    "JSON schema": Case(
        {"response_format": {"type": "json_schema", "json_schema": STRICT_SCHEMA}},
        {
            **native(format=TOWN),
            OPENAI: {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "response", "schema": TOWN},
                }
            },
            RESPONSES: {"text": {"format": {**SCHEMA, "name": "response"}}},
            MESSAGES: {"output_config": {"format": SCHEMA}},
        },
    ),
    "tool": Case(
        {"tools": [WEATHER]},
        with_tools(dict.fromkeys((CHAT, OPENAI, RESPONSES, MESSAGES), {})),
    ),
    "required tool": Case(
        {"tools": [WEATHER], "tool_choice": "required"},
        with_tools(
            {
                OPENAI: {"tool_choice": "required"},
                RESPONSES: {"tool_choice": "required"},
                MESSAGES: {"tool_choice": {"type": "any"}},
            }
        ),
    ),
    "named tool": Case(
        {"tools": [WEATHER], "tool_choice": NAMED_TOOL},
        with_tools(
            {
                OPENAI: {"tool_choice": NAMED_TOOL},
                RESPONSES: {"tool_choice": {"type": "function", "name": "weather"}},
                MESSAGES: {"tool_choice": {"type": "tool", "name": "weather"}},
            }
        ),
    ),
    "no parallel calls": Case(
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
    "tool result": Case(
        {"tools": [WEATHER], "messages": CONVERSATION}, with_tools(TOOL_RESULTS)
    ),
}
