"""Facts about each model: a table, refined by the upstream's public list of models.

A model's quirks are columns of `Traits`, never branches elsewhere. Sources of the
table: the upstream's documentation and public list, the models' cards, and what
`ollama show` prints for the same weights.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import msgspec

from app.domain.models import Model, Traits

APACHE_2 = """\
Apache License
Version 2.0, January 2004
https://www.apache.org/licenses/LICENSE-2.0"""

TABLE = {
    "gpt-oss-120b": Model(
        id="gpt-oss-120b",
        created=1_754_352_000,  # 2025-08-05
        owner="OpenAI",
        family="gptoss",
        basename="gpt-oss-120b",
        parameter_size="116.8B",
        parameter_count=116_829_156_672,
        quantization_level="MXFP4",
        context_length=131_072,
        embedding_length=2880,
        max_output=40_960,
        capabilities=("completion", "tools", "thinking"),
        license=APACHE_2,
        hugging_face_id="openai/gpt-oss-120b",
        library_names=("gpt-oss:120b",),
        traits=Traits(
            reasoning_efforts={
                "none": "low",  # it cannot stop reasoning
                "low": "low",
                "medium": "medium",
                "high": "high",
                "max": "high",
            },
            developer_role=True,
            prediction=True,
        ),
    ),
    "qwen-3.8-27b": Model(
        id="qwen-3.8-27b",
        created=1_788_393_600,  # 2026-09-03
        owner="Qwen",
        family="qwen35",
        basename="Qwen3.8-27B",
        parameter_size="27.3B",
        parameter_count=27_268_253_696,
        quantization_level="unknown",
        context_length=65_536,
        embedding_length=5120,
        max_output=32_768,
        capabilities=("completion", "vision", "tools", "thinking"),
        license=APACHE_2,
        hugging_face_id="Qwen/Qwen3.8-27B",
        library_names=("qwen3.8:27b", "qwen-3.8:27b"),
        traits=Traits(
            reasoning_efforts={
                "none": "none",
                "low": "low",
                "medium": "medium",
                "high": "high",
                "max": "high",
            },
            vision=True,
            single_system=True,
        ),
    ),
}

# Nearly all served models have tools, and clients hide a model without them.
UNKNOWN = Model(
    id="",
    created=1_795_392_000,  # 2026-11-23: an unknown model is newer than this table
    owner="Cerebras",
    family="unknown",
    basename="",
    parameter_size="unknown",
    parameter_count=0,
    quantization_level="unknown",
    context_length=65_536,
    embedding_length=0,
    max_output=32_768,
    capabilities=("completion", "tools"),
    traits=Traits(single_system=True),
)
# For a model that is only known to reason. "none" is left out of the request, because
# some models cannot stop reasoning and refuse it.
COMMON_EFFORTS = {
    "none": None,
    "low": "low",
    "medium": "medium",
    "high": "high",
    "max": "high",
}

SIZE = re.compile(r"-(?P<number>\d+(?:\.\d+)?)(?P<unit>[bm])(?=-|$)", re.IGNORECASE)
VERSION = re.compile(r"-(?=\d+(?:\.\d+)*$)")


class Capabilities(msgspec.Struct):
    """The capabilities in an entry of the public list."""

    vision: bool | None = None
    function_calling: bool | None = None
    tools: bool | None = None
    reasoning: bool | None = None


class Limits(msgspec.Struct):
    """The limits in an entry of the public list, in tokens."""

    max_context_length: int | None = None
    max_completion_tokens: int | None = None


class PublicModel(msgspec.Struct):
    """An entry of the public list; None is unknown."""

    id: str
    created: int | None = None
    owned_by: str | None = None
    hugging_face_id: str | None = None
    quantization: str | None = None
    capabilities: Capabilities | None = None
    limits: Limits | None = None


def read_public_list(entries: Iterable[Any]) -> dict[str, PublicModel]:
    """Return the entries of the public list by id, without those of another form."""
    models = {}
    for entry in entries:
        try:
            model = msgspec.convert(entry, PublicModel)
        except msgspec.ValidationError:
            continue
        models[model.id] = model
    return models


def describe(model_id: str, public: PublicModel | None = None) -> Model:
    """Return the facts about a model; an unknown one gets safe values."""
    model = TABLE.get(model_id) or _guess(model_id)
    return _refine(model, public) if public else model


def _guess(model_id: str) -> Model:
    """Return an unknown model, with the size and library names that its id implies."""
    model = replace(UNKNOWN, id=model_id, basename=model_id)
    sizes = list(SIZE.finditer(model_id))
    if not sizes:
        return model
    size = sizes[-1]
    stem, tag = model_id[: size.start()], model_id[size.start() + 1 :]
    return replace(
        model,
        parameter_size=f"{size['number']}{size['unit'].upper()}",
        library_names=(f"{VERSION.sub('', stem)}:{tag}", f"{stem}:{tag}"),
    )


def _refine(model: Model, public: PublicModel) -> Model:
    """Return the model with the facts of the public list put over its own."""
    limits = public.limits or Limits()
    capabilities = _capabilities(model, public.capabilities or Capabilities())
    return replace(
        model,
        created=public.created or model.created,
        owner=public.owned_by or model.owner,
        hugging_face_id=public.hugging_face_id or model.hugging_face_id,
        quantization_level=public.quantization or model.quantization_level,
        context_length=limits.max_context_length or model.context_length,
        max_output=limits.max_completion_tokens or model.max_output,
        capabilities=capabilities,
        traits=_traits(model.traits, capabilities),
    )


def _capabilities(model: Model, public: Capabilities) -> tuple[str, ...]:
    tools = public.function_calling if public.tools is None else public.tools
    listed = {"vision": public.vision, "tools": tools, "thinking": public.reasoning}
    return ("completion",) + tuple(
        name
        for name, is_listed in listed.items()
        if (name in model.capabilities if is_listed is None else is_listed)
    )


def _traits(traits: Traits, capabilities: tuple[str, ...]) -> Traits:
    efforts = traits.reasoning_efforts or COMMON_EFFORTS
    return replace(
        traits,
        vision="vision" in capabilities,
        reasoning_efforts=efforts if "thinking" in capabilities else {},
    )
