"""What is told of a model: plain facts, the same for every dialect."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from functools import cached_property

import msgspec

from app.translate.fit import Traits


@dataclass(frozen=True)
class Model:
    """A model of the upstream; what is not known is 0, empty or "unknown"."""

    id: str
    created: int  # seconds since 1970
    owner: str
    family: str  # also the architecture, as in Ollama
    basename: str
    parameter_size: str
    parameter_count: int
    quantization_level: str
    context_length: int
    embedding_length: int
    max_output: int  # tokens
    capabilities: tuple[str, ...]  # Ollama's words
    license: str = ""
    hugging_face_id: str = ""
    library_names: tuple[str, ...] = ()  # as Ollama's library spells it
    traits: Traits = Traits()

    @property
    def name(self) -> str:
        """As lists show it: with its tag."""
        return self.id if ":" in self.id.rpartition("/")[2] else f"{self.id}:latest"

    @property
    def families(self) -> list[str]:
        """With "clip" for vision: Enchanted offers pictures only where it stands."""
        return [self.family, "clip"] if "vision" in self.capabilities else [self.family]

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self._canonical).hexdigest()

    @cached_property
    def size(self) -> int:
        return len(self._canonical)

    @cached_property
    def listed(self) -> Listed:
        return Listed(
            name=self.name,
            model=self,
            digest=self.digest,
            size=self.size,
            modified_us=self.created * 1_000_000,
        )

    @property
    def _canonical(self) -> bytes:
        facts = {key: fact for key, fact in asdict(self).items() if key != "traits"}
        return msgspec.json.encode(facts, order="sorted")


@dataclass(frozen=True)
class Listed:
    """A model as lists show it: a served one, or one derived from it."""

    name: str  # with its tag
    model: Model
    digest: str
    size: int
    modified_us: int  # since 1970
    parent: str = ""  # what it was derived from, with its tag
