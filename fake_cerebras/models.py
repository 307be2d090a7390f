"""The models served, and how each differs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fake_cerebras.errors import model_not_found


@dataclass(frozen=True)
class Model:
    id: str
    maker: str
    name: str
    hugging_face_id: str
    context_length: int = 131_072
    max_output: int = 40_960
    prompt_price: str = "0"
    completion_price: str = "0"
    architecture: dict[str, str] = field(default_factory=dict)
    vision: bool = False
    efforts: tuple[str, ...] = ("low", "medium", "high")
    default_effort: str = "medium"
    takes_prediction: bool = True
    takes_developer: bool = True
    one_system_message: bool = False
    refused_schema_keys: frozenset[str] = frozenset()
    counts_predictions: bool = True  # in usage.completion_tokens_details


SERVED = {
    model.id: model
    for model in (
        Model(
            id="gpt-oss-120b",
            maker="OpenAI",
            name="OpenAI GPT OSS",
            hugging_face_id="openai/gpt-oss-120b",
            prompt_price="0.00000035",
            completion_price="0.00000075",
            architecture={
                "modality": "text",
                "tokenizer": "GPT",
                "instruct_type": "harmony",
            },
        ),
        Model(
            id="qwen-3.8-27b",
            maker="Qwen",
            name="Qwen 3.8 27B",
            hugging_face_id="Qwen/Qwen3.8-27B",
            prompt_price="0.00000099",
            completion_price="0.00000149",
            architecture={
                "modality": "text+vision",
                "tokenizer": "Qwen3",
                "instruct_type": "chatml",
            },
            vision=True,
            efforts=("none", "low", "medium", "high"),
            default_effort="high",
            takes_prediction=False,
            takes_developer=False,
            one_system_message=True,
            refused_schema_keys=frozenset({"minLength", "maxLength"}),
            counts_predictions=False,
        ),
    )
}


def find(model_id: object) -> Model:
    """The model, or a refusal: retired and unknown ids get the same answer."""
    model = SERVED.get(model_id) if isinstance(model_id, str) else None
    if model is None:
        raise model_not_found(model_id)
    return model


def short(model: Model) -> dict[str, Any]:
    """As `/v1/models` lists it (quoted)."""
    return {"id": model.id, "object": "model", "created": 0, "owned_by": "Cerebras"}


def public(model: Model) -> dict[str, Any]:
    """As `/public/v1/models` lists it: key names quoted, flags and dates guessed."""
    capabilities = (
        "streaming function_calling structured_outputs json_mode tools tool_choice "
        "parallel_tool_calls response_format reasoning"
    )
    parameters = "temperature top_p seed stop max_completion_tokens logprobs"
    refused = "frequency_penalty presence_penalty logit_bias repetition_penalty"
    return {
        "id": model.id,
        "object": "model",
        "created": 1_754_438_400,
        "owned_by": model.maker,
        "name": model.name,
        "description": f"{model.name}, simulated.",
        "hugging_face_id": model.hugging_face_id,
        "pricing": {"prompt": model.prompt_price, "completion": model.completion_price},
        "capabilities": dict.fromkeys(capabilities.split(), True)
        | {"vision": model.vision},
        "supported_parameters": dict.fromkeys(parameters.split(), True)
        | {"top_logprobs": True}
        | dict.fromkeys(refused.split(), False),
        "architecture": model.architecture,
        "limits": {
            "max_context_length": model.context_length,
            "max_completion_tokens": model.max_output,
            "requests_per_minute": None,
            "tokens_per_minute": None,
        },
        "deprecated": False,
        "preview": False,
        "quantization": "FP16/8",
        "datacenter_locations": [],
    }
