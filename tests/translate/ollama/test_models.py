import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.catalogue.metadata import TABLE, describe
from app.domain.models import Model
from app.domain.presets import Derived, Preset, preset_of
from app.translate.ollama import models
from tests.translate.builders import Json

HOST = "https://api.cerebras.ai"
GPT, QWEN = TABLE.values()
UNKNOWN = describe("kimi-k9")
ALL = [GPT, QWEN, UNKNOWN]

DETAILS = "parent_model format family families parameter_size quantization_level"


def show(model: Model = GPT, **body: Any) -> Json:
    preset = preset_of(model)
    return models.show(model.listed, preset, "requested", HOST, body=body)


def test_tag_has_ollamas_fields_in_ollamas_order() -> None:
    (entry,) = models.tags([GPT.listed], HOST)["models"]

    details = list(entry.pop("details").items())
    assert list(entry.items()) == [
        ("name", "gpt-oss-120b:latest"),
        ("model", "gpt-oss-120b:latest"),
        ("remote_model", "gpt-oss-120b"),
        ("remote_host", HOST),
        ("modified_at", "2025-08-05T00:00:00.000000+00:00"),
        ("size", GPT.size),
        ("digest", GPT.digest),
        ("capabilities", ["completion", "tools", "thinking"]),
    ]
    assert " ".join(key for key, _ in details[:-2]) == DETAILS
    assert details[-2:] == [("context_length", 131072), ("embedding_length", 2880)]


def test_no_models_give_an_empty_list() -> None:
    assert models.tags([], HOST) == models.ps([]) == {"models": []}


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.id)
def test_strings_that_strict_clients_need_are_never_missing(model: Model) -> None:
    (tag,) = models.tags([model.listed], HOST)["models"]
    (process,) = models.ps([(model.listed, 0)])["models"]

    for entry in (tag, process, show(model)):
        details = entry["details"]
        strings = [key for key in DETAILS.split() if key != "families"]
        assert all(isinstance(details[key], str) for key in strings)
        assert all(details[key] for key in strings if key != "parent_model")
        assert details["families"][0] == details["family"]
    assert re.fullmatch(r"[0-9a-f]{64}", tag["digest"])
    assert tag["size"] > 0


def test_unknown_length_is_left_out() -> None:
    (entry,) = models.tags([UNKNOWN.listed], HOST)["models"]

    assert "embedding_length" not in entry["details"]
    assert "general.parameter_count" not in show(UNKNOWN)["model_info"]


@pytest.mark.parametrize(
    ("expiry_ns", "text"),
    [
        (1_800_000_000_123_456_789, "2027-01-15T08:00:00.123456+00:00"),
        (1_800_000_000_000_000_000, "2027-01-15T08:00:00.000000+00:00"),
        (1_800_000_000_000_000_000 + 2**63 - 1, "2319-04-27T07:47:16.854775+00:00"),
    ],
    ids=["microseconds", "whole second", "forever"],
)
def test_expiry_can_be_parsed_by_old_pythons(expiry_ns: int, text: str) -> None:
    (entry,) = models.ps([(GPT.listed, expiry_ns)])["models"]

    assert entry["expires_at"] == text
    assert re.fullmatch(r"[\d-]{10}T[\d:]{8}\.\d{6}[+-]\d\d:\d\d", text)
    assert datetime.fromisoformat(text).utcoffset() == timedelta(0)


def test_show_leaves_out_empty_fields() -> None:
    assert "system" not in show()
    assert "license" not in show(UNKNOWN)


def test_show_has_the_models_facts() -> None:
    assert show()["model_info"] == {
        "general.architecture": "gptoss",
        "general.basename": "gpt-oss-120b",
        "general.organization": "OpenAI",
        "general.parameter_count": 116829156672,
        "gptoss.context_length": 131072,
        "gptoss.embedding_length": 2880,
    }


def test_template_mentions_tools_if_the_model_has_them() -> None:
    for capabilities in [("completion", "tools"), ("completion",)]:
        template = show(replace(GPT, capabilities=capabilities))["template"]

        assert ("tools" in template.lower()) == ("tools" in capabilities)
        assert ".Suffix" not in template


def test_requested_system_text_replaces_the_models() -> None:
    reply = show(system="Be terse.\nBe kind.", verbose=True, template="x")

    assert reply["system"] == "Be terse.\nBe kind."
    assert '\nSYSTEM "Be terse.\nBe kind."\n' in reply["modelfile"]
    assert reply["template"] == show()["template"]


def test_recommendations_have_ollamas_keys_and_names_without_a_tag() -> None:
    gpt, qwen, unknown = models.recommendations(ALL)["recommendations"]

    assert gpt == {
        "model": "gpt-oss-120b",
        "description": "116.8B parameters, runs on Cerebras",
        "context_length": 131_072,
        "max_output_tokens": 40_960,
    }
    assert qwen["model"] == "qwen-3.8-27b"
    assert unknown["description"] == "runs on Cerebras"


def test_show_of_a_derived_model_has_its_preset() -> None:
    preset = Preset(
        base=GPT.id,
        parent="parent:latest",
        system="You are Mario.",
        parameters={"temperature": 0.7, "stop": ["\n", "<|end|>"]},
        messages=({"role": "user", "content": "hi", "images": ["AAAA"]},),
        licenses=("MIT", "Mine"),
        requires="0.14.0",
    )
    listed = Derived("mario:latest", 1_800_000_000_000_000, preset).listed(GPT)

    reply = models.show(listed, preset, "mario", HOST)

    assert reply["license"] == "MIT\nMine"
    assert reply["parameters"] == (
        f'{"temperature":30} 0.7\n{"stop":30} "\\n"\n{"stop":30} "<|end|>"'
    )
    assert reply["details"]["parent_model"] == "parent:latest"
    assert reply["messages"] == [{"role": "user", "content": "hi"}]
    assert reply["modified_at"] == "2027-01-15T08:00:00.000000+00:00"
    assert reply["remote_model"] == GPT.id
    assert reply["requires"] == "0.14.0"
    assert list(reply).index("details") + 1 == list(reply).index("messages")
    assert "template" not in reply


def test_derived_model_is_listed_with_its_name_and_digest() -> None:
    preset = Preset(base=GPT.id, parent="gpt-oss-120b:latest", system="You are Mario.")
    listed = Derived("mario:latest", 0, preset).listed(GPT)

    (tag,) = models.tags([listed], HOST)["models"]
    (process,) = models.ps([(listed, 1)])["models"]

    assert tag["name"] == process["name"] == "mario:latest"
    assert tag["digest"] == process["digest"] == preset.digest != GPT.digest
    assert tag["size"] == process["size_vram"] == preset.size
    assert tag["details"]["parent_model"] == "gpt-oss-120b:latest"
    assert process["details"]["parent_model"] == ""
    assert tag["remote_model"] == GPT.id
    assert tag["capabilities"] == list(GPT.capabilities)
