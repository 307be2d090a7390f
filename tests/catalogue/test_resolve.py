import logging

import pytest

from app.catalogue.metadata import TABLE
from app.catalogue.models import Catalogue
from app.catalogue.names import ModelName
from app.catalogue.resolve import Target, announce, is_elsewhere, resolve
from app.errors import InvalidRequest, ModelNotFound, UpstreamError

GPT, QWEN = TABLE


def catalogue_of(*ids: str) -> Catalogue:
    """A catalogue with this list; without ids, one to which no list has come."""

    def fetch_ids() -> tuple[str, ...]:
        if not ids:
            raise UpstreamError("down")
        return ids

    return Catalogue(fetch_ids, lambda: [], spawn=lambda work: work())


@pytest.mark.parametrize(
    ("name", "model_id"),
    [
        ("gpt-oss-120b", GPT),
        ("gpt-oss-120b:latest", GPT),
        ("GPT-OSS-120B", GPT),
        ("gpt-oss:120b", GPT),
        ("gpt-oss:120b-cloud", GPT),
        ("gpt-oss-120b:cloud", GPT),
        ("gpt-oss:120b:cloud", GPT),
        ("gpt-oss:120b:local", GPT),
        ("registry.ollama.ai/library/gpt-oss:120b", GPT),
        (" gpt-oss-120b ", GPT),
        ("qwen-3.8-27b", QWEN),
        ("qwen3.8:27b", QWEN),
        ("Qwen3.8:27B-Cloud", QWEN),
        ("qwen-3.8:27b", QWEN),
        ("llama3.3:70b", "llama-3.3-70b"),
        ("llama-3.3:70b-cloud", "llama-3.3-70b"),
    ],
)
def test_every_spelling_leads_to_its_model(name: str, model_id: str) -> None:
    target = resolve(name, catalogue_of(*TABLE, "llama-3.3-70b"))

    assert target.model.id == model_id
    assert target.name == name


@pytest.mark.parametrize(
    "name", ["zz", "gpt-oss", "gpt-oss:20b", "me/gpt-oss-120b", "gpt-oss-120b-cloud"]
)
def test_an_unknown_name_is_not_found_in_ollamas_words(name: str) -> None:
    with pytest.raises(ModelNotFound) as raised:
        resolve(name, catalogue_of(*TABLE))

    assert raised.value.message == f"model '{name}' not found"


@pytest.mark.parametrize("name", ["", "  "])
def test_a_blank_name_is_not_found_whatever_the_default(name: str) -> None:
    with pytest.raises(ModelNotFound) as raised:
        resolve(name, catalogue_of(*TABLE), GPT)

    assert raised.value.message == "model '' not found"


def test_an_illegal_name_is_refused_whatever_the_default() -> None:
    with pytest.raises(InvalidRequest, match=r"^invalid model name$"):
        resolve("a b", catalogue_of(*TABLE), GPT)


@pytest.mark.parametrize("default", [QWEN, "qwen3.8:27b", "QWEN-3.8-27b:latest"])
def test_the_default_model_answers_for_an_unknown_name(default: str) -> None:
    target = resolve("llama3.2", catalogue_of(*TABLE), default)

    assert target.name == "llama3.2"
    assert target.model.id == QWEN


def test_a_served_name_is_never_the_defaults() -> None:
    assert resolve("gpt-oss:120b", catalogue_of(*TABLE), QWEN).model.id == GPT


def test_a_default_model_that_is_not_served_answers_for_nothing() -> None:
    with pytest.raises(ModelNotFound):
        resolve("llama3.2", catalogue_of(*TABLE), "retired")


def test_a_default_model_is_believed_while_no_list_has_come() -> None:
    assert resolve("llama3.2", catalogue_of(), "kimi-k9").model.id == "kimi-k9"
    assert resolve("llama3.2", catalogue_of(), "qwen3.8:27b").model.id == QWEN


@pytest.mark.parametrize(
    ("name", "asked", "expected"),
    [
        ("gpt-oss:120b-cloud", False, False),
        ("GPT-OSS-120B", False, False),
        ("a b", False, False),
        ("", False, False),
        ("llama3", True, True),
        ("zz", True, False),
    ],
)
def test_the_passthrough_is_asked_last(name: str, asked: bool, expected: bool) -> None:
    seen = []

    def has(parsed: ModelName) -> bool:
        seen.append(parsed)
        return parsed.model == "llama3"

    assert is_elsewhere(name, catalogue_of(*TABLE), has) == expected
    assert bool(seen) == asked


def test_a_target_writes_its_model_into_the_request() -> None:
    target = resolve("gpt-oss:120b", catalogue_of(*TABLE))
    request = {"model": "?", "messages": [{"role": "user", "content": "Hi"}]}

    fitted = target.apply({**request, "reasoning_effort": "max"})

    assert fitted["model"] == GPT
    assert fitted["reasoning_effort"] == "high"


def test_a_full_name_is_spelt_as_ollama_spells_it() -> None:
    target = Target("gpt-oss-120b", TABLE[GPT])

    assert target.full_name == "registry.ollama.ai/library/gpt-oss-120b:latest"


@pytest.mark.parametrize(
    ("default", "warned"), [(None, False), ("gpt-oss:120b", False), ("retired", True)]
)
def test_a_default_model_that_is_not_served_is_warned_of(
    default: str | None, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        announce(list(TABLE.values()), default)

    warnings = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert "gpt-oss-120b, qwen-3.8-27b" in caplog.text
    assert bool(warnings) == warned
    assert all("retired" in text and "qwen-3.8-27b" in text for text in warnings)
