"""Make the preset of a derived model from a create request, by Ollama's merge rules.

Fields that need the weights of a model are refused. Fields without effect here are
reported to the user as remarks.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from app.domain.models import Model
from app.domain.presets import Preset
from app.errors import CerellamaError, InvalidRequest
from app.translate.ollama import template
from app.translate.ollama.request import OPTIONS, ignored_options, options_to_upstream
from app.wire.json_codec import JSON_KINDS

Body = Mapping[str, Any]

DIGEST = re.compile(r"sha256[:-][0-9a-fA-F]{64}", re.ASCII)
FILE_FIELDS = ("files", "adapters", "draft_files")
NEED_WEIGHTS = (*FILE_FIELDS, "quantize", "quantization", "draft_quantize")
LEFT_OUT = {  # field -> reason
    "renderer": "Cerebras renders prompts itself",
    "parser": "Cerebras parses model output itself",
    "info": "the facts of its base model apply",
    "remote_host": "models run on Cerebras",
}
INFO_TEXTS = ("model_family", "base_name", "quantization_level", "parameter_size")
INFO_NUMBERS = ("context_length", "embedding_length")

NO_SOURCE = "neither 'from' or 'files' was specified"  # Ollama's text
MAX_DEFINITION_BYTES = 1 << 20  # each request reads it from the store and decodes it
MAX_EXACT_INTEGER = 2**53

_encode = msgspec.json.Encoder(order="sorted").encode


def check_files(body: Body) -> None:
    """Raise InvalidRequest for bad file names or digests, which Ollama checks first."""
    for field in FILE_FIELDS:
        for path, digest in (body.get(field) or {}).items():
            if path.startswith("/") or ".." in path.split("/"):
                raise InvalidRequest("file path must be relative")
            check_digest(digest)
    if body.get("draft_quantize") and not body.get("draft_files"):
        raise InvalidRequest("--draft-quantize requires a DRAFT model")


def check_digest(digest: Any) -> None:
    """Raise InvalidRequest unless the digest has the form of Ollama's."""
    if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
        raise InvalidRequest("invalid digest format")


def check(body: Body) -> None:
    """Raise InvalidRequest for a model that cannot be made without weights."""
    if not body.get("from") and not body.get("files"):
        raise InvalidRequest(NO_SOURCE)
    for field in NEED_WEIGHTS:
        if body.get(field):
            raise InvalidRequest(
                f"'{field}' needs the weights of a model on this machine, but models "
                "run on Cerebras: create yours 'from' a listed model"
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
    """Return the parent's preset with the fields of the request put over it."""
    licenses = [text for text in _licenses(body.get("license")) if text]
    preset = replace(
        parent,
        parent=parent_name,
        system=body.get("system") or parent.system,
        template=body.get("template") or parent.template,
        parameters={**parent.parameters, **_known_parameters(body)},
        messages=tuple(body.get("messages") or parent.messages),
        licenses=tuple(dict.fromkeys([*parent.licenses, *licenses])),
        requires=body.get("requires") or parent.requires,
    )
    if preset.size > MAX_DEFINITION_BYTES:
        raise InvalidRequest(
            f"the model's definition is over {MAX_DEFINITION_BYTES >> 20} MB"
        )
    return preset


def _licenses(value: Any) -> list[str]:
    if value is None or isinstance(value, str):
        return [value or ""]
    for item in value if isinstance(value, list) else [value]:
        if item is not None and not isinstance(item, str):
            raise CerellamaError(
                f"json: cannot unmarshal {JSON_KINDS[type(item)]} "
                "into Go value of type []string"
            )
    return [item or "" for item in value]


def _known_parameters(body: Body) -> dict[str, Any]:
    """Return the known parameters, whole floats as int."""
    return {
        name: _to_integer(value)
        for name, value in (body.get("parameters") or {}).items()
        if name in OPTIONS and value is not None
    }


def _to_integer(value: Any) -> Any:
    is_whole = isinstance(value, float) and value.is_integer()
    return int(value) if is_whole and abs(value) < MAX_EXACT_INTEGER else value


def remarks(parent: Preset, body: Body) -> Iterator[str]:
    """Yield a sentence for each field of the request that has no effect here."""
    requested = body.get("template") or parent.template
    if requested != parent.template and template.frame_of(requested) is None:
        yield "template is kept and shown, but not applied: Cerebras renders prompts"
    for name, value in (body.get("parameters") or {}).items():
        if value is not None and value != parent.parameters.get(name):
            yield from _parameter_remarks(name, value)
    for field, reason in LEFT_OUT.items():
        if body.get(field):
            yield f"{field} is left out: {reason}"


def _parameter_remarks(name: str, value: Any) -> Iterator[str]:
    if name not in OPTIONS:
        yield f"parameter {name} is left out: it is unknown"
        return
    try:
        options_to_upstream({name: value})
    except InvalidRequest as error:
        yield f"parameter {name} will be refused: {error}"
        return
    if ignored_options({name: value}):
        yield f"parameter {name} is kept and shown, but has no effect on Cerebras"


def layers(preset: Preset, model: Model) -> list[str]:
    """Return digests of the parts of a model, which are its layers in Ollama."""
    texts = [
        preset.template,
        *preset.licenses,
        preset.system,
        _encode(preset.parameters).decode() if preset.parameters else "",
        _encode(preset.messages).decode() if preset.messages else "",
    ]
    digests = [hashlib.sha256(text.encode()).hexdigest() for text in texts if text]
    return [f"sha256:{digest}" for digest in (model.digest, *digests)]
