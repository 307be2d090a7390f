from typing import Any

import pytest

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
