"""The common part of the native dialects: errors, framing, needs and loading."""

import pytest

from app.domain.presets import Preset
from app.errors import InvalidRequest, UpstreamError
from app.translate.ollama.dialect import OllamaDialect
from tests.translate.builders import Json

OLLAMA = OllamaDialect()


def test_error_is_an_object_with_one_key() -> None:
    assert OLLAMA.error(UpstreamError("it broke")) == {"error": "it broke"}


def test_batch_of_events_is_framed_as_lines() -> None:
    events = [{"response": "é\u2028"}, b'{"made":"before"}\n', {"done": True}]

    assert OLLAMA.frame_all([]) == b""
    assert OLLAMA.stream_mimetype == "application/x-ndjson"
    assert OLLAMA.frame_all(events) == (
        '{"response":"é\\u2028"}\n{"made":"before"}\n{"done":true}\n'.encode()
    )


@pytest.mark.parametrize(
    ("body", "needed"),
    [
        ({}, []),
        ({"think": False, "tools": [], "suffix": ""}, []),
        ({"suffix": "x", "tools": [{}], "think": 1}, ["thinking", "tools", "insert"]),
    ],
    ids=["absent", "empty", "all"],
)
def test_needs_are_in_ollamas_order(body: Json, needed: list[str]) -> None:
    assert [
        name for name, is_needed in OLLAMA.needs(body).items() if is_needed
    ] == needed


@pytest.mark.parametrize(
    ("think", "is_shown"), [(None, True), (True, True), ("low", True), (False, False)]
)
def test_only_think_false_hides_thinking(
    think: bool | str | None, is_shown: bool
) -> None:
    assert OLLAMA.shows_thinking({"think": think}) is is_shown


WRONG = Preset("gpt-oss-120b", parameters={"seed": "x"})


def test_load_checks_options_of_body_and_preset() -> None:
    OLLAMA.check_load({}, None)
    OLLAMA.check_load({"options": {"seed": 1}}, WRONG)
    for body, preset in [({"options": {"seed": "x"}}, None), ({}, WRONG)]:
        with pytest.raises(InvalidRequest, match='option "seed"'):
            OLLAMA.check_load(body, preset)
