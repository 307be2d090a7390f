"""The parts of dialect.py that all dialects share."""

import json
from typing import Any

import pytest

from app.domain.presets import Preset
from app.translate.dialect import debug_info, frame_around, frame_texts
from app.translate.ollama.dialect import OllamaDialect
from app.wire import json_codec

DIALECT = OllamaDialect()


def test_texts_are_framed_one_by_one() -> None:
    assert frame_texts(b"<", ["a", 'b"'], b">\n") == b'<"a">\n<"b\\"">\n'


def test_unicode_line_breaks_in_texts_are_escaped() -> None:
    framed = frame_texts(b"", ["a\u0085b\u2028c\u2029d é"], b"\n")

    assert framed == '"a\\u0085b\\u2028c\\u2029d é"\n'.encode()


def test_frame_is_what_is_around_a_text() -> None:
    head, tail = frame_around(json_codec.encode_line, lambda text: {"a": [text, 1]})

    assert (head, tail) == (b'{"a":[', b",1]}\n")


def test_prompt_tokens_are_estimated_from_bytes() -> None:
    assert DIALECT.prompt_tokens({}, 4 * 7) == 8


def test_preset_is_applied_to_the_upstream_form() -> None:
    request = {"messages": [{"role": "user", "content": "hi"}]}

    applied = DIALECT.apply_preset(Preset("gpt-oss-120b", system="s"), request, {})

    assert [message["role"] for message in applied["messages"]] == ["system", "user"]


@pytest.mark.parametrize(
    ("content", "count"),
    [("hi", None), ([{"type": "image_url", "image_url": {"url": "data:,"}}], 1)],
    ids=["text", "image"],
)
def test_debug_info_has_the_request_and_its_images(content: Any, count: Any) -> None:
    request = {"messages": [{"role": "user", "content": content}]}

    info = debug_info(request)

    assert json.loads(info["rendered_template"]) == request
    assert info.get("image_count") == count
