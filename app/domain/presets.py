"""Derived models: what `/api/create` makes and the store keeps."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import msgspec

from app.domain.models import Listed, Model

# The template that is shown for served models, though the upstream renders prompts
# itself. Clients look for words in it: LiteLLM takes `Tools` as a sign of tool support,
# Continue `.Suffix` as a sign of fill-in-the-middle.
TEMPLATE = (
    "{{ if .System }}{{ .System }}\n\n{{ end }}"
    "{{ range .Messages }}{{ .Role }}: {{ .Content }}\n{{ end }}"
)
TOOLS_TEMPLATE = "{{ if .Tools }}Tools: {{ .Tools }}\n\n{{ end }}" + TEMPLATE

_encode = msgspec.json.Encoder(order="sorted").encode


@dataclass(frozen=True)
class Preset:
    """The definition of a derived model, including what it inherited."""

    base: str  # the upstream's id
    parent: str = ""  # name with tag of the model that it was made from
    system: str = ""
    template: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    messages: tuple[Mapping[str, Any], ...] = ()  # as /api/chat takes them
    licenses: tuple[str, ...] = ()
    requires: str = ""  # a version of Ollama

    def __hash__(self) -> int:
        """Hash the digest: `parameters` and `messages` hold dicts, which have none."""
        return hash(self.digest)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the definition without `parent`, which changes no reply."""
        return hashlib.sha256(self._canonical).hexdigest()

    @cached_property
    def size(self) -> int:
        """Bytes of the definition."""
        return len(self._canonical)

    @property
    def _canonical(self) -> bytes:
        return _encode(asdict(replace(self, parent="")))


def preset_of(model: Model) -> Preset:
    """Return a served model as a preset, which derived models inherit from."""
    return Preset(
        base=model.id,
        template=TOOLS_TEMPLATE if "tools" in model.capabilities else TEMPLATE,
        parameters={"num_ctx": model.context_length},
        licenses=(model.license,) if model.license else (),
    )


class Derived(NamedTuple):
    """A derived model: a preset and its name."""

    name: str  # with its tag
    modified_us: int  # since 1970
    preset: Preset

    def listed(self, model: Model) -> Listed:
        """Return its entry in lists; `model` is the served model of its base."""
        return Listed(
            name=self.name,
            model=model,
            digest=self.preset.digest,
            size=self.preset.size,
            modified_us=self.modified_us,
            parent=self.preset.parent,
        )
