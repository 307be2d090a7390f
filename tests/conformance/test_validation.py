"""Requests that generate, chat and show refuse, with status and text, and in order.

Bad options and formats are 400 here, where Ollama says 500: docs/differences.md.
"""

from typing import Any

import pytest

from tests.conformance.client import GPT, QWEN, Case, Send

CHOICES = '"high", "medium", "low", "max"'
HELLO = [{"role": "user", "content": "hello"}]
TOOLS = [{"type": "function", "function": {"name": "f"}}]
CHAT, GENERATE, SHOW = "POST /api/chat", "POST /api/generate", "POST /api/show"
NO_INSERT = f"registry.ollama.ai/library/{GPT}:latest does not support insert"
RAW = "raw mode does not support template, system, or context"
BOTH_SOURCES = 'use either :local or :cloud, not both: "foo:cloud:local"'

both = pytest.mark.parametrize("route", [CHAT, GENERATE], ids=["chat", "generate"])


def request_body(route: str, **fields: Any) -> dict[str, Any]:
    """Return a valid request with these fields."""
    prompt_fields = {"messages": HELLO} if route == CHAT else {"prompt": "hello"}
    return {"model": GPT, **prompt_fields, **fields}


def check_refusal(
    send: Send, route: str, error: str, status: int = 400, **fields: Any
) -> None:
    """Check that the request is refused alike, whole and streamed."""
    for stream in (True, False):
        body = request_body(route, **fields, stream=stream)
        Case(route, body, status, error=error).check(send)


@both
@pytest.mark.parametrize("think", ["ultra", "", "true", "HIGH"])
def test_unknown_think_level_returns_400(send: Send, route: str, think: str) -> None:
    text = f'invalid think value: "{think}" (must be {CHOICES}, true, or false)'
    check_refusal(send, route, text, think=think)


@both
@pytest.mark.parametrize("think", [1, {}])
def test_think_of_another_type_returns_400(send: Send, route: str, think: Any) -> None:
    text = f"think must be a boolean or string ({CHOICES}, true, or false)"
    check_refusal(send, route, text, think=think)


@both
@pytest.mark.parametrize("count", [-1, 21])
def test_top_logprobs_out_of_range_return_400_before_the_model_is_looked_up(
    send: Send, route: str, count: int
) -> None:
    text = "top_logprobs must be between 0 and 20"
    check_refusal(send, route, text, top_logprobs=count, model="zz")


