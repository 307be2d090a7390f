"""The names and facts of models, the same for every dialect and every store."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property

import msgspec

DEFAULT_HOST = "registry.ollama.ai"
DEFAULT_NAMESPACE = "library"
DEFAULT_TAG = "latest"


@dataclass(frozen=True)
class ModelName:
    """A parsed name; its parts are never empty."""

    host: str
    namespace: str
    model: str
    tag: str

    @property
    def display(self) -> str:
        """The name as lists show it: with the tag, without other defaults."""
        short = f"{self.model}:{self.tag}"
        if self.host.lower() != DEFAULT_HOST:
            return f"{self.host}/{self.namespace}/{short}"
        if self.namespace.lower() != DEFAULT_NAMESPACE:
            return f"{self.namespace}/{short}"
        return short

    @property
    def full(self) -> str:
        """The name with host, namespace and tag."""
        return f"{self.host}/{self.namespace}/{self.model}:{self.tag}"

    @cached_property
    def key(self) -> str:
        """The full name in lower case: equal for names of the same model."""
        return self.full.lower()


@dataclass(frozen=True)
class Traits:
    """What a model accepts; the defaults are safe for an unknown model."""

    # Requested effort -> sent effort, None to send none. Empty: it does not reason.
    reasoning_efforts: Mapping[str, str | None] = field(default_factory=dict)
    vision: bool = False
    developer_role: bool = False
    single_system: bool = False
    prediction: bool = False
    max_images: int = 5
    max_image_bytes: int = 10 << 20


@dataclass(frozen=True)
class Model:
    """A model of the upstream; unknown facts are 0, empty or "unknown"."""

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
    capabilities: tuple[str, ...]  # in Ollama's terms
    license: str = ""
    hugging_face_id: str = ""
    library_names: tuple[str, ...] = ()  # its names in Ollama's library
    traits: Traits = Traits()

    @cached_property
    def name(self) -> str:
        """The name as lists show it: with its tag."""
        return self.id if ":" in self.id.rpartition("/")[2] else f"{self.id}:latest"

    @property
    def families(self) -> list[str]:
        """The family, and "clip" for vision: Enchanted looks for it to offer images."""
        return [self.family, "clip"] if "vision" in self.capabilities else [self.family]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the facts, in place of that of a manifest."""
        return hashlib.sha256(self._canonical).hexdigest()

    @cached_property
    def size(self) -> int:
        """Bytes of the facts, in place of the size of the weights."""
        return len(self._canonical)

    @cached_property
    def listed(self) -> "Listed":
        """The entry in lists of models."""
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
    """A model as lists show it: a served model, or one derived from it."""

    name: str  # with its tag
    model: Model
    digest: str
    size: int
    modified_us: int  # since 1970
    parent: str = ""  # the model it is derived from, with its tag
