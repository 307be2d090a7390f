"""A sound request or two for every route that takes a body: what gets distorted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.blueprints.talking import GPT, QWEN, TOWN, WEATHER, picture, user

Object = dict[str, Any]

DOT = picture("PNG")
GIF = picture("GIF")
DATA_URL = f"data:image/png;base64,{DOT}"

CALLED = {
    "role": "assistant",
    "content": "",
    "thinking": "hm",
    "tool_calls": [
        {"id": "a", "function": {"name": "weather", "arguments": {"town": "Ulm"}}}
    ],
}
RESULT = {"role": "tool", "content": "sunny", "tool_name": "weather"}
OPTIONS = {
    "temperature": 0.5,
    "seed": 7,
    "num_predict": 20,
    "top_p": 0.9,
    "stop": ["x", "y", "z", "a", "b"],
    "num_ctx": 4096,
}
NATIVE_CHAT: list[Object] = [
    {
        "model": GPT,
        "messages": [user(), CALLED, RESULT, user()],
        "tools": [WEATHER],
        "options": OPTIONS,
        "think": "low",
        "keep_alive": "5m",
        "stream": False,
    },
    {
        "model": QWEN,
        "messages": [{"role": "system", "content": "s"}, {**user(), "images": [GIF]}],
        "format": TOWN,
        "logprobs": True,
        "top_logprobs": 2,
    },
]
GENERATE: list[Object] = [
    {
        "model": QWEN,
        "prompt": "hi",
        "system": "s",
        "template": "{{ .Prompt }}",
        "images": [DOT],
        "options": OPTIONS,
        "format": "json",
        "keep_alive": 60,
    },
    {"model": GPT, "prompt": "hi", "raw": True, "context": [1, 2, 3], "stream": False},
]
OPENAI_CALL = {
    "id": "a",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"town":"Ulm"}'},
}
OPENAI_CHAT: list[Object] = [
    {
        "model": GPT,
        "messages": [
            user(),
            {"role": "assistant", "content": None, "tool_calls": [OPENAI_CALL]},
            {"role": "tool", "tool_call_id": "a", "content": "sunny"},
        ],
        "tools": [WEATHER],
        "tool_choice": "auto",
        "parallel_tool_calls": False,
        "reasoning_effort": "low",
        "max_completion_tokens": 20,
        "stop": ["x"],
        "stream": True,
        "stream_options": {"include_usage": True},
    },
    {
        "model": QWEN,
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "hi"},
                    {"type": "image_url", "image_url": {"url": DATA_URL}},
                ],
            }
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "town", "schema": TOWN, "strict": True},
        },
        "temperature": 0.1,
        "logprobs": True,
    },
]
COMPLETIONS: list[Object] = [
    {"model": GPT, "prompt": "hi", "max_tokens": 9, "echo": True, "logprobs": 2},
    {"model": QWEN, "prompt": ["hi"], "stream": True, "stop": "x", "seed": 1},
]
RESPONSES: list[Object] = [
    {
        "model": GPT,
        "instructions": "s",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "hi"}]},
            {"type": "reasoning", "id": "r", "summary": [], "encrypted_content": "e"},
            {
                "type": "function_call",
                "call_id": "a",
                "name": "weather",
                "arguments": '{"town":"Ulm"}',
            },
            {"type": "function_call_output", "call_id": "a", "output": "sunny"},
        ],
        "tools": [
            {"type": "function", **WEATHER["function"]},
            {"type": "custom", "name": "patch", "format": {"type": "text"}},
            {"type": "namespace", "name": "n", "tools": []},
            {"type": "web_search"},
        ],
        "tool_choice": {"type": "function", "name": "weather"},
        "reasoning": {"effort": "low", "summary": "auto"},
        "stream": True,
    },
    {
        "model": QWEN,
        "input": [
            {
                "role": "user",
                "content": [
                    {"type": "input_image", "image_url": DATA_URL, "detail": "low"}
                ],
            }
        ],
        "text": {"format": {"type": "json_schema", "name": "t", "schema": TOWN}},
        "max_output_tokens": 30,
        "metadata": {"a": "b"},
    },
]
CLAUDE_TOOL = {
    "name": "weather",
    "description": "How the weather is",
    "input_schema": WEATHER["function"]["parameters"],
    "cache_control": {"type": "ephemeral"},
}
MESSAGES: list[Object] = [
    {
        "model": GPT,
        "max_tokens": 50,
        "system": [{"type": "text", "text": "s"}],
        "messages": [
            user(),
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "s"},
                    {"type": "tool_use", "id": "a", "name": "weather", "input": {}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "a",
                        "content": [{"type": "text", "text": "sunny"}],
                        "is_error": False,
                    }
                ],
            },
        ],
        "tools": [CLAUDE_TOOL],
        "tool_choice": {"type": "auto"},
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "stop_sequences": ["x"],
        "metadata": {"user_id": "u"},
        "stream": True,
    },
    {
        "model": QWEN,
        "max_tokens": 50,
        "system": "s",
        "messages": [
            {
                "role": "user",
                "content": [
                    {
                        "type": "image",
                        "source": {
                            "type": "base64",
                            "media_type": "image/png",
                            "data": DOT,
                        },
                    }
                ],
            }
        ],
        "output_config": {"format": {"type": "json_schema", "schema": TOWN}},
    },
]
CREATE: list[Object] = [
    {
        "model": "made",
        "from": GPT,
        "system": "s",
        "template": "{{ .Prompt }}",
        "parameters": OPTIONS,
        "messages": [user()],
        "license": ["MIT"],
        "requires": "0.14.0",
    },
    {"name": "made", "from": "made", "files": {}, "quantize": "q4", "stream": False},
]
FORM = (
    '--b\r\nContent-Disposition: form-data; name="model"\r\n\r\ngpt-oss-120b\r\n'
    '--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF'
    "\r\n--b--\r\n"
)

SEEDS: Mapping[tuple[str, str], Sequence[Any]] = {
    ("POST", "/api/chat"): NATIVE_CHAT,
    ("POST", "/api/generate"): GENERATE,
    ("POST", "/chat/completions"): OPENAI_CHAT,
    ("POST", "/v1/chat/completions"): OPENAI_CHAT,
    ("POST", "/v1/completions"): COMPLETIONS,
    ("POST", "/v1/responses"): RESPONSES,
    ("POST", "/v1/messages"): MESSAGES,
    ("POST", "/v1/messages/count_tokens"): MESSAGES,
    ("POST", "/v1/embeddings"): [{"model": GPT, "input": ["a"], "dimensions": 3}],
    ("POST", "/v1/audio/transcriptions"): [FORM],
    ("POST", "/api/embed"): [{"model": GPT, "input": ["a"], "options": OPTIONS}],
    ("POST", "/api/embeddings"): [{"model": GPT, "prompt": "a", "keep_alive": "1m"}],
    ("POST", "/api/show"): [{"model": "made", "verbose": True, "options": OPTIONS}],
    ("POST", "/api/create"): CREATE,
    ("POST", "/api/copy"): [{"source": "made", "destination": "made2"}],
    ("DELETE", "/api/delete"): [{"model": "made2"}],
    ("POST", "/api/pull"): [{"model": GPT, "insecure": True, "stream": True}],
    ("POST", "/api/push"): [{"model": "made", "stream": False}],
    ("POST", "/api/blobs/<digest>"): ["data"],
    ("POST", "/api/me"): [{}],
    ("POST", "/api/signout"): [{}],
    ("DELETE", "/api/user/keys/<key>"): [{}],
    ("POST", "/api/experimental/web_fetch"): [{"url": "http://example.com"}],
    ("POST", "/api/experimental/web_search"): [{"query": "x", "max_results": 3}],
}
