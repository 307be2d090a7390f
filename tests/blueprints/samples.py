"""Valid requests for every route that takes a body, for tests that damage them."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.blueprints.client import (
    GPT,
    MESSAGES_WEATHER,
    QWEN,
    RESPONSES_WEATHER,
    TOWN,
    WEATHER,
    Object,
    encode_image,
    user_message,
)

PNG = encode_image("PNG")
DATA_URL = f"data:image/png;base64,{PNG}"
SCHEMA = {
    "type": "object",
    "properties": {
        "a": {"$ref": "#/$defs/x"},
        "b": {"type": "array", "items": {"enum": [1, "x"]}},
        "c": {"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 1}]},
    },
    "required": ["a"],
    "additionalProperties": False,
    "$defs": {"x": {"type": "string"}},
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}
TOOL = {
    "type": "function",
    "function": {"name": "f", "strict": True, "parameters": SCHEMA},
}
OPTIONS = {
    "num_keep": 1,
    "seed": 7,
    "num_predict": 20,
    "top_k": 3,
    "top_p": 0.9,
    "min_p": 0.1,
    "typical_p": 0.1,
    "temperature": 0.5,
    "presence_penalty": 0.1,
    "frequency_penalty": 0.1,
    "stop": ["x", "y", "z", "a", "b"],
    "num_ctx": 4096,
    "use_mmap": True,
}

NATIVE_CALL = {"id": "a", "function": {"name": "weather", "arguments": {"town": "Ulm"}}}
NATIVE_CHAT: list[Object] = [
    {
        "model": GPT,
        "messages": [
            user_message(),
            {
                "role": "assistant",
                "content": "",
                "thinking": "hm",
                "tool_calls": [NATIVE_CALL],
            },
            {"role": "tool", "content": "sunny", "tool_name": "weather"},
            {"role": "tool", "content": "sunny", "tool_call_id": "a"},
            user_message(),
        ],
        "tools": [WEATHER],
        "options": OPTIONS,
        "think": "low",
        "keep_alive": "5m",
        "truncate": True,
        "shift": True,
        "stream": False,
    },
    {
        "model": QWEN,
        "messages": [
            {"role": "system", "content": "s"},
            {**user_message(), "images": [encode_image("GIF")]},
        ],
        "format": SCHEMA,
        "tools": [TOOL],
        "logprobs": True,
        "top_logprobs": 2,
    },
]
GENERATE: list[Object] = [
    {
        "model": QWEN,
        "prompt": "hi",
        "suffix": "",
        "system": "s",
        "template": "{{ .Prompt }}",
        "images": [PNG],
        "options": OPTIONS,
        "format": "json",
        "think": True,
        "keep_alive": 60,
        "logprobs": True,
        "top_logprobs": 2,
    },
    {"model": GPT, "prompt": "hi", "raw": True, "context": [1, 2, 3], "stream": False},
]
FUNCTION = {"name": "weather", "arguments": '{"town":"Ulm"}'}
OPENAI_CHAT: list[Object] = [
    {
        "model": GPT,
        "messages": [
            user_message(),
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "a", "type": "function", "function": FUNCTION}],
            },
            {"role": "tool", "tool_call_id": "a", "content": "sunny"},
        ],
        "tools": [WEATHER],
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
        "parallel_tool_calls": False,
        "reasoning": {"effort": "low"},
        "reasoning_effort": "low",
        "max_tokens": 20,
        "max_completion_tokens": 20,
        "seed": 1,
        "top_p": 0.5,
        "frequency_penalty": 0.1,
        "presence_penalty": 0.1,
        "prediction": {"type": "content", "content": "x"},
        "stop": ["x"],
        "n": 1,
        "user": "me",
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
                    {
                        "type": "image_url",
                        "image_url": {"url": DATA_URL, "detail": "low"},
                    },
                ],
            }
        ],
        "tools": [TOOL],
        "response_format": FORMAT,
        "temperature": 0.1,
        "logprobs": True,
        "top_logprobs": 2,
    },
]
COMPLETIONS: list[Object] = [
    {
        "model": GPT,
        "prompt": "hi",
        "max_tokens": 9,
        "echo": True,
        "logprobs": 2,
        "temperature": 0.1,
        "top_p": 0.5,
        "frequency_penalty": 0.1,
        "presence_penalty": 0.1,
        "best_of": 1,
        "user": "me",
    },
    {"model": QWEN, "prompt": ["hi"], "stream": True, "stop": "x", "seed": 1},
]
RESPONSES: list[Object] = [
    {
        "model": GPT,
        "instructions": "s",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "hi"}]},
            {"type": "reasoning", "id": "r", "summary": [], "encrypted_content": "e"},
            {"type": "function_call", "call_id": "a", **FUNCTION},
            {"type": "function_call_output", "call_id": "a", "output": "sunny"},
        ],
        "tools": [
            RESPONSES_WEATHER,
            {"type": "custom", "name": "patch", "format": {"type": "text"}},
            {"type": "namespace", "name": "n", "tools": []},
            {"type": "file_search"},
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
SOURCE = {"type": "base64", "media_type": "image/png", "data": PNG}
MESSAGES: list[Object] = [
    {
        "model": GPT,
        "max_tokens": 50,
        "system": [{"type": "text", "text": "s"}],
        "messages": [
            user_message(),
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
        "tools": [{**MESSAGES_WEATHER, "cache_control": {"type": "ephemeral"}}],
        "tool_choice": {"type": "tool", "name": "weather"},
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "stop_sequences": ["x"],
        "temperature": 0.5,
        "top_p": 0.5,
        "top_k": 3,
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
                    {"type": "image", "source": SOURCE},
                    {
                        "type": "document",
                        "source": {"type": "text", "data": "x"},
                        "title": "t",
                        "context": "c",
                    },
                    {"type": "search_result", "source": "x", "content": []},
                ],
            }
        ],
        "output_config": {
            "effort": "low",
            "format": {"type": "json_schema", "schema": SCHEMA},
        },
        "thread": {"type": "create"},
    },
]
CREATE: list[Object] = [
    {
        "model": "made",
        "from": GPT,
        "system": "s",
        "template": "{{ .Prompt }}",
        "parameters": OPTIONS,
        "messages": [user_message()],
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

SAMPLES: Mapping[tuple[str, str], Sequence[Any]] = {
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
    ("POST", "/api/show"): [
        {"model": GPT, "system": "s", "verbose": True, "options": OPTIONS},
        {"name": GPT, "template": "{{ .Prompt }}"},
    ],
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
