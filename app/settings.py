"""Parse the text of a setting.

Each parser gets stripped, non-empty text. It raises ValueError with a description of
the allowed values that continues the sentence "... must be".
"""

import ipaddress
import math
import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

import sqlalchemy

from app.errors import InvalidRequest
from app.wire import duration, names
from app.wire.duration import FOREVER

LOG_LEVELS = ("debug", "info", "warning", "error", "critical")
HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9._-]+", re.ASCII)
ORIGIN_SCHEMES = (
    "http://",
    "https://",
    "chrome-extension://",
    "safari-extension://",
    "moz-extension://",
    "ms-browser-extension://",
)
OLLAMA_PORT = 11434
SCHEME_PORTS = {"http": 80, "https": 443}
DATABASES = ("sqlite", "postgres", "postgresql", "postgresql+psycopg")
IN_MEMORY = (None, "", ":memory:")
HIGHEST_PORT = 65535


class Address(NamedTuple):
    """An address to listen on; `host` is a name or an IP address without brackets."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def text(value: str) -> str:
    """Return the text as it is."""
    return value


def model_name(value: str) -> str:
    """Return a legal model name as it is spelled."""
    try:
        names.parse(value)
    except InvalidRequest:
        raise ValueError("the name of a model such as gpt-oss-120b") from None
    return value


def model_names(value: str) -> tuple[str, ...]:
    """Return model names that are separated by commas."""
    return tuple(model_name(name) for name in comma_list(value))


def one_of(*words: str) -> Callable[[str], str]:
    """Return a parser for one of the words, in any case."""

    def parse(value: str) -> str:
        if value.lower() not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return value.lower()

    return parse


def whole_number(low: int, high: int | None = None) -> Callable[[str], int]:
    """Return a parser for an integer within the limits."""

    def parse(value: str) -> int:
        number = int(value) if value.isascii() and value.isdigit() else -1
        if number < low or (high is not None and number > high):
            end = "or more" if high is None else f"to {high}"
            raise ValueError(f"a whole number, {low} {end}")
        return number

    return parse


def seconds(value: str) -> float:
    """Return a number above 0."""
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if number <= 0 or not math.isfinite(number):
        raise ValueError("a number of seconds above 0")
    return number


def seconds_or_zero(value: str) -> float:
    """Return a number of at least 0."""
    try:
        return 0.0 if float(value) == 0 else seconds(value)
    except ValueError:
        raise ValueError("a number of seconds, 0 or more") from None


def comma_list(value: str) -> tuple[str, ...]:
    """Return the non-empty items that are separated by commas."""
    items = tuple(item.strip() for item in value.split(",") if item.strip())
    if not items:
        raise ValueError("one value, or several separated by commas")
    return items


def secrets(value: str) -> tuple[str, ...]:
    """Return values for HTTP headers: visible ASCII without blanks."""
    items = comma_list(value)
    if not all(re.fullmatch(r"[!-~]+", item) for item in items):
        raise ValueError("visible ASCII characters, several separated by commas")
    return items


def url(example: str) -> Callable[[str], str]:
    """Return a parser for a base URL, which removes the slash at the end."""

    def parse(value: str) -> str:
        try:
            parts = urlsplit(value)
            is_valid = (
                parts.scheme in SCHEME_PORTS and parts.hostname and parts.port != 0
            )
        except ValueError:
            is_valid = False
        if not is_valid or parts.query or parts.fragment or parts.username is not None:
            raise ValueError(f"an address such as {example}")
        return value.rstrip("/")

    return parse


def database_url(value: str) -> str:
    """Return the URL of a database that workers can share, so not one in memory."""
    try:
        url = sqlalchemy.make_url(value)
        is_known = url.drivername in DATABASES
    except (sqlalchemy.exc.ArgumentError, ValueError):
        is_known = False
    if not is_known or (url.drivername == "sqlite" and url.database in IN_MEMORY):
        raise ValueError(
            "sqlite:///<path of a file> or postgresql://<user>:<password>@<host>/<name>"
        )
    return value


def host(value: str) -> str:
    """Return a host name or an IP address, IPv6 without brackets."""
    name = value.strip("[]")
    if not HOST_NAME.fullmatch(name) and not _is_ip(name):
        raise ValueError("a host name or an IP address such as 0.0.0.0")
    return name


def host_names(value: str) -> tuple[str, ...]:
    """Return host names in lower case, or `*`."""
    names = tuple(name.lower() for name in comma_list(value))
    if not all(name == "*" or HOST_NAME.fullmatch(name) for name in names):
        raise ValueError("host names without scheme and port, or *")
    return names


def origins(value: str) -> tuple[str, ...]:
    """Return origins by Ollama's rule: one `*` at most, or a known scheme."""
    entries = comma_list(value)
    for entry in entries:
        known = entry.startswith(ORIGIN_SCHEMES)
        if entry.count("*") > 1 or ("*" not in entry and not known):
            schemes = ", ".join(ORIGIN_SCHEMES)
            raise ValueError(f"origins with one * each, or starting with {schemes}")
    return entries


def keep_alive(value: str) -> int:
    """Return nanoseconds; a negative duration or number of seconds is FOREVER."""
    if re.fullmatch(r"[+-]?\d+", value, re.ASCII):
        return max(int(value) * 1_000_000_000, FOREVER)
    try:
        return max(duration.parse(value), FOREVER)
    except ValueError:
        raise ValueError("a duration such as 5m, or a number of seconds") from None


def ollama_host(value: str) -> Address:
    """Return the address as Ollama does: a bad port becomes the default port."""
    scheme, separator, rest = value.partition("://")
    if not separator:
        scheme, rest = ("https" if value == "ollama.com" else ""), value
    default = SCHEME_PORTS.get(scheme, OLLAMA_PORT)
    name, port = _split_port(rest.partition("/")[0])
    try:
        return Address(host(name) if name else "0.0.0.0", _port(port, default))
    except ValueError:
        raise ValueError("an address such as 127.0.0.1:11434") from None


def _split_port(value: str) -> tuple[str, str | None]:
    """Split like Go's net.SplitHostPort; without a port all of it is the host."""
    match = re.fullmatch(r"(\[[^]]*\]|[^:]*):([^:\]]*)", value)
    if match:
        return match[1], match[2]
    return value or "127.0.0.1", None


def _port(value: str | None, default: int) -> int:
    if value is None or not re.fullmatch(r"\+?\d{1,9}", value, re.ASCII):
        return default
    return int(value) if int(value) <= HIGHEST_PORT else default


def _is_ip(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True
