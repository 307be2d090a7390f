"""The keys of the two requests, with their types and ranges."""

from typing import Any

from fake_cerebras.checks.fields import (
    Check,
    anything,
    boolean,
    either,
    entries,
    error,
    fields,
    integer,
    items,
    mapping,
    name,
    number,
    one_of,
    string,
    unsupported,
)

token_count = integer(-1)
function_type = one_of("function")

COMMON: dict[str, Check] = {
    "model": string,
    "max_tokens": token_count,
    "min_tokens": token_count,
    "temperature": number(0, 2),
    "top_p": number(0, 1),
    "frequency_penalty": number(-2, 2),
    "presence_penalty": number(-2, 2),
    "logit_bias": entries(100, number()),
    "seed": integer(),
    "stop": either(string, items(string, at_most=4)),
    "n": integer(1),
    "user": string,
    "stream": boolean,
    "stream_options": fields({"include_usage": boolean}),
    # In the specification, but refused for accounts without this feature.
    "prompt_cache_key": unsupported,
}

PARTS: dict[str, Check] = {
    "text": fields({"type": string, "text": string}, ["text"]),
    "image_url": fields(
        {
            "type": string,
            "image_url": fields({"url": string, "detail": string}, ["url"]),
        },
        ["image_url"],
    ),
    "image": fields({"type": string, "image": string}, ["image"]),
}


def part(*types: str) -> Check:
    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, dict):
            return mapping(value, path)
        type = value.get("type")
        if type not in types:
            return error(f"{path}.type", f"Input should be {' or '.join(types)}")
        return PARTS[type](value, path)

    return check


text = either(string, items(part("text")))
text_and_images = either(string, items(part("text", "image_url", "image")))

TOOL_CALL = fields(
    {
        "id": string,
        "type": function_type,
        "function": fields({"name": string, "arguments": string}, ["name"]),
        "index": integer(0),
    },
    ["id", "type", "function"],
)

PLAIN_MESSAGE = fields(
    {"role": string, "content": text_and_images, "name": string}, ["content"]
)

MESSAGES: dict[str, Check] = {  # by role
    "system": PLAIN_MESSAGE,
    "developer": PLAIN_MESSAGE,
    "user": PLAIN_MESSAGE,
    "assistant": fields(
        {
            "role": string,
            "content": text,
            "name": string,
            "reasoning": text,
            "tool_calls": items(TOOL_CALL),
        }
    ),
    "tool": fields(
        {"role": string, "content": text, "tool_call_id": string, "name": string},
        ["content", "tool_call_id"],
    ),
}


def message(value: Any, path: str) -> list[str]:
    if not isinstance(value, dict):
        return mapping(value, path)
    role = value.get("role")
    if not isinstance(role, str) or role not in MESSAGES:
        roles = " or ".join(map(repr, MESSAGES))
        return error(f"{path}.role", f"Input should be {roles}")
    return MESSAGES[role](value, f"{path}.{role}")


TOOL = fields(
    {
        "type": function_type,
        "function": fields(
            {
                "name": name(64, "[A-Za-z0-9_-]+"),
                "description": string,
                "parameters": mapping,
                "strict": boolean,
            },
            ["name"],
        ),
    },
    ["type", "function"],
)

NAMED_TOOL = fields(
    {"type": function_type, "function": fields({"name": string}, ["name"])},
    ["type", "function"],
)

RESPONSE_FORMAT = fields(
    {
        "type": one_of("text", "json_object", "json_schema"),
        "json_schema": fields(
            {
                "name": string,
                "schema": mapping,
                "strict": boolean,
                "description": string,
            }
        ),
    },
    ["type"],
)

CHAT = fields(
    {
        **COMMON,
        "messages": items(message, at_least=1),
        "max_completion_tokens": token_count,
        "min_completion_tokens": token_count,
        "logprobs": boolean,
        "top_logprobs": integer(0, 20),
        "tools": items(TOOL),
        "tool_choice": either(one_of("none", "auto", "required"), NAMED_TOOL),
        "parallel_tool_calls": boolean,
        "response_format": RESPONSE_FORMAT,
        "reasoning_effort": string,  # its values depend on the model
        "reasoning_format": one_of("none", "parsed", "text_parsed", "raw", "hidden"),
        "clear_thinking": boolean,
        "prediction": fields(
            {"type": one_of("content"), "content": anything}, ["type", "content"]
        ),
        "service_tier": one_of("auto", "default", "flex", "priority"),
        "disable_reasoning": unsupported,  # since 2026-07-21
        "model_parameters": unsupported,  # no served model declares any
    },
    ["model", "messages"],
)

token_ids = items(integer(0), at_least=1)

COMPLETION = fields(
    {
        **COMMON,
        "prompt": either(
            items(either(string, token_ids), at_least=1), token_ids, string
        ),
        "best_of": integer(0, 20),
        "echo": boolean,
        "logprobs": integer(0, 20),
        "grammar_root": string,
        "return_raw_tokens": boolean,
        "suffix": unsupported,
    },
    ["model", "prompt"],
)
