"""How a model is made from another, by Ollama's rules of merging.

Pure. What only a runner of one's own could do is refused, what has no effect here is
told, before anything is stored.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from app.catalogue.presets import frame_of
from app.domain.models import Model
from app.domain.presets import Preset
from app.errors import CerellamaError, InvalidRequest
from app.translate.ollama import template
from app.translate.ollama.options import OPTIONS, to_sampling
from app.wire.json_codec import JSON_KINDS

Body = Mapping[str, Any]

DIGEST = re.compile(r"sha256[:-][0-9a-fA-F]{64}", re.ASCII)
FILE_FIELDS = ("files", "adapters", "draft_files")
NEED_WEIGHTS = (*FILE_FIELDS, "quantize", "quantization", "draft_quantize")
# What a model has for a runner of its own, and whose part that is here.
LEFT_OUT = {
    "renderer": "Cerebras renders prompts itself",
    "parser": "Cerebras reads answers itself",
    "info": "the facts of the model it is made from hold",
    "remote_host": "models run on Cerebras",
}
INFO_TEXTS = ("model_family", "base_name", "quantization_level", "parameter_size")
INFO_NUMBERS = ("context_length", "embedding_length")

NO_SOURCE = "neither 'from' or 'files' was specified"  # Ollama's own words
MOST_BYTES = 1 << 20  # a definition is read at each request, where streams wait for it
MOST_EXACT = 2**53

_encode = msgspec.json.Encoder(order="sorted").encode


def check_files(body: Body) -> None:
    """What Ollama looks at before anything else."""
    for field in FILE_FIELDS:
        for path, digest in (body.get(field) or {}).items():
            if path.startswith("/") or ".." in path.split("/"):
                raise InvalidRequest("file path must be relative")
            check_digest(digest)
    if body.get("draft_quantize") and not body.get("draft_files"):
        raise InvalidRequest("--draft-quantize requires a DRAFT model")


def check_digest(digest: Any) -> None:
    if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
        raise InvalidRequest("invalid digest format")


def check(body: Body) -> None:
    """Refuse what cannot be made here."""
    if not body.get("from") and not body.get("files"):
        raise InvalidRequest(NO_SOURCE)
    for field in NEED_WEIGHTS:
        if body.get(field):
            raise InvalidRequest(
                f"'{field}' needs the weights of a model on this machine, but models "
                "run on Cerebras: make yours 'from' one that is listed"
            )
    _check_info(body.get("info") or {})
    try:
        template.render(body.get("template") or "", "", "")
    except CerellamaError as error:
        raise InvalidRequest(f"template error: {error}") from error


def _check_info(info: Body) -> None:
    for key in INFO_TEXTS:
        if not isinstance(info.get(key, ""), str):
            raise InvalidRequest(f'info field "{key}" must be a string')
    for key in INFO_NUMBERS:
        number = info.get(key, 0)
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise InvalidRequest(f'info field "{key}" must be a number')
        if number < 0 or number != int(number):
            raise InvalidRequest(f'info field "{key}" must be a non-negative integer')


def derive(parent: Preset, parent_name: str, body: Body) -> Preset:
    """The parent with what the body says put over it."""
    licenses = [text for text in _licenses(body.get("license")) if text]
    made = replace(
        parent,
        parent=parent_name,
        system=body.get("system") or parent.system,
        template=body.get("template") or parent.template,
        parameters={**parent.parameters, **_parameters(body)},
        messages=tuple(body.get("messages") or parent.messages),
        licenses=tuple(dict.fromkeys([*parent.licenses, *licenses])),
        requires=body.get("requires") or parent.requires,
    )
    if made.size > MOST_BYTES:
        raise InvalidRequest(f"the model's definition is over {MOST_BYTES >> 20} MB")
    return made


def _licenses(given: Any) -> list[str]:
    if given is None or isinstance(given, str):
        return [given or ""]
    for value in given if isinstance(given, list) else [given]:
        if value is not None and not isinstance(value, str):
            kind = JSON_KINDS[type(value)]
            raise CerellamaError(
                f"json: cannot unmarshal {kind} into Go value of type []string"
            )
    return [value or "" for value in given]


def _parameters(body: Body) -> dict[str, Any]:
    """Those that are known; a whole number is one however it was written."""
    return {
        name: _whole(value)
        for name, value in (body.get("parameters") or {}).items()
        if name in OPTIONS and value is not None
    }


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer() and abs(value) < MOST_EXACT:
        return int(value)
    return value


def unhonoured(parent: Preset, body: Body) -> Iterator[str]:
    """Sentences on what the body asks for and will not get."""
    asked = body.get("template") or parent.template
    if asked != parent.template and frame_of(asked) is None:
        yield "template is kept and shown, but not applied: Cerebras renders prompts"
    for name, value in (body.get("parameters") or {}).items():
        if value is not None and value != parent.parameters.get(name):
            yield from _without_effect(name, value)
    for field, reason in LEFT_OUT.items():
        if body.get(field):
            yield f"{field} is left out: {reason}"


def _without_effect(name: str, value: Any) -> Iterator[str]:
    if name not in OPTIONS:
        yield f"parameter {name} is left out: it is unknown"
        return
    try:
        _, ignored = to_sampling({name: value})
    except InvalidRequest as error:
        yield f"parameter {name} will be refused: {error}"
        return
    if ignored:
        yield f"parameter {name} is kept and shown, but has no effect on Cerebras"


def layers(preset: Preset, model: Model) -> list[str]:
    """The digests of what a model is made of, as Ollama's layers."""
    texts = [
        preset.template,
        *preset.licenses,
        preset.system,
        _encode(preset.parameters).decode() if preset.parameters else "",
        _encode(preset.messages).decode() if preset.messages else "",
    ]
    digests = [hashlib.sha256(text.encode()).hexdigest() for text in texts if text]
    return [f"sha256:{digest}" for digest in (model.digest, *digests)]
