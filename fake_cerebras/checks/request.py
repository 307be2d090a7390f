"""The two requests: every key they may have, its type and its range."""

from __future__ import annotations

from fake_cerebras.checks.messages import message
from fake_cerebras.checks.shape import (
    Check,
    anything,
    either,
    entries,
    fields,
    flag,
    integer,
    items,
    mapping,
    number,
    one_of,
    refused,
    text,
)

string = text()
count = integer(-1)
stop = either(string, items(string, at_most=4))

BOTH: dict[str, Check] = {
    "model": string,
    "max_tokens": count,
    "min_tokens": count,
    "temperature": number(0, 2),
    "top_p": number(0, 1),
    "frequency_penalty": number(-2, 2),
    "presence_penalty": number(-2, 2),
    "logit_bias": entries(100, number()),
    "seed": integer(),
    "stop": stop,
    "n": integer(1),
    "user": string,
    "stream": flag,
    "stream_options": fields({"include_usage": flag}),
    # Known to the specification, refused to accounts that are not enabled for it.
    "prompt_cache_key": refused,
}

TOOL = fields(
    {
        "type": one_of("function"),
        "function": fields(
            {
                "name": text(64, "[A-Za-z0-9_-]+"),
                "description": string,
                "parameters": mapping,
                "strict": flag,
            },
            ["name"],
        ),
    },
    ["type", "function"],
)

NAMED_TOOL = fields(
    {"type": one_of("function"), "function": fields({"name": string}, ["name"])},
    ["type", "function"],
)

RESPONSE_FORMAT = fields(
    {
        "type": one_of("text", "json_object", "json_schema"),
        "json_schema": fields(
            {"name": string, "schema": mapping, "strict": flag, "description": string}
        ),
    },
    ["type"],
)

CHAT = fields(
    {
        **BOTH,
        "messages": items(message, at_least=1),
        "max_completion_tokens": count,
        "min_completion_tokens": count,
        "logprobs": flag,
        "top_logprobs": integer(0, 20),
        "tools": items(TOOL),
        "tool_choice": either(one_of("none", "auto", "required"), NAMED_TOOL),
        "parallel_tool_calls": flag,
        "response_format": RESPONSE_FORMAT,
        "reasoning_effort": string,  # which ones depends on the model
        "reasoning_format": one_of("none", "parsed", "text_parsed", "raw", "hidden"),
        "clear_thinking": flag,
        "prediction": fields(
            {"type": one_of("content"), "content": anything}, ["type", "content"]
        ),
        "service_tier": one_of("auto", "default", "flex", "priority"),
        "disable_reasoning": refused,  # since 2026-07-21
        "model_parameters": refused,  # no model served declares any
    },
    ["model", "messages"],
)

tokens = items(integer(0), at_least=1)
PROMPT = either(items(either(string, tokens), at_least=1), tokens, string)

COMPLETION = fields(
    {
        **BOTH,
        "prompt": PROMPT,
        "best_of": integer(0, 20),
        "echo": flag,
        "logprobs": integer(0, 20),
        "grammar_root": string,
        "return_raw_tokens": flag,
        "suffix": refused,
    },
    ["model", "prompt"],
)
