"""Relay requests to the passthrough Ollama server, and list its models."""

from collections.abc import Callable, Iterable

from app.catalogue import resolve
from app.catalogue.passthrough_models import Entry, name_of
from app.domain.models import Listed
from app.errors import UpstreamError
from app.inference import record
from app.inference.call import Call, Reply
from app.inference.reply import relay_reply
from app.inference.services import Services
from app.wire import names

# Pulling and creating models can be silent for this long.
LONG_WORK_S = 24 * 3600.0


def has_model(call: Call, *, listed: bool = True) -> bool:
    """Return whether the passthrough answers the call; see `has_name`."""
    return has_name(call.services, call.requested_name, call.hops, listed=listed)


def has_name(services: Services, name: str, hops: str, *, listed: bool = True) -> bool:
    """Return whether the passthrough answers requests for this name.

    No served and no derived model has the name, and the passthrough lists it. With
    `listed=False` the passthrough need not list it.
    """
    if services.passthrough is None:
        return False
    return resolve.is_on_passthrough(
        name,
        services.catalogue,
        services.store,
        lambda parsed: not listed or services.passthrough_models.has(parsed, hops),
    )


def relay(call: Call, *, silence_s: float | None = None) -> Reply:
    """Send the call's HTTP request on unvalidated and return the response unchanged.

    `silence_s` is the idle timeout, for work that is silent for longer than usual.
    """
    passthrough = call.services.passthrough
    assert passthrough is not None, "has_model() returned True"
    call.record.model = record.PASSTHROUGH
    response = passthrough.send(
        call.client_request, call.cancel, idle_timeout_s=silence_s
    )
    return relay_reply(call, response)


def extra_entries(
    services: Services,
    fetch: Callable[[str], list[Entry]],
    own: Iterable[Listed],
    hops: str,
) -> list[Entry]:
    """Return the passthrough's entries without the names of served and `own` models.

    `fetch` returns all entries. There are none while the passthrough fails.
    """
    own_keys = {names.parse(model.name).key for model in own}
    try:
        entries = fetch(hops)
    except UpstreamError:
        return []  # `fetch` has logged it
    return [
        entry
        for entry in entries
        if (name := name_of(entry))
        and name.key not in own_keys
        and services.catalogue.find(name) is None
    ]
