"""Derived models: what /api/create makes and the store keeps."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import msgspec

from app.domain.models import Listed, Model

_encode = msgspec.json.Encoder(order="sorted").encode


@dataclass(frozen=True)
class Preset:
    """The definition of a derived model: all that was inherited is in it."""

    base: str  # the upstream's id
    parent: str = ""  # the model it was made from, as lists show it
    system: str = ""
    template: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    messages: tuple[Mapping[str, Any], ...] = ()  # as /api/chat takes them
    licenses: tuple[str, ...] = ()
    requires: str = ""  # a version of Ollama

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self._canonical).hexdigest()

    @cached_property
    def size(self) -> int:
        return len(self._canonical)

    @property
    def _canonical(self) -> bytes:
        """Equal for models that do the same, wherever they come from."""
        return _encode(asdict(replace(self, parent="")))


class Derived(NamedTuple):
    """A preset under its name."""

    name: str  # as lists show it: with its tag
    modified_us: int
    preset: Preset

    def listed(self, model: Model) -> Listed:
        return Listed(
            name=self.name,
            model=model,
            digest=self.preset.digest,
            size=self.preset.size,
            modified_us=self.modified_us,
            parent=self.preset.parent,
        )
