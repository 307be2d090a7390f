"""The parts an app is made of, built once from its settings and passed by value."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from flask import current_app

from app.catalogue.loaded import Loaded
from app.catalogue.models import Catalogue
from app.catalogue.resolve import announce
from app.config import Config
from app.upstream.cerebras import Cerebras
from app.upstream.slots import Slots

EXTENSION = "cerellama"


@dataclass(frozen=True)
class Services:
    upstream: Cerebras
    slots: Slots
    catalogue: Catalogue
    loaded: Loaded
    default_model: str | None  # answers for names nobody knows
    default_num_predict: int | None
    remote_host: str  # scheme and host of the upstream, as replies show it


def services() -> Services:
    """The services of the app that is handling the current request."""
    return cast(Services, current_app.extensions[EXTENSION])


def build(config: Config) -> Services:
    upstream = Cerebras(
        base_url=config.cerebras_base_url,
        api_key=next(iter(config.cerebras_api_keys), None),
        pool_size=config.max_upstream_requests,
        connect_timeout_s=config.connect_timeout_s,
        idle_timeout_s=config.idle_timeout_s,
        retry_wait_s=config.retry_wait_s,
    )
    catalogue = Catalogue(
        upstream.models,
        upstream.public_models,
        on_change=partial(announce, default_model=config.cai_model),
    )
    folder = config.instance_dir or _folder_of_its_own()
    base = urlsplit(config.cerebras_base_url)
    return Services(
        upstream=upstream,
        slots=Slots(config.max_upstream_requests, config.ollama_max_queue),
        catalogue=catalogue,
        loaded=Loaded(Path(folder), config.ollama_keep_alive_ns),
        default_model=config.cai_model,
        default_num_predict=config.default_num_predict,
        remote_host=f"{base.scheme}://{base.netloc}",
    )


def _folder_of_its_own() -> str:
    """For a process that shares nothing with others, as under `flask run`."""
    folder = tempfile.mkdtemp(prefix="cerellama-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
