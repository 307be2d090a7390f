"""The objects that all requests share, built once from the settings."""

import atexit
import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app.catalogue.listing import list_models
from app.catalogue.models import Catalogue, start_thread
from app.catalogue.passthrough_models import PassthroughModels
from app.catalogue.resolve import announce
from app.config import Config
from app.domain.models import Model
from app.inference.loaded import Loaded
from app.inference.slots import RunningRequests, Slots
from app.store.store import Store
from app.upstream.cerebras import Cerebras
from app.upstream.passthrough import Passthrough

EXTENSION = "cerellama"


@dataclass(frozen=True)
class Services:
    """What all requests of a process share."""

    upstream: Cerebras
    slots: Slots
    running: RunningRequests
    catalogue: Catalogue
    store: Store
    loaded: Loaded
    passthrough: Passthrough | None
    passthrough_models: PassthroughModels  # empty without a passthrough
    default_model: str | None  # answers for unknown names
    fallback_models: Sequence[str]  # answer for an overloaded or retired model
    default_num_predict: int | None
    remote_host: str  # scheme and host of the upstream, as replies show it


def build(config: Config) -> Services:
    """Return the services; nothing is sent before they are started."""
    upstream = Cerebras(
        base_url=config.cerebras_base_url,
        api_keys=config.cerebras_api_keys,
        pool_size=config.max_upstream_requests,
        connect_timeout_s=config.connect_timeout_s,
        idle_timeout_s=config.idle_timeout_s,
        retry_wait_s=config.retry_wait_s,
    )
    store = Store(config.database_url)

    def announce_all(models: Sequence[Model]) -> None:
        announce(models, config.cai_model, config.fallback_models)
        start_thread(partial(list_models, catalogue, store))  # logs hidden models

    catalogue = Catalogue(
        upstream.models, upstream.public_models, on_change=announce_all
    )
    folder = config.instance_dir or _temporary_folder()
    passthrough = _passthrough(config, folder)
    base = urlsplit(config.cerebras_base_url)
    return Services(
        upstream=upstream,
        slots=Slots(config.max_upstream_requests, config.ollama_max_queue),
        running=RunningRequests(),
        catalogue=catalogue,
        store=store,
        loaded=Loaded(Path(folder), config.ollama_keep_alive_ns),
        passthrough=passthrough,
        passthrough_models=PassthroughModels(
            passthrough.entries if passthrough else _no_entries
        ),
        default_model=config.cai_model,
        fallback_models=config.fallback_models,
        default_num_predict=config.default_num_predict,
        remote_host=f"{base.scheme}://{base.netloc}",
    )


def _passthrough(config: Config, folder: str) -> Passthrough | None:
    """Return the passthrough's client, None without one; workers share the folder."""
    if config.ollama_passthrough_url is None:
        return None
    return Passthrough(
        config.ollama_passthrough_url,
        own_id=hashlib.sha256(folder.encode()).hexdigest()[:16],
        pool_size=config.max_upstream_requests,
        connect_timeout_s=config.connect_timeout_s,
        idle_timeout_s=config.idle_timeout_s,
    )


def _no_entries(path: str, key: str, hops: str) -> list[dict[str, Any]]:
    return []


def _temporary_folder() -> str:
    """Return a folder for a process without other workers, as under `flask run`."""
    folder = tempfile.mkdtemp(prefix="cerellama-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
