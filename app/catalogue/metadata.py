"""What is known of each model that the upstream's own list of ids leaves out.

A table of facts; a model's quirks are columns of `Traits`, never branches elsewhere.
Sources: the upstream's documentation and public list, the models' cards, and what
`ollama show` tells of the same weights.
"""

from __future__ import annotations

import re
from dataclasses import replace

from app.catalogue.public import PublicModel, refine
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
                "none": "low",  # it cannot stop thinking
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

# Nearly all models served have tools, and a client hides one that has none.
UNKNOWN = Model(
    id="",
    created=1_795_392_000,  # 2026-11-23, when this was written: it is newer
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

SIZE = re.compile(r"-(?P<number>\d+(?:\.\d+)?)(?P<unit>[bm])(?=-|$)", re.IGNORECASE)
VERSION = re.compile(r"-(?=\d+(?:\.\d+)*$)")


def describe(model_id: str, public: PublicModel | None = None) -> Model:
    """All that is known of a model; one nobody has heard of gets safe values."""
    model = TABLE.get(model_id) or _unknown(model_id)
    return refine(model, public) if public else model


def _unknown(model_id: str) -> Model:
    """The id itself may say a family, a size and so a library name."""
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
