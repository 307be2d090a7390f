import re

import pytest

from app.catalogue.metadata import TABLE, describe, read_public_list
from app.domain.models import Model

PUBLIC_ENTRY = {
    "id": "gpt-oss-120b",
    "object": "model",
    "created": 1_754_438_400,
    "owned_by": "OpenAI",
    "hugging_face_id": "openai/gpt-oss-120b",
    "pricing": {"prompt": "0.00000035"},
    "capabilities": {"function_calling": True, "vision": False, "reasoning": True},
    "limits": {"max_context_length": 100_000, "max_completion_tokens": 10_000},
    "quantization": "FP16/8",
}


def describe_with(model_id: str, **entry: object) -> Model:
    entries = read_public_list([{"id": model_id, **entry}])
    return describe(model_id, entries[model_id])


@pytest.mark.parametrize("model", TABLE.values(), ids=TABLE)
def test_table_has_every_fact_of_a_model_and_matching_traits(model: Model) -> None:
    assert model.id in TABLE
    assert all([model.owner, model.family, model.basename, model.parameter_size])
    assert all([model.parameter_count, model.embedding_length, model.license])
    assert model.created > 1_700_000_000
    assert model.capabilities[0] == "completion"
    assert model.traits.vision == ("vision" in model.capabilities)
    assert bool(model.traits.reasoning_efforts) == ("thinking" in model.capabilities)


def test_gpt_oss_reasons_little_if_reasoning_is_off() -> None:
    assert describe("gpt-oss-120b").traits.reasoning_efforts["none"] == "low"


def test_unknown_model_gets_safe_values() -> None:
    model = describe("kimi-k9")

    assert model.id == model.basename == "kimi-k9"
    assert model.capabilities == ("completion", "tools")
    assert model.parameter_size == model.family == "unknown"
    assert model.context_length > 0
    assert model.library_names == ()
    assert model.traits.reasoning_efforts == {}
    assert not model.traits.vision


@pytest.mark.parametrize(
    ("model_id", "size", "spellings"),
    [
        ("llama-3.3-70b", "70B", {"llama3.3:70b", "llama-3.3:70b"}),
        ("llama3.1-8b", "8B", {"llama3.1:8b"}),
        ("qwen-3-32b", "32B", {"qwen3:32b", "qwen-3:32b"}),
        ("tiny-350m", "350M", {"tiny:350m"}),
        ("phi-4-3.8B", "3.8B", {"phi4:3.8B", "phi-4:3.8B"}),
        (
            "qwen-3-235b-a22b-instruct-2507",
            "235B",
            {"qwen3:235b-a22b-instruct-2507", "qwen-3:235b-a22b-instruct-2507"},
        ),
        ("zai-glm-4.7", "unknown", set()),
        ("kimi-k2.7-code", "unknown", set()),
    ],
)
def test_unknown_id_implies_size_and_library_names(
    model_id: str, size: str, spellings: set[str]
) -> None:
    model = describe(model_id)

    assert model.parameter_size == size
    assert set(model.library_names) == spellings


def test_public_list_refines_the_table() -> None:
    entry = read_public_list([PUBLIC_ENTRY])["gpt-oss-120b"]

    model = describe("gpt-oss-120b", entry)

    assert model.created == 1_754_438_400
    assert model.context_length == 100_000
    assert model.max_output == 10_000
    assert model.quantization_level == "FP16/8"
    assert model.parameter_count == TABLE["gpt-oss-120b"].parameter_count
    assert model.traits == TABLE["gpt-oss-120b"].traits


def test_public_list_sets_capabilities_of_an_unknown_model() -> None:
    capabilities = {"vision": True, "tools": False, "reasoning": True}

    model = describe_with("new", capabilities=capabilities, hugging_face_id="a/New")

    assert model.capabilities == ("completion", "vision", "thinking")
    assert model.traits.vision
    assert model.traits.reasoning_efforts["max"] == "high"
    assert model.hugging_face_id == "a/New"


def test_public_list_can_remove_a_capability_but_no_date() -> None:
    model = describe_with("gpt-oss-120b", capabilities={"reasoning": False}, created=0)

    assert model.capabilities == ("completion", "tools")
    assert model.traits.reasoning_efforts == {}
    assert model.created == TABLE["gpt-oss-120b"].created


@pytest.mark.parametrize(
    "entry",
    [
        None,
        "x",
        {},
        {"id": 1},
        {"id": "x", "created": "soon"},
        {"id": "x", "limits": 1},
    ],
    ids=repr,
)
def test_unreadable_public_entries_are_ignored(entry: object) -> None:
    assert set(read_public_list([entry, PUBLIC_ENTRY])) == {"gpt-oss-120b"}


def test_digests_are_unique_and_sizes_grow_with_the_metadata() -> None:
    models = [
        *(describe(model_id) for model_id in (*TABLE, "a", "b")),
        describe_with("a", capabilities={"vision": True}),
    ]
    digests = {model.digest for model in models}

    assert len(digests) == len(models)
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in digests)
    assert describe("a").digest == describe("a").digest
    assert describe("aa").size > describe("a").size > 100
