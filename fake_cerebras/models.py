"""The served models and their differences."""

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
    accepts_prediction: bool = True
    accepts_developer_role: bool = True
    only_first_system_message: bool = False
    unsupported_schema_keys: frozenset[str] = frozenset()
    counts_predictions: bool = True  # in usage.completion_tokens_details

    def as_dict(self) -> dict[str, Any]:
        """Return the entry of /v1/models (quoted)."""
        return {"id": self.id, "object": "model", "created": 0, "owned_by": "Cerebras"}

    def as_public_dict(self) -> dict[str, Any]:
        """Return the entry of /public/v1/models: keys are quoted, values guesses."""
        capabilities = (
            "streaming function_calling structured_outputs json_mode tools tool_choice "
            "parallel_tool_calls response_format reasoning"
        )
        supported = "temperature top_p seed stop max_completion_tokens logprobs"
        unsupported = "frequency_penalty presence_penalty logit_bias repetition_penalty"
        return {
            "id": self.id,
            "object": "model",
            "created": 1_754_438_400,
            "owned_by": self.maker,
            "name": self.name,
            "description": f"{self.name}, simulated.",
            "hugging_face_id": self.hugging_face_id,
            "pricing": {
                "prompt": self.prompt_price,
                "completion": self.completion_price,
            },
            "capabilities": dict.fromkeys(capabilities.split(), True)
            | {"vision": self.vision},
            "supported_parameters": dict.fromkeys(supported.split(), True)
            | {"top_logprobs": True}
            | dict.fromkeys(unsupported.split(), False),
            "architecture": self.architecture,
            "limits": {
                "max_context_length": self.context_length,
                "max_completion_tokens": self.max_output,
                "requests_per_minute": None,
                "tokens_per_minute": None,
            },
            "deprecated": False,
            "preview": False,
            "quantization": "FP16/8",
            "datacenter_locations": [],
        }


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
            accepts_prediction=False,
            accepts_developer_role=False,
            only_first_system_message=True,
            unsupported_schema_keys=frozenset({"minLength", "maxLength"}),
            counts_predictions=False,
        ),
    )
}


def find(model_id: object) -> Model:
    """Return a served model, or raise the 404 for a retired or unknown one."""
    model = SERVED.get(model_id) if isinstance(model_id, str) else None
    if model is None:
        raise model_not_found(model_id)
    return model
