"""Valid requests for every route that takes a body, for tests that damage them."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.blueprints.client import (
    CHAT,
    COMPLETIONS,
    GENERATE,
    GPT,
    MESSAGES,
    MESSAGES_WEATHER,
    OPENAI,
    QWEN,
    RESPONSES,
    RESPONSES_WEATHER,
    Object,
    request_body,
    user_message,
)
from tests.blueprints.equivalent_requests import CASES, IMAGES, TOOL_RESULTS, question

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

# The features of `equivalent_requests.CASES` that one request can have.
FEATURES = [
    *("temperature", "top_p", "seed", "penalties", "token limit", "stop", "system"),
    *("low effort", "no parallel calls", "tool result", "named tool"),
]


def sample(path: str, *names: str, **more: Any) -> Object:
    """Return a request with the fields of these cases, and more."""
    body = request_body(path)
    for name in names:
        body |= CASES[name].bodies.get(path, {})
    return {**body, **more}


LOGPROBS = {"logprobs": True, "top_logprobs": 2}
NATIVE_CHAT = [
    sample(
        CHAT,
        *FEATURES,
        messages=[
            *TOOL_RESULTS[CHAT]["messages"],
            {"role": "assistant", "content": "", "thinking": "hm"},
            {"role": "tool", "content": "sunny", "tool_name": "weather"},
        ],
        options=OPTIONS,
        keep_alive="5m",
        truncate=True,
        shift=True,
        stream=False,
    ),
    sample(CHAT, "image", format=SCHEMA, tools=[TOOL], **LOGPROBS),
]
NATIVE_GENERATE = [
    sample(
        GENERATE,
        *("image", "system", "high effort", "JSON"),
        suffix="",
        template="{{ .Prompt }}",
        options=OPTIONS,
        keep_alive=60,
        **LOGPROBS,
    ),
    sample(GENERATE, raw=True, context=[1, 2, 3], stream=False),
]
OPENAI_CHAT = [
    sample(
        OPENAI,
        *FEATURES,
        reasoning={"effort": "low"},
        max_tokens=20,
        presence_penalty=0.1,
        prediction={"type": "content", "content": "x"},
        n=1,
        user="me",
        stream=True,
        stream_options={"include_usage": True},
    ),
    sample(OPENAI, "image", tools=[TOOL], response_format=FORMAT, **LOGPROBS),
]
OPENAI_COMPLETIONS = [
    sample(COMPLETIONS, *FEATURES, echo=True, logprobs=2, best_of=1, user="me"),
    sample(COMPLETIONS, prompt=["hi"], stream=True, presence_penalty=0.1),
]
OPENAI_RESPONSES = [
    sample(
        RESPONSES,
        *FEATURES,
        input=[
            {"type": "reasoning", "id": "r", "summary": [], "encrypted_content": "e"},
            *TOOL_RESULTS[RESPONSES]["input"],
        ],
        tools=[
            RESPONSES_WEATHER,
            {"type": "custom", "name": "patch", "format": {"type": "text"}},
            {"type": "namespace", "name": "n", "tools": []},
            {"type": "file_search"},
        ],
        stream=True,
    ),
    sample(
        RESPONSES,
        "image",
        "JSON schema",
        "token limit",
        metadata={"a": "b"},
        stream=False,
    ),
]
ANTHROPIC_MESSAGES = [
    sample(
        MESSAGES,
        *FEATURES,
        messages=[
            *TOOL_RESULTS[MESSAGES]["messages"],
            {
                "role": "assistant",
                "content": [{"type": "thinking", "thinking": "hm", "signature": "s"}],
            },
        ],
        system=[{"type": "text", "text": "s"}],
        tools=[{**MESSAGES_WEATHER, "cache_control": {"type": "ephemeral"}}],
        thinking={"type": "enabled", "budget_tokens": 1024},
        top_k=3,
        metadata={"user_id": "u"},
        stream=True,
    ),
    sample(
        MESSAGES,
        messages=[
            question(
                *IMAGES[MESSAGES]["messages"][0]["content"],
                {
                    "type": "document",
                    "source": {"type": "text", "data": "x"},
                    "title": "t",
                    "context": "c",
                },
                {"type": "search_result", "source": "x", "content": []},
            )
        ],
        model=QWEN,
        system="s",
        output_config={
            "effort": "low",
            "format": {"type": "json_schema", "schema": SCHEMA},
        },
        thread={"type": "create"},
    ),
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
    ("POST", "/api/generate"): NATIVE_GENERATE,
    ("POST", "/chat/completions"): OPENAI_CHAT,
    ("POST", "/v1/chat/completions"): OPENAI_CHAT,
    ("POST", "/v1/completions"): OPENAI_COMPLETIONS,
    ("POST", "/v1/responses"): OPENAI_RESPONSES,
    ("POST", "/v1/messages"): ANTHROPIC_MESSAGES,
    ("POST", "/v1/messages/count_tokens"): ANTHROPIC_MESSAGES,
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
