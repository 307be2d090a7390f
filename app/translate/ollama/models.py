"""Replies of `/api/tags`, `/api/show`, `/api/ps` and the recommendations.

The keys are in Ollama's order. Strings are never null or missing: Zed and Roo Code
reject the whole list otherwise.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from app.domain.models import Listed, Model
from app.domain.presets import Preset
from app.translate.ollama import modelfile
from app.wire.json_codec import without_empty

Entry = dict[str, Any]

EPOCH = datetime.fromtimestamp(0, UTC)

COPILOT = "GitHubCopilotChat/"
SHOWN_OF_MESSAGE = ("role", "content")


def remote(model: Model, remote_host: str) -> dict[str, str]:
    """Return the fields that Ollama adds for a model that runs elsewhere."""
    return {"remote_model": model.id, "remote_host": remote_host}


def tags(
    models: Iterable[Listed], remote_host: str, extra_entries: Iterable[Entry] = ()
) -> dict[str, Any]:
    """Return the list of models; the passthrough server made the extra entries."""
    return {"models": [*[_tag(model, remote_host) for model in models], *extra_entries]}


def ps(
    loaded: Iterable[tuple[Listed, int]], extra_entries: Iterable[Entry] = ()
) -> dict[str, Any]:
    """Return the list of loaded models; each comes with its expiry in nanoseconds."""
    processes = [_process(model, expiry_ns) for model, expiry_ns in loaded]
    return {"models": [*processes, *extra_entries]}


def show(
    listed: Listed,
    preset: Preset,
    requested_name: str,
    remote_host: str,
    *,
    user_agent: str = "",
    body: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """Return the details of one model.

    `body` is the request. Its system text and options are shown as if they were the
    model's, the options in the Modelfile only, as in Ollama.
    """
    model = listed.model
    system = body.get("system") or preset.system
    options = {**preset.parameters, **(body.get("options") or {})}
    changed = replace(preset, system=system, parameters=options)
    model_info = _model_info(model)
    if user_agent.startswith(COPILOT):  # it shows this field as the name
        model_info["general.basename"] = requested_name
    reply = {
        "license": "\n".join(preset.licenses),
        "modelfile": modelfile.render(listed.name, changed),
        "parameters": "\n".join(_parameter_lines(preset.parameters)),
        "template": preset.template,
        "system": system,
        "details": _details(model) | {"parent_model": listed.parent},
        "messages": [
            {key: message[key] for key in SHOWN_OF_MESSAGE}
            for message in preset.messages
        ],
        **remote(model, remote_host),
        "model_info": model_info,
        "capabilities": list(model.capabilities),
        "modified_at": _date(listed.modified_us),
        "requires": preset.requires,
    }
    return {key: value for key, value in reply.items() if value not in ("", [])}


def recommendations(models: Iterable[Model]) -> dict[str, Any]:
    """Return the recommended models by id: the CLI expects names without a tag."""
    return {"recommendations": [_recommendation(model) for model in models]}


def _tag(listed: Listed, remote_host: str) -> dict[str, Any]:
    model = listed.model
    lengths = without_empty(
        context_length=model.context_length, embedding_length=model.embedding_length
    )
    return {
        "name": listed.name,
        "model": listed.name,
        **remote(model, remote_host),
        "modified_at": _date(listed.modified_us),
        "size": listed.size,
        "digest": listed.digest,
        "details": _details(model) | {"parent_model": listed.parent} | lengths,
        "capabilities": list(model.capabilities),
    }


def _process(listed: Listed, expiry_ns: int) -> dict[str, Any]:
    return {
        "name": listed.name,
        "model": listed.name,
        "size": listed.size,
        "digest": listed.digest,
        "details": _details(listed.model),
        "expires_at": _date(expiry_ns // 1000),
        "size_vram": listed.size,
        "context_length": listed.model.context_length,
    }


def _recommendation(model: Model) -> dict[str, Any]:
    lengths = without_empty(
        context_length=model.context_length, max_output_tokens=model.max_output
    )
    size = model.parameter_size
    prefix = "" if size == "unknown" else f"{size} parameters, "
    description = f"{prefix}runs on Cerebras"
    return {"model": model.id, "description": description, **lengths}


def _details(model: Model) -> dict[str, Any]:
    return {
        "parent_model": "",
        "format": "gguf",
        "family": model.family,
        "families": model.families,
        "parameter_size": model.parameter_size,
        "quantization_level": model.quantization_level,
    }


def _model_info(model: Model) -> dict[str, Any]:
    facts = {
        "general.basename": model.basename,
        "general.organization": model.owner,
        "general.parameter_count": model.parameter_count,
        f"{model.family}.context_length": model.context_length,
        f"{model.family}.embedding_length": model.embedding_length,
    }
    return {"general.architecture": model.family, **without_empty(**facts)}


def _date(microseconds: int) -> str:
    """Return RFC 3339 that Python before 3.11 can read too: no `Z`, six digits."""
    moment = EPOCH + timedelta(microseconds=microseconds)
    return moment.isoformat(timespec="microseconds")


def _parameter_lines(values: Mapping[str, Any]) -> Iterator[str]:
    for key, value in values.items():
        for item in value if isinstance(value, list) else [value]:
            yield f"{key:<30} {json.dumps(item, ensure_ascii=False)}"
