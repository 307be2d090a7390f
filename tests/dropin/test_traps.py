"""What trips the parsers of clients that are not installed here: replies as data.

Each demand is that of a client's own source; one entry that fails it hides the whole
list of models there.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest

from tests.cerebras import Fake
from tests.dropin.raw import call
from tests.dropin.shapes import (
    DIGEST,
    INSTANT,
    PYTHON_3_10,
    Shape,
    faults,
    lacks,
    names,
    natural,
    one_of,
    positive,
)
from tests.dropin.upstream import GPT, LATER, QWEN
from tests.live_server import Server

HELLO = [{"role": "user", "content": "Hello"}]
PARAMETER = re.compile(r'(\S+)\s+((?:".*")|\S+)')

DETAILS = {
    "format": str,
    "family": str,
    "parameter_size": str,
    "quantization_level": str,
}


def context_length_of_architecture(model_info: dict[str, Any]) -> bool:
    family = model_info["general.architecture"]
    return positive(model_info[f"{family}.context_length"])


def first_context_length(model_info: dict[str, Any]) -> bool:
    """The first key that looks like it, as LiteLLM and LlamaIndex take it."""
    found = (value for key, value in model_info.items() if "context_length" in key)
    return positive(next(found))


def parameters_with_num_ctx(text: str) -> bool:
    matches = [PARAMETER.fullmatch(line) for line in text.split("\n")]
    return all(matches) and "num_ctx" in {match[1] for match in matches if match}


# Client -> what it demands of an entry of tags, and of that model's show.
LISTS: dict[str, tuple[Shape, Shape]] = {
    "Zed": (
        {
            "name": str,
            "modified_at": str,
            "size": natural,
            "digest": str,
            "details": {**DETAILS, "families": [str]},
        },
        {"capabilities": [str]},
    ),
    "Roo Code": (
        {"name": str, "details": {**DETAILS, "families": [str], "parent_model": str}},
        {"model_info": first_context_length, "capabilities": names("tools")},
    ),
    "AnythingLLM": (
        {"name": str},
        {"capabilities": [str], "model_info": first_context_length},
    ),
    "VS Code Copilot Chat": (
        {"model": str},
        {
            "capabilities": names("tools"),
            "model_info": context_length_of_architecture,
            "remote_model": str,
        },
    ),
    "Continue": (
        {"name": str},
        {"parameters": parameters_with_num_ctx, "template": lacks(".Suffix")},
    ),
    "LiteLLM": (
        {"name": str},
        {"template": names("Tools"), "model_info": first_context_length},
    ),
    "llm-ollama": (
        {"model": str, "digest": DIGEST},
        {"capabilities": names("completion"), "model_info": dict},
    ),
    "Spring AI": (
        {"name": re.compile(r"[^:]+:latest"), "modified_at": INSTANT, "size": natural},
        {"modified_at": INSTANT, "capabilities": [str], "details": DETAILS},
    ),
    "oterm": (
        {"model": str},
        {"capabilities": [str], "parameters": str, "model_info": dict},
    ),
    "Page Assist": ({"details": DETAILS}, {}),
    "ollama CLI": (
        {"name": str, "digest": DIGEST, "size": positive, "modified_at": INSTANT},
        {"details": DETAILS, "remote_host": lambda host: "ollama.com" not in host},
    ),
    "nobody, for it cannot be done": (
        {"capabilities": lacks("embedding")},
        {"capabilities": lacks("insert")},
    ),
}


def tags(server: Server) -> list[dict[str, Any]]:
    models: list[dict[str, Any]] = call(server, "GET", "/api/tags").json["models"]
    assert models
    return models


@pytest.mark.parametrize(("entry", "shown"), LISTS.values(), ids=LISTS)
def test_every_model_is_listed_and_shown_as_the_client_reads_it(
    server: Server, entry: Shape, shown: Shape
) -> None:
    models = tags(server)
    shows = [
        call(server, "POST", "/api/show", {"model": model["model"]}).json
        for model in models
    ]

    assert list(faults(models, [entry])) == []
    assert list(faults(shows, [shown])) == []


def test_a_digest_belongs_to_one_model(server: Server) -> None:
    models = tags(server)

    assert len({model["digest"] for model in models}) == len(models)


def test_name_and_model_of_an_entry_are_the_same_and_have_a_tag(server: Server) -> None:
    for model in tags(server):
        assert model["name"] == model["model"]
        assert ":" in model["name"]


def test_enchanted_finds_vision_in_the_families(server: Server) -> None:
    for model in tags(server):
        has_clip = bool({"clip", "mllama"} & set(model["details"]["families"]))
        assert has_clip is ("vision" in model["capabilities"])


def test_copilot_shows_the_name_that_was_asked_for(server: Server) -> None:
    agent = {"User-Agent": "GitHubCopilotChat/0.30.0"}

    shown = call(server, "POST", "/api/show", {"model": "gpt-oss:120b"}, agent).json

    assert shown["model_info"]["general.basename"] == "gpt-oss:120b"


def test_show_is_answered_from_memory(server: Server, fake: Fake) -> None:
    """LiteLLM asks four times per completion."""
    asked = 30

    for _ in range(asked):
        assert call(server, "POST", "/api/show", {"name": GPT}).status == 200

    assert len(fake.requests()) < asked / 2  # a list that was due, at most


def test_the_version_is_three_numbers_and_new_enough(server: Server) -> None:
    version = call(server, "GET", "/api/version").json["version"]

    numbers = [int(part) for part in version.split(".")]  # Open WebUI
    assert len(numbers) == 3
    assert numbers >= [0, 13, 4]  # Codex; Copilot wants 0.6.4


@pytest.mark.parametrize("path", ["/", "/api/version", "/api/tags"])
def test_a_probe_is_answered(server: Server, path: str) -> None:
    got, headed = call(server, "GET", path), call(server, "HEAD", path)

    assert got.status == headed.status == 200
    assert headed.body == b""
    assert headed.headers["content-length"] == str(len(got.body))


def test_root_says_what_probes_look_for(server: Server) -> None:
    assert call(server, "GET", "/").body == b"Ollama is running"


PS: dict[str, Shape] = {
    "Open WebUI": {"model": str, "expires_at": PYTHON_3_10},
    "Raycast": {"name": str, "expires_at": INSTANT, "size_vram": natural},
    "ollama CLI": {
        "name": str,
        "digest": DIGEST,
        "size": positive,
        "size_vram": positive,
        "expires_at": INSTANT,
        "context_length": positive,
        "details": DETAILS,
    },
}


@pytest.mark.parametrize("keep_alive", ["10m", -1])
@pytest.mark.parametrize("shape", PS.values(), ids=PS)
def test_loaded_models_are_listed_as_the_client_reads_it(
    server: Server, shape: Shape, keep_alive: str | int
) -> None:
    load = {"model": GPT, "prompt": "", "keep_alive": keep_alive}
    call(server, "POST", "/api/generate", load)

    models = call(server, "GET", "/api/ps").json["models"]

    assert models
    assert list(faults(models, [shape])) == []
    for model in models:
        assert datetime.fromisoformat(model["expires_at"]) > datetime.now().astimezone()
        assert model["size_vram"] == model["size"]  # else the CLI tells of a CPU


CALL = {"name": "get_weather", "arguments": {"city": "Oslo"}}
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Forecast the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
COUNTERS = dict.fromkeys(
    [
        "total_duration",
        "load_duration",
        "prompt_eval_count",
        "prompt_eval_duration",
        "eval_count",
        "eval_duration",
    ],
    positive,
)
ROLE = one_of("assistant")


def whole_calls(message: dict[str, Any]) -> bool:
    """Absent, or whole calls with arguments as objects, none of it null."""
    function = {"index": natural, "name": str, "arguments": dict}
    shape = [{"id": str, "function": function}]
    return not list(faults(message.get("tool_calls", []), shape))


# Client -> what it demands of each line of a chat, and of the last.
CHATS: dict[str, tuple[Shape, Shape]] = {
    "Zed": (
        {
            "model": str,
            "created_at": str,
            "message": {"role": ROLE, "content": str},
            "done": bool,
        },
        {"done_reason": str, "prompt_eval_count": natural, "eval_count": natural},
    ),
    "ollama CLI": ({"created_at": INSTANT, "message": whole_calls}, COUNTERS),
    "Raycast": ({"created_at": str, "message": whole_calls}, {"done": bool}),
    "Dify": ({"message": {"content": str}}, {**COUNTERS, "done_reason": str}),
    "ollama-ai-provider": ({"message": {"role": ROLE, "content": str}}, COUNTERS),
    "Spring AI": ({"created_at": INSTANT, "done": bool}, COUNTERS),
    "LiteLLM": ({"message": dict, "done": bool, "model": str}, COUNTERS),
}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("line", "last"), CHATS.values(), ids=CHATS)
def test_every_line_of_a_chat_is_as_the_client_reads_it(
    server: Server, fake: Fake, line: Shape, last: Shape, stream: bool
) -> None:
    fake.script(
        {"reasoning": "Hm.", "content": "Let me see. ", "tool_calls": [CALL, CALL]}
    )
    body = {"model": QWEN, "messages": HELLO, "tools": [TOOL], "stream": stream}

    answer = call(server, "POST", "/api/chat", body)

    lines = answer.lines if stream else [answer.json]
    assert list(faults(lines, [line])) == []
    assert list(faults(lines[-1], last)) == []
    assert [each["done"] for each in lines] == [False] * (len(lines) - 1) + [True]


def test_generate_ends_with_its_context(server: Server) -> None:
    """ollama-ai-provider takes no reply without it."""
    answer = call(server, "POST", "/api/generate", {"model": GPT, "prompt": "Hello"})

    *lines, last = answer.lines
    assert list(faults(last, {**COUNTERS, "context": [natural]})) == []
    assert last["context"]
    assert not any("context" in line for line in lines)


def chunk_shape(role: Any) -> Shape:
    delta = {"content": str} | ({"role": role} if role else {})
    return {
        "id": str,
        "object": one_of("chat.completion.chunk"),
        "created": natural,
        "model": str,
        "choices": [{"index": natural, "delta": delta}],
    }


def test_chunks_are_as_the_ai_sdk_reads_them(server: Server, fake: Fake) -> None:
    """The role comes once: accumulators join it."""
    fake.script({"content": "Let me see. ", "tool_calls": [CALL, CALL]})
    asking = {"model": QWEN, "messages": HELLO, "tools": [TOOL], "stream": True}
    body = asking | {"stream_options": {"include_usage": True}}

    first, *chunks, called, end, cost = call(
        server, "POST", "/v1/chat/completions", body
    ).chunks

    assert list(faults(first, chunk_shape(ROLE))) == []
    assert list(faults([*chunks, called], [chunk_shape(None)])) == []
    assert not any("role" in c["choices"][0]["delta"] for c in [*chunks, called, end])
    calls = called["choices"][0]["delta"]["tool_calls"]
    assert [each["index"] for each in calls] == [0, 1]
    assert len({each["id"] for each in calls}) == 2
    assert end["choices"][0]["finish_reason"] == "tool_calls"
    assert cost["choices"] == []
    assert positive(cost["usage"]["total_tokens"])


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("path", ["/api/chat", "/api/generate", "/v1/chat/completions"])
def test_a_rate_limit_says_when_to_try_again(
    server: Server, fake: Fake, path: str, stream: bool
) -> None:
    """Open WebUI hands Retry-After on; an empty success would be taken for one."""
    fake.script({"status": 429, "headers": LATER})
    asked = {"messages": HELLO, "prompt": "Hello", "stream": stream}

    answer = call(server, "POST", path, {"model": GPT, **asked})

    assert answer.status == 429
    assert 30 < int(answer.headers["retry-after"]) <= 60
    assert "application/json" in answer.headers["content-type"]
    told = answer.json["error"]
    assert "limit exceeded" in (told if path[:4] == "/api" else told["message"])


def test_an_unknown_model_is_told_so_that_the_cli_offers_to_pull(
    server: Server,
) -> None:
    answer = call(server, "POST", "/api/show", {"model": "llama9"})

    assert answer.status == 404
    assert answer.json == {"error": "model 'llama9:latest' not found"}
