"""Parse model names by Ollama's grammar: `[host/][namespace/]model[:tag]`."""

import json
import re
from functools import lru_cache

from app.domain.models import (
    DEFAULT_HOST,
    DEFAULT_NAMESPACE,
    DEFAULT_TAG,
    ModelName,
)
from app.errors import InvalidRequest

HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,349}")
NAMESPACE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,79}")
MODEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}")
TAG = MODEL

SOURCES = ("cloud", "local")
CLOUD_ENDING = "-cloud"

MAX_CACHED_LENGTH = 200  # longer texts are parsed each time, to bound the memory


def parse(text: str) -> ModelName:
    """Return the parsed name, without a source such as `:cloud`.

    Raise InvalidRequest with Ollama's text if the name is not legal.
    """
    return _parse_cached(text) if len(text) <= MAX_CACHED_LENGTH else _parse(text)


def _parse(text: str) -> ModelName:
    name = _split(_without_source(text.strip()))
    parts = (
        HOST.fullmatch(name.host),
        NAMESPACE.fullmatch(name.namespace),
        MODEL.fullmatch(name.model),
        TAG.fullmatch(name.tag),
    )
    if not all(parts):
        raise InvalidRequest("invalid model name")
    return name


_parse_cached = lru_cache(maxsize=1024)(_parse)


def _split(text: str) -> ModelName:
    """Split from the right; an empty part stays empty, so that it is not legal."""
    tag, host, namespace = DEFAULT_TAG, DEFAULT_HOST, DEFAULT_NAMESPACE
    if text.rfind(":") > text.rfind("/"):
        text, _, tag = text.rpartition(":")
    rest, slash, model = text.rpartition("/")
    if slash:
        rest, slash, namespace = rest.rpartition("/")
    if slash:
        host = rest.split("://", 1)[-1]
    return ModelName(host, namespace, model, tag)


def _without_source(text: str) -> str:
    base, explicit = _cut_source(text)
    if explicit and _cut_source(base)[1]:
        quoted = json.dumps(text, ensure_ascii=False)
        raise InvalidRequest(f"use either :local or :cloud, not both: {quoted}")
    return base


def _cut_source(text: str) -> tuple[str, bool]:
    """Return the name without its source, and whether it had one.

    `x:cloud` and `x:local` are `x`, `x:tag-cloud` is `x:tag`.
    """
    base, _, tag = text.rpartition(":")
    if not base:
        return text, False
    if tag.strip().lower() in SOURCES:
        return base, True
    if "/" not in tag and tag.lower().endswith(CLOUD_ENDING):
        return text[: -len(CLOUD_ENDING)], True
    return text, False
