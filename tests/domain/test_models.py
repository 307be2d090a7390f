"""Names, digests and presets of models.

Digests are stored by clients and shown by `ollama list`, so they must not change.
"""

from dataclasses import replace

import pytest

from app.catalogue.metadata import TABLE, describe
from app.domain.presets import Preset, preset_of

GPT = TABLE["gpt-oss-120b"]
MARIO = Preset(
    GPT.id,
    parent="gpt-oss-120b:latest",
    system="You are Mario.",
    parameters={"top_p": 0.5, "seed": 1},
    messages=({"role": "user", "content": "hi"},),
)


@pytest.mark.parametrize(
    ("model_id", "name"),
    [("gpt-oss-120b", "gpt-oss-120b:latest"), ("a:b", "a:b"), ("a/b", "a/b:latest")],
)
def test_name_has_a_tag(model_id: str, name: str) -> None:
    assert describe(model_id).name == name


def test_families_mention_clip_if_the_model_has_vision() -> None:
    assert GPT.families == ["gptoss"]
    assert TABLE["qwen-3.8-27b"].families == ["qwen35", "clip"]


def test_digests_are_those_of_earlier_releases() -> None:
    assert GPT.digest == (
        "bfe659132bc98c2968168da504e2b8297e3af6f7b790da6d0db598c4b58580cb"
    )
    assert preset_of(GPT).digest == (
        "8ffb63ca03c25e0e93b2f0d0f73056b438e40704fbb8190e7ff9bd889a289123"
    )
    assert MARIO.digest == (
        "2a9a76650ad93004cfb25ca57a7c42a7905f4737a3b98bfaef8ba1f96b2021f4"
    )
    assert (GPT.size, MARIO.size) == (477, 183)


def test_digest_ignores_the_parent_and_the_order_of_parameters() -> None:
    same = replace(MARIO, parent="other", parameters={"seed": 1, "top_p": 0.5})
    other = replace(MARIO, base="qwen-3.8-27b")

    assert same.digest == MARIO.digest != other.digest


def test_equal_presets_have_the_same_hash() -> None:
    equal = replace(MARIO, parameters={"seed": 1, "top_p": 0.5})

    assert equal == MARIO
    assert hash(equal) == hash(MARIO)
