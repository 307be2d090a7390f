"""All settings, read once from environment variables.

A field has the name of its variable in lower case, except where `variable` says
otherwise. gunicorn.conf.py and Flask's command line load `.env` before.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import TypeVar

from app import settings
from app.settings import Address

CEREBRAS_URL = "https://api.cerebras.ai/v1"

T = TypeVar("T")
D = TypeVar("D")


class ConfigError(SystemExit):
    """A bad setting; uncaught, it ends the process with its text and no traceback."""


def setting(
    parse: Callable[[str], T],
    default: D,
    *,
    variable: str | None = None,
    secret: bool = False,
) -> T | D:
    """Return a dataclass field for a setting; secrets are left out of `repr`."""
    metadata = {"parse": parse, "variable": variable}
    return field(default=default, repr=not secret, metadata=metadata)


@dataclass(frozen=True)
class Config:
    """The settings, with their defaults."""

    cerebras_api_keys: tuple[str, ...] = setting(
        settings.secrets, (), variable="CEREBRAS_API_KEY", secret=True
    )
    cerebras_base_url: str = setting(settings.url(CEREBRAS_URL), CEREBRAS_URL)
    cai_model: str | None = setting(settings.model_name, None)
    fallback_models: tuple[str, ...] = setting(settings.model_names, ())
    ollama_passthrough_url: str | None = setting(
        settings.url("http://127.0.0.1:11434"), None
    )
    port: int | None = setting(settings.whole_number(0, settings.HIGHEST_PORT), None)
    host: str = setting(settings.host, "0.0.0.0")
    ollama_host: Address | None = setting(settings.ollama_host, None)
    web_concurrency: int | None = setting(settings.whole_number(1), None)
    access_tokens: tuple[str, ...] = setting(settings.secrets, (), secret=True)
    allowed_hosts: tuple[str, ...] = setting(settings.host_names, ())
    ollama_origins: tuple[str, ...] = setting(settings.origins, ())
    ollama_keep_alive_ns: int = setting(
        settings.keep_alive, 300_000_000_000, variable="OLLAMA_KEEP_ALIVE"
    )
    ollama_max_queue: int = setting(settings.whole_number(0), 512)
    database_url: str = setting(
        settings.database_url, "sqlite:///instance/cerellama.db", secret=True
    )
    max_upstream_requests: int = setting(settings.whole_number(1), 256)
    connect_timeout_s: float = setting(settings.seconds, 5.0)
    idle_timeout_s: float = setting(settings.seconds, 120.0)
    retry_wait_s: float = setting(settings.seconds_or_zero, 20.0)
    default_num_predict: int | None = setting(settings.whole_number(1), None)
    max_body_mb: int = setting(settings.whole_number(1), 64)
    grace_s: int = setting(settings.whole_number(0), 25)
    log_level: str = setting(settings.one_of(*settings.LOG_LEVELS), "info")
    log_format: str = setting(settings.one_of("text", "json"), "text")
    # Set by gunicorn.conf.py, not by users: the folder that all workers share.
    instance_dir: str | None = setting(
        settings.text, None, variable="CERELLAMA_INSTANCE_DIR"
    )


VARIABLES = {
    entry.name: entry.metadata["variable"] or entry.name.upper()
    for entry in fields(Config)
}


def from_env(environ: Mapping[str, str]) -> Config:
    """Return the settings, or raise ConfigError for the first bad value."""
    values = {}
    for entry in fields(Config):
        variable = VARIABLES[entry.name]
        value = environ.get(variable, "").strip().strip("\"'").strip()
        if not value:
            continue
        try:
            values[entry.name] = entry.metadata["parse"](value)
        except ValueError as error:
            subject = variable if not entry.repr else f"{variable} is {value!r}: it"
            raise ConfigError(f"{subject} must be {error}.") from None
    return Config(**values)
