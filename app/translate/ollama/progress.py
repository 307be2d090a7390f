"""The progress lines of `/api/create`, `/api/pull` and `/api/push`.

No data is transferred, so all lines are sent at once.
"""

from collections.abc import Iterable, Iterator, Sequence

from app.domain.models import Listed
from app.errors import CerellamaError
from app.translate.dialect import Event

# The CLI compares this text.
NOTHING_TO_PULL = "pull model manifest: file does not exist"
NOTHING_TO_PUSH = "models that run on Cerebras have no files that could be pushed"


def pull(model: Listed | None) -> Iterator[list[Event]]:
    """Yield a pull whose only layer is the model's metadata; fail without a model."""
    yield [status("pulling manifest")]
    if model is None:
        raise CerellamaError(NOTHING_TO_PULL)
    layer: dict[str, str | int] = {
        **status(f"pulling {model.digest[:12]}"),
        "digest": f"sha256:{model.digest}",
        "total": model.size,
    }
    yield [
        layer,
        {**layer, "completed": model.size},
        status("verifying sha256 digest"),
        status("writing manifest"),
        status("success"),
    ]


def create(
    layers: Sequence[str], inherited: Sequence[str], remarks: Iterable[str]
) -> Iterator[list[Event]]:
    """Yield the creation of a model with these layers; the user sees the remarks."""
    existing = [layer for layer in layers if layer in inherited]
    new = [layer for layer in layers if layer not in inherited]
    yield [
        *(status(f"using existing layer {layer}") for layer in existing),
        *(status(f"creating new layer {layer}") for layer in new),
        *(status(remark) for remark in remarks),
        status("writing manifest"),
        status("success"),
    ]


def push(name: str, *, is_known: bool) -> Iterator[list[Event]]:
    """Yield a push, which always fails."""
    yield [status("retrieving manifest")]
    if is_known:
        raise CerellamaError(NOTHING_TO_PUSH)
    yield [status("couldn't retrieve manifest")]
    raise CerellamaError(f"model '{name}' not found")


def status(text: str) -> dict[str, str]:
    """Return a line with a text."""
    return {"status": text}
