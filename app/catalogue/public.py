"""What the upstream's public list says of its models; it refines what we know.

The list is a courtesy: an entry that cannot be read counts as one that is not there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import msgspec

from app.domain.models import Model, Traits

# For a model that reasons and of which no more is known. Some cannot stop, and refuse
# to be asked to.
COMMON_EFFORTS = {
    "none": None,
    "low": "low",
    "medium": "medium",
    "high": "high",
    "max": "high",
}


class Capabilities(msgspec.Struct):
    vision: bool | None = None
    function_calling: bool | None = None
    tools: bool | None = None
    reasoning: bool | None = None


class Limits(msgspec.Struct):
    max_context_length: int | None = None
    max_completion_tokens: int | None = None


class PublicModel(msgspec.Struct):
    id: str
    created: int | None = None
    owned_by: str | None = None
    hugging_face_id: str | None = None
    quantization: str | None = None
    capabilities: Capabilities | None = None
    limits: Limits | None = None


def read(entries: Iterable[Any]) -> dict[str, PublicModel]:
    """The readable entries, by id."""
    models = {}
    for entry in entries:
        try:
            model = msgspec.convert(entry, PublicModel)
        except msgspec.ValidationError:
            continue
        models[model.id] = model
    return models


def refine(model: Model, public: PublicModel) -> Model:
    """The model with what the list says of it put over what we knew."""
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


def _capabilities(model: Model, said: Capabilities) -> tuple[str, ...]:
    tools = said.function_calling if said.tools is None else said.tools
    answers = {"vision": said.vision, "tools": tools, "thinking": said.reasoning}
    return ("completion",) + tuple(
        word
        for word, answer in answers.items()
        if (word in model.capabilities if answer is None else answer)
    )


def _traits(traits: Traits, capabilities: tuple[str, ...]) -> Traits:
    efforts = traits.reasoning_efforts or COMMON_EFFORTS
    return replace(
        traits,
        vision="vision" in capabilities,
        reasoning_efforts=efforts if "thinking" in capabilities else {},
    )
