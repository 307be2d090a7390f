"""What generate, chat and show refuse, with which status and text, and in what order.

Bad options and formats are 400 here, where Ollama says 500: a deliberate difference.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.asking import MODEL, SEEING, Ask, Vector

CHOICES = '"high", "medium", "low", "max"'
HELLO = [{"role": "user", "content": "hello"}]
TOOLS = [{"type": "function", "function": {"name": "f"}}]
CHAT, GENERATE, SHOW = "POST /api/chat", "POST /api/generate", "POST /api/show"
NO_INSERT = f"registry.ollama.ai/library/{MODEL}:latest does not support insert"
RAW = "raw mode does not support template, system, or context"
BOTH_SOURCES = 'use either :local or :cloud, not both: "foo:cloud:local"'

both = pytest.mark.parametrize("request_", [CHAT, GENERATE], ids=["chat", "generate"])


def asked(request: str, **more: Any) -> dict[str, Any]:
    """A sound request, but for what is said."""
    words = {"messages": HELLO} if request == CHAT else {"prompt": "hello"}
    return {"model": MODEL, **words, **more}


def refused(ask: Ask, request: str, error: str, status: int = 400, **more: Any) -> None:
    """Whole or streamed, a refusal is the same one object."""
    for stream in (True, False):
        body = asked(request, **more, stream=stream)
        Vector(request, body, status, error=error).check(ask)


@both
@pytest.mark.parametrize("think", ["ultra", "", "true", "HIGH"])
def test_a_level_of_thinking_nobody_knows(ask: Ask, request_: str, think: str) -> None:
    text = f'invalid think value: "{think}" (must be {CHOICES}, true, or false)'
    refused(ask, request_, text, think=think)


@both
@pytest.mark.parametrize("think", [1, {}])
def test_thinking_that_is_neither_flag_nor_text(
    ask: Ask, request_: str, think: Any
) -> None:
    text = f"think must be a boolean or string ({CHOICES}, true, or false)"
    refused(ask, request_, text, think=think)


@both
@pytest.mark.parametrize("count", [-1, 21])
def test_top_logprobs_before_the_model(ask: Ask, request_: str, count: int) -> None:
    text = "top_logprobs must be between 0 and 20"
    refused(ask, request_, text, top_logprobs=count, model="zz")


@pytest.mark.parametrize(
    ("request_", "name", "status", "error"),
    [
        (GENERATE, "", 404, "model '' not found"),
        (GENERATE, "  ", 404, "model '' not found"),
        (CHAT, "", 400, "model is required"),
        (CHAT, " \t", 400, "model is required"),
        (SHOW, "", 400, "model is required"),
        (SHOW, "  ", 400, "model is required"),
        (GENERATE, "foo:cloud:local", 400, BOTH_SOURCES),
        (CHAT, "foo:cloud:local", 400, BOTH_SOURCES),
        (GENERATE, "zz", 404, "model 'zz' not found"),
        (CHAT, "zz:7b", 404, "model 'zz:7b' not found"),
        (CHAT, "me/zz", 404, "model 'me/zz' not found"),
        (SHOW, "zz", 404, "model 'zz:latest' not found"),
        (SHOW, "zz:7b", 404, "model 'zz:7b' not found"),
        (SHOW, "me/zz", 404, "model 'me/zz:latest' not found"),
    ],
)
def test_names(ask: Ask, request_: str, name: str, status: int, error: str) -> None:
    Vector(request_, asked(request_, model=name), status, error=error).check(ask)


@pytest.mark.parametrize("request_", [CHAT, GENERATE, SHOW])
@pytest.mark.parametrize(
    "name",
    ["foo:", ":tag", "/foo", "-a", ".a", "a b", "é", "a@sha256:1", "a:b:c", "a" * 81],
)
def test_illegal_names(ask: Ask, request_: str, name: str) -> None:
    body = asked(request_, model=name)
    Vector(request_, body, 400, error="invalid model name").check(ask)


def test_raw_stands_alone(ask: Ask) -> None:
    for more in ({"template": "t"}, {"system": "s"}, {"context": [1]}):
        refused(ask, GENERATE, RAW, raw=True, **more)
        refused(ask, GENERATE, RAW, raw=True, prompt="", **more)


def test_inserting_needs_a_model_that_inserts(ask: Ask) -> None:
    refused(ask, GENERATE, NO_INSERT, suffix="x")
    refused(ask, GENERATE, NO_INSERT, suffix="x", prompt="")


@pytest.mark.parametrize("think", [True, "low", "max"])
@pytest.mark.parametrize("idle", [True, False])
@both
def test_thinking_needs_a_model_that_thinks(
    ask_plain: Ask, request_: str, idle: bool, think: Any
) -> None:
    nothing: dict[str, Any] = {"messages": [], "prompt": ""} if idle else {}
    text = '"m" does not support thinking'
    refused(ask_plain, request_, text, model="m", think=think, tools=TOOLS, **nothing)


@both
def test_not_thinking_needs_nothing(ask_plain: Ask, request_: str) -> None:
    body = asked(request_, model="m", think=False, _debug_render_only=True)
    assert ask_plain(*request_.split(), body).status == 200


@pytest.mark.parametrize("idle", [True, False])
def test_tools_need_a_model_that_calls_them(ask_plain: Ask, idle: bool) -> None:
    nothing: dict[str, Any] = {"messages": []} if idle else {}
    text = "registry.ollama.ai/library/m:latest does not support tools"
    refused(ask_plain, CHAT, text, model="m", tools=TOOLS, **nothing)


@both
@pytest.mark.parametrize(
    ("option", "value", "kind"),
    [
        *((name, "x", "type integer") for name in ("num_keep", "seed", "num_predict")),
        *((name, [], "type integer") for name in ("top_k", "num_ctx", "num_batch")),
        *((name, True, "type integer") for name in ("num_gpu", "main_gpu")),
        *((name, {}, "type integer") for name in ("num_thread", "repeat_last_n")),
        ("draft_num_predict", "4", "type integer"),
        *((name, "hot", "type float32") for name in ("temperature", "top_p", "min_p")),
        *((name, [], "type float32") for name in ("typical_p", "repeat_penalty")),
        ("presence_penalty", True, "type float32"),
        ("frequency_penalty", "1", "type float32"),
        ("use_mmap", 1, "type boolean"),
        ("stop", "bare", "type array"),
        ("stop", ["x", 1], "an array of strings"),
    ],
)
@pytest.mark.parametrize("idle", [True, False])
def test_options(
    ask: Ask, request_: str, option: str, value: Any, kind: str, idle: bool
) -> None:
    nothing: dict[str, Any] = {"messages": [], "prompt": ""} if idle else {}
    body = asked(request_, options={option: value}, **nothing)
    error = f'option "{option}" must be of {kind}'
    Vector(request_, body, 400, error=error).check(ask)


@both
def test_options_that_pass(ask: Ask, request_: str) -> None:
    options = {
        "num_ctx": 8192.0,
        "num_predict": 20.7,
        "seed": None,
        "stop": None,
        "mirostat": "yes",
        "numa": 3,
        "nobody_knows": {"x": []},
    }
    body = asked(request_, options=options, stream=False)
    assert ask(*request_.split(), body).status == 200


@both
@pytest.mark.parametrize(
    ("keep_alive", "error"),
    [
        ("5", 'time: missing unit in duration "5"'),
        ("-1", 'time: missing unit in duration "-1"'),
        ("abc", 'time: invalid duration "abc"'),
        ("", 'time: invalid duration ""'),
        ("1d", 'time: unknown unit "d" in duration "1d"'),
        (True, "Unsupported type: 'bool'"),
        ([], "Unsupported type: '[]interface {}'"),
        ({}, "Unsupported type: 'map[string]interface {}'"),
    ],
)
def test_keep_alive(ask: Ask, request_: str, keep_alive: Any, error: str) -> None:
    refused(ask, request_, error, keep_alive=keep_alive)


@both
@pytest.mark.parametrize(
    ("wanted", "printed"),
    [
        ("xml", r'"\"xml\""'),
        ("JSON", r'"\"JSON\""'),
        (1, '"1"'),
        (True, '"true"'),
        ([], '"[]"'),
    ],
)
def test_formats(ask: Ask, request_: str, wanted: Any, printed: str) -> None:
    wording = 'expected "json" or a valid JSON Schema object'
    refused(ask, request_, f"invalid format: {printed}; {wording}", format=wanted)


@both
@pytest.mark.parametrize("wanted", [None, ""])
def test_no_format(ask: Ask, request_: str, wanted: Any) -> None:
    body = asked(request_, format=wanted, stream=False)
    assert ask(*request_.split(), body).status == 200


@pytest.mark.parametrize(
    ("template", "error"),
    [
        ("{{ .Prompt", "template: :1: unclosed action"),
        ("{{ if .System }}x", "template: :1: unexpected EOF"),
    ],
)
def test_a_broken_template(ask: Ask, template: str, error: str) -> None:
    refused(ask, GENERATE, error, status=500, template=template)


@both
@pytest.mark.parametrize(
    ("image", "place"),
    [
        ("!!!", 0),
        ("AAA", 0),
        ("data:image/png;base64,AAAA", 4),
        ("AA-_", 2),
    ],
)
def test_pictures_that_are_no_base64(
    ask: Ask, request_: str, image: str, place: int
) -> None:
    shown: dict[str, Any] = {"images": [image]}
    if request_ == CHAT:
        shown = {"messages": [{"role": "user", "images": [image]}]}
    error = f"illegal base64 data at input byte {place}"
    refused(ask, request_, error, model=SEEING, **shown)


@pytest.mark.parametrize("arguments", ['{"a":1}', [1]])
def test_arguments_that_are_no_object(ask: Ask, arguments: Any) -> None:
    call = {"function": {"name": "f", "arguments": arguments}}
    messages = [{"role": "assistant", "tool_calls": [call]}]
    error = "Value looks like object, but can't find closing '}' symbol"
    refused(ask, CHAT, error, messages=messages)


def test_a_property_that_is_no_schema(ask: Ask) -> None:
    parameters = {"type": "object", "properties": {"x": True}}
    tool = {"type": "function", "function": {"name": "f", "parameters": parameters}}
    error = (
        "json: cannot unmarshal bool into Go struct field ToolFunctionParameters."
        "tools.function.parameters.properties of type api.ToolProperty"
    )
    refused(ask, CHAT, error, tools=[tool])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"think": True}, "unload"),
        ({"options": {"seed": "x"}}, "unload"),
        ({"raw": True, "system": "s"}, "unload"),
        ({"format": "xml"}, "unload"),
    ],
)
@both
def test_unloading_checks_the_name_alone(
    ask_plain: Ask, request_: str, body: dict[str, Any], reason: str
) -> None:
    asked_for = {"model": "m", "keep_alive": 0, **body}
    answer = ask_plain(*request_.split(), asked_for)

    assert (answer.status, answer.json["done_reason"]) == (200, reason)
    unknown = ask_plain(*request_.split(), {**asked_for, "model": "zz"})
    assert unknown.status == 404