@pytest.mark.parametrize(
    ("route", "name", "status", "error"),
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
def test_missing_or_unknown_name_is_refused(
    send: Send, route: str, name: str, status: int, error: str
) -> None:
    Case(route, request_body(route, model=name), status, error=error).check(send)


@pytest.mark.parametrize("route", [CHAT, GENERATE, SHOW])
@pytest.mark.parametrize(
    "name",
    ["foo:", ":tag", "/foo", "-a", ".a", "a b", "é", "a@sha256:1", "a:b:c", "a" * 81],
)
def test_invalid_name_returns_400(send: Send, route: str, name: str) -> None:
    body = request_body(route, model=name)
    Case(route, body, 400, error="invalid model name").check(send)


def test_raw_with_system_template_or_context_returns_400(send: Send) -> None:
    for fields in ({"template": "t"}, {"system": "s"}, {"context": [1]}):
        check_refusal(send, GENERATE, RAW, raw=True, **fields)
        check_refusal(send, GENERATE, RAW, raw=True, prompt="", **fields)


def test_suffix_returns_400(send: Send) -> None:
    check_refusal(send, GENERATE, NO_INSERT, suffix="x")
    check_refusal(send, GENERATE, NO_INSERT, suffix="x", prompt="")


@pytest.mark.parametrize("think", [True, "low", "max"])
@pytest.mark.parametrize("is_empty", [True, False])
@both
def test_thinking_of_a_model_without_it_returns_400(
    send_to_plain_model: Send, route: str, is_empty: bool, think: Any
) -> None:
    empty: dict[str, Any] = {"messages": [], "prompt": ""} if is_empty else {}
    text = '"m" does not support thinking'
    check_refusal(
        send_to_plain_model, route, text, model="m", think=think, tools=TOOLS, **empty
    )


@both
def test_think_false_is_accepted_by_any_model(
    send_to_plain_model: Send, route: str
) -> None:
    body = request_body(route, model="m", think=False, _debug_render_only=True)
    assert send_to_plain_model(*route.split(), body).status == 200


@pytest.mark.parametrize("is_empty", [True, False])
def test_tools_for_a_model_without_them_return_400(
    send_to_plain_model: Send, is_empty: bool
) -> None:
    empty: dict[str, Any] = {"messages": []} if is_empty else {}
    text = "registry.ollama.ai/library/m:latest does not support tools"
    check_refusal(send_to_plain_model, CHAT, text, model="m", tools=TOOLS, **empty)


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
@pytest.mark.parametrize("is_empty", [True, False])
def test_option_of_the_wrong_type_returns_400(
    send: Send, route: str, option: str, value: Any, kind: str, is_empty: bool
) -> None:
    empty: dict[str, Any] = {"messages": [], "prompt": ""} if is_empty else {}
    body = request_body(route, options={option: value}, **empty)
    error = f'option "{option}" must be of {kind}'
    Case(route, body, 400, error=error).check(send)


@both
def test_other_option_values_are_accepted(send: Send, route: str) -> None:
    options = {
        "num_ctx": 8192.0,
        "num_predict": 20.7,
        "seed": None,
        "stop": None,
        "mirostat": "yes",
        "numa": 3,
        "unknown_option": {"x": []},
    }
    body = request_body(route, options=options, stream=False)
    assert send(*route.split(), body).status == 200


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
def test_invalid_keep_alive_returns_400(
    send: Send, route: str, keep_alive: Any, error: str
) -> None:
    check_refusal(send, route, error, keep_alive=keep_alive)


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
def test_invalid_format_returns_400(
    send: Send, route: str, wanted: Any, printed: str
) -> None:
    wording = 'expected "json" or a valid JSON Schema object'
    check_refusal(send, route, f"invalid format: {printed}; {wording}", format=wanted)


@both
@pytest.mark.parametrize("wanted", [None, ""])
def test_empty_format_is_accepted(send: Send, route: str, wanted: Any) -> None:
    body = request_body(route, format=wanted, stream=False)
    assert send(*route.split(), body).status == 200


@pytest.mark.parametrize(
    ("template", "error"),
    [
        ("{{ .Prompt", "template: :1: unclosed action"),
        ("{{ if .System }}x", "template: :1: unexpected EOF"),
    ],
)
def test_broken_template_returns_500(send: Send, template: str, error: str) -> None:
    check_refusal(send, GENERATE, error, status=500, template=template)


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
def test_invalid_base64_of_an_image_returns_400(
    send: Send, route: str, image: str, place: int
) -> None:
    images: dict[str, Any] = {"images": [image]}
    if route == CHAT:
        images = {"messages": [{"role": "user", "images": [image]}]}
    error = f"illegal base64 data at input byte {place}"
    check_refusal(send, route, error, model=QWEN, **images)


@pytest.mark.parametrize("arguments", ['{"a":1}', [1]])
def test_arguments_other_than_an_object_return_400(send: Send, arguments: Any) -> None:
    call = {"function": {"name": "f", "arguments": arguments}}
    messages = [{"role": "assistant", "tool_calls": [call]}]
    error = "Value looks like object, but can't find closing '}' symbol"
    check_refusal(send, CHAT, error, messages=messages)


def test_property_other_than_a_schema_returns_400(send: Send) -> None:
    parameters = {"type": "object", "properties": {"x": True}}
    tool = {"type": "function", "function": {"name": "f", "parameters": parameters}}
    error = (
        "json: cannot unmarshal bool into Go struct field ToolFunctionParameters."
        "tools.function.parameters.properties of type api.ToolProperty"
    )
    check_refusal(send, CHAT, error, tools=[tool])


@pytest.mark.parametrize(
    "fields",
    [
        {"think": True},
        {"options": {"seed": "x"}},
        {"raw": True, "system": "s"},
        {"format": "xml"},
    ],
)
@both
def test_unload_checks_only_the_name(
    send_to_plain_model: Send, route: str, fields: dict[str, Any]
) -> None:
    body = {"model": "m", "keep_alive": 0, **fields}
    response = send_to_plain_model(*route.split(), body)

    assert (response.status, response.json["done_reason"]) == (200, "unload")
    unknown = send_to_plain_model(*route.split(), {**body, "model": "zz"})
    assert unknown.status == 404
