"""The grammar of model names, Ollama's own: `[host/][namespace/]model[:tag]`.

Pure, and ignorant of which models exist.
"""

from __future__ import annotations

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

LONGEST_KEPT = 200  # characters of a text whose name is remembered


def parse(text: str) -> ModelName:
    """Read a name, whichever source it asks for."""
    return _kept(text) if len(text) <= LONGEST_KEPT else _read(text)


def _read(text: str) -> ModelName:
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


_kept = lru_cache(maxsize=1024)(_read)


def _split(text: str) -> ModelName:
    """Cut from the right; a separator with nothing beside it leaves an empty part."""
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
    """`x:cloud` and `x:local` are `x`, `x:tag-cloud` is `x:tag`."""
    base, _, tag = text.rpartition(":")
    if not base:
        return text, False
    if tag.strip().lower() in SOURCES:
        return base, True
    if "/" not in tag and tag.lower().endswith(CLOUD_ENDING):
        return text[: -len(CLOUD_ENDING)], True
    return text, False
