from typing import Any

import pytest

from app.errors import InvalidRequest
from app.translate.ollama import request
from tests.translate.builders import Json

SENT_OPTIONS: dict[str, tuple[Json, Json]] = {
    "none": ({}, {}),
    "null": ({"temperature": None, "stop": None, "num_ctx": None}, {}),
    "num_predict": ({"num_predict": 7}, {"max_completion_tokens": 7}),
    "num_predict-float": ({"num_predict": 7.0}, {"max_completion_tokens": 7}),
    "num_predict-fraction": ({"num_predict": 7.9}, {"max_completion_tokens": 7}),
    "num_predict-zero": ({"num_predict": 0}, {}),
    "num_predict-endless": ({"num_predict": -1}, {}),
    "num_predict-fill": ({"num_predict": -2}, {}),
    "temperature": ({"temperature": 0.8}, {"temperature": 0.8}),
    "temperature-zero": ({"temperature": 0}, {"temperature": 0}),
    "temperature-outside-its-range": ({"temperature": 9}, {"temperature": 9}),
    "top_p": ({"top_p": 0.9}, {"top_p": 0.9}),
    "penalties": ({"presence_penalty": 1}, {"presence_penalty": 1}),
    "seed": ({"seed": 42}, {"seed": 42}),
    "seed-zero": ({"seed": 0}, {"seed": 0}),
    "seed-random": ({"seed": -1}, {}),
    "seed-beyond-int64": ({"seed": 1e300}, {"seed": 2**63 - 1}),
    "stop": ({"stop": ["a", "", "b"]}, {"stop": ["a", "b"]}),
    "stop-many": ({"stop": list("abcdef")}, {"stop": list("abcdef")}),
    "stop-empty": ({"stop": []}, {}),
    "stop-only-empty": ({"stop": [""]}, {}),
}


@pytest.mark.parametrize(("requested", "sent"), SENT_OPTIONS.values(), ids=SENT_OPTIONS)
def test_option_becomes_upstream_parameter(requested: Json, sent: Json) -> None:
    assert request.options_to_upstream(requested) == sent


def test_options_without_upstream_parameter_are_ignored() -> None:
    requested = {"top_k": 40, "temperature": 1, "use_mmap": True, "num_ctx": 8192.0}
    requested |= {"mirostat": {"any": "thing"}, "min_p": None}

    assert request.options_to_upstream(requested) == {"temperature": 1}
    ignored = ("top_k", "use_mmap", "num_ctx", "mirostat")
    assert request.ignored_options(requested) == ignored


WRONG_VALUES: dict[str, list[Any]] = {
    "type integer": ["4", True, [4], {}],
    "type float32": ["hot", False, [1.0]],
    "type boolean": [1, "true"],
    "type array": ["a", 1, {"a": 1}],
    "an array of strings": [["a", 1], [None]],
}
TYPES = {
    "type integer": "num_keep seed num_predict top_k repeat_last_n num_ctx num_batch "
    "num_gpu main_gpu num_thread draft_num_predict",
    "type float32": "top_p min_p typical_p temperature repeat_penalty presence_penalty "
    "frequency_penalty",
    "type boolean": "use_mmap",
    "type array": "stop",
    "an array of strings": "stop",
}
MISTYPED = [
    (name, value, kind)
    for kind, names in TYPES.items()
    for name in names.split()
    for value in WRONG_VALUES[kind]
]


def test_all_options_have_a_type() -> None:
    assert {name for name, _, _ in MISTYPED} == set(request.OPTIONS)


@pytest.mark.parametrize(("name", "value", "kind"), MISTYPED, ids=str)
def test_option_of_wrong_type_is_refused(name: str, value: Any, kind: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        request.options_to_upstream({name: value})

    assert refusal.value.status == 400
    assert refusal.value.message == f'option "{name}" must be of {kind}'


@pytest.mark.parametrize(
    ("think", "effort"),
    [(None, None), (True, None), (False, "none")]
    + [(level, level) for level in ("low", "medium", "high", "max")],
    ids=str,
)
def test_think_becomes_reasoning_effort(
    think: bool | str | None, effort: str | None
) -> None:
    assert request.reasoning_effort(think) == effort


JSON = {"type": "json_object"}
SCHEMA = {"type": "object", "properties": {"b": {"type": "integer"}}}


@pytest.mark.parametrize(
    ("wanted", "sent"),
    [
        (None, None),
        ("", None),
        ("json", JSON),
        (SCHEMA, {"type": "json_schema", "json_schema": {"schema": SCHEMA}}),
        ({}, {"type": "json_schema", "json_schema": {"schema": {}}}),
    ],
    ids=["absent", "empty", "json", "schema", "empty-schema"],
)
def test_format_becomes_response_format(wanted: Any, sent: Any) -> None:
    assert request.response_format(wanted) == sent


@pytest.mark.parametrize(
    ("wanted", "printed"),
    [
        ("xml", r'"\"xml\""'),
        (0, '"0"'),
        (True, '"true"'),
        (False, '"false"'),
        ([], '"[]"'),
        (["a"], r'"[\"a\"]"'),
        ('a"b', r'"\"a\\\"b\""'),
    ],
    ids=str,
)
def test_other_format_is_refused_and_quoted(wanted: Any, printed: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        request.response_format(wanted)

    assert refusal.value.status == 400
    assert refusal.value.message == (
        f'invalid format: {printed}; expected "json" or a valid JSON Schema object'
    )


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ({}, {}),
        ({"logprobs": False, "top_logprobs": 3}, {}),
        ({"logprobs": True}, {"logprobs": True}),
        ({"logprobs": True, "top_logprobs": 0}, {"logprobs": True}),
        ({"logprobs": True, "top_logprobs": 3}, {"logprobs": True, "top_logprobs": 3}),
        (
            {"options": {"seed": 1}, "think": "low", "format": "json"},
            {"seed": 1, "reasoning_effort": "low", "response_format": JSON},
        ),
        ({"options": None, "think": True, "format": ""}, {}),
    ],
    ids=str,
)
def test_body_becomes_sampling_parameters(body: Json, sent: Json) -> None:
    assert request.generation_parameters(body) == sent
