"""Models in the shapes of `/api/tags`, `/api/show` and `/api/ps`.

Keys stand in Ollama's order. Clients written in Zed's and Roo's way refuse the whole
list over one null or missing string, so every string is there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from app.domain.models import Listed, Model

Entry = dict[str, Any]

EPOCH = datetime.fromtimestamp(0, UTC)

COPILOT = "GitHubCopilotChat/"
SAID = ("role", "content")  # of a message, as far as it is shown

# The upstream renders prompts itself. The text is for clients that look into it:
# LiteLLM takes a template that names tools as a sign of them, Continue one with
# `.Suffix` as a sign of fill-in-the-middle.
TEMPLATE = (
    "{{ if .System }}{{ .System }}\n\n{{ end }}"
    "{{ range .Messages }}{{ .Role }}: {{ .Content }}\n{{ end }}"
)
TOOLS_TEMPLATE = "{{ if .Tools }}Tools: {{ .Tools }}\n\n{{ end }}" + TEMPLATE


@dataclass(frozen=True)
class Sheet:
    """What is told of one model besides its facts."""

    modelfile: str
    template: str
    system: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    messages: Sequence[Mapping[str, Any]] = ()
    licenses: Sequence[str] = ()
    requires: str = ""


def remote(model: Model, remote_host: str) -> dict[str, str]:
    """What Ollama adds for a model that it does not run itself."""
    return {"remote_model": model.id, "remote_host": remote_host}


def tags(
    models: Iterable[Listed], remote_host: str, further: Iterable[Entry] = ()
) -> dict[str, Any]:
    """The models, and `further` ones whose entries another server has made."""
    return {"models": [*[_tag(model, remote_host) for model in models], *further]}


def ps(
    loaded: Iterable[tuple[Listed, int]], further: Iterable[Entry] = ()
) -> dict[str, Any]:
    """The loaded models, each with the nanosecond at which it expires."""
    return {"models": [*[_process(model, at) for model, at in loaded], *further]}


def show(
    listed: Listed, sheet: Sheet, name: str, remote_host: str, user_agent: str = ""
) -> dict[str, Any]:
    """All about one model, to a program that called it `name`."""
    model = listed.model
    asked = {"general.basename": name} if is_copilot(user_agent) else {}
    shown = {
        "license": "\n".join(sheet.licenses),
        "modelfile": sheet.modelfile,
        "parameters": "\n".join(_parameter_lines(sheet.parameters)),
        "template": sheet.template,
        "system": sheet.system,
        "details": _details(model) | {"parent_model": listed.parent},
        "messages": [{key: said[key] for key in SAID} for said in sheet.messages],
        **remote(model, remote_host),
        "model_info": _model_info(model) | asked,
        "capabilities": list(model.capabilities),
        "modified_at": _date(listed.modified_us),
        "requires": sheet.requires,
    }
    return {key: value for key, value in shown.items() if value not in ("", [])}


def is_copilot(user_agent: str) -> bool:
    """It takes the base name of a model for the name that it called it by."""
    return user_agent.startswith(COPILOT)


def recommendations(models: Iterable[Model]) -> dict[str, Any]:
    """Under names without a tag: the CLI looks for these among those it lists."""
    return {"recommendations": [_recommendation(model) for model in models]}


def parameters(model: Model) -> dict[str, Any]:
    return {"num_ctx": model.context_length}


def template(model: Model) -> str:
    return TOOLS_TEMPLATE if "tools" in model.capabilities else TEMPLATE


def _tag(listed: Listed, remote_host: str) -> dict[str, Any]:
    model = listed.model
    lengths = {
        "context_length": model.context_length,
        "embedding_length": model.embedding_length,
    }
    details = _details(model) | {"parent_model": listed.parent}
    return {
        "name": listed.name,
        "model": listed.name,
        **remote(model, remote_host),
        "modified_at": _date(listed.modified_us),
        "size": listed.size,
        "digest": listed.digest,
        "details": details | _known(lengths),
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
    lengths = {
        "context_length": model.context_length,
        "max_output_tokens": model.max_output,
    }
    size = model.parameter_size
    told = "" if size == "unknown" else f"{size} parameters, "
    return {
        "model": model.id,
        "description": f"{told}runs on Cerebras",
        **_known(lengths),
    }


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
    return {"general.architecture": model.family} | _known(
        {
            "general.basename": model.basename,
            "general.organization": model.owner,
            "general.parameter_count": model.parameter_count,
            f"{model.family}.context_length": model.context_length,
            f"{model.family}.embedding_length": model.embedding_length,
        }
    )


def _known(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {key: fact for key, fact in facts.items() if fact}


def _date(microseconds: int) -> str:
    """RFC 3339 as `fromisoformat` read it before Python 3.11: no `Z`, six digits."""
    moment = EPOCH + timedelta(microseconds=microseconds)
    return moment.isoformat(timespec="microseconds")


def _parameter_lines(values: Mapping[str, Any]) -> Iterator[str]:
    for key, value in values.items():
        for one in value if isinstance(value, list) else [value]:
            yield f"{key:<30} {json.dumps(one, ensure_ascii=False)}"
