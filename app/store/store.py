"""The derived models: the only state that a second machine would miss.

Nothing is kept in memory, so that a change by any worker or machine is seen by all at
their next request. A definition is one value: it is replaced whole or not at all.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import Row, text

from app.domain.models import ModelName
from app.domain.presets import Derived, Preset
from app.store.database import Database

log = logging.getLogger(__name__)

CHECK = text("SELECT 1 FROM models LIMIT 1")
FIND = text("SELECT name, modified_at, definition FROM models WHERE key = :key")
LIST = text("SELECT name, modified_at, definition FROM models")
# A model that is replaced keeps the spelling of its name.
PUT = text(
    "INSERT INTO models (key, name, modified_at, definition) "
    "VALUES (:key, :name, :modified_at, :definition) "
    "ON CONFLICT (key) DO UPDATE "
    "SET modified_at = excluded.modified_at, definition = excluded.definition"
)
REMOVE = text("DELETE FROM models WHERE key = :key")

FIND_BLOB = text("SELECT 1 FROM blobs WHERE digest = :digest AND expires_at > :now")
PUT_BLOB = text(
    "INSERT INTO blobs (digest, expires_at) VALUES (:digest, :expires_at) "
    "ON CONFLICT (digest) DO UPDATE SET expires_at = excluded.expires_at"
)
FORGET_BLOBS = text("DELETE FROM blobs WHERE expires_at <= :now")

_decode = msgspec.json.Decoder(Preset).decode
_encode = msgspec.json.Encoder().encode


class Store:
    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def start(self) -> None:
        """Bring the schema up to date, if the database is there yet."""
        self._database.start()

    def check(self) -> None:
        """Raises StoreUnavailable unless derived models can be read."""
        self._database.read(lambda db: db.execute(CHECK).first())

    def check_writable(self) -> None:
        """Raises StoreUnavailable unless they can be changed."""
        self._database.write(lambda db: db.execute(FORGET_BLOBS, {"now": 0}))

    def find(self, name: ModelName) -> Derived | None:
        values = {"key": name.key}
        row = self._database.read(lambda db: db.execute(FIND, values).first())
        return _read(row, _decode_kept) if row else None

    def list_all(self) -> list[Derived]:
        rows = self._database.read(lambda db: db.execute(LIST).all())
        return [derived for derived in map(_read, rows) if derived]

    def put(self, name: ModelName, preset: Preset, modified_us: int) -> None:
        """Make a model, or replace the one of this name."""
        values = {
            "key": name.key,
            "name": name.display,
            "modified_at": modified_us,
            "definition": _encode(preset).decode(),
        }
        self._database.write(lambda db: db.execute(PUT, values))

    def remove(self, name: ModelName) -> bool:
        """Whether there was one to remove."""
        values = {"key": name.key}
        return self._database.write(lambda db: db.execute(REMOVE, values).rowcount > 0)

    def has_blob(self, digest: str, now_s: int) -> bool:
        values = {"digest": digest, "now": now_s}
        row = self._database.read(lambda db: db.execute(FIND_BLOB, values).first())
        return row is not None

    def put_blob(self, digest: str, now_s: int, lasts_s: int) -> None:
        """Remember that a blob came; those that have expired are forgotten."""
        values = {"digest": digest, "expires_at": now_s + lasts_s}

        def work(db: Any) -> None:
            db.execute(FORGET_BLOBS, {"now": now_s})
            db.execute(PUT_BLOB, values)

        self._database.write(work)


@lru_cache(maxsize=16)  # a definition can have a megabyte
def _decode_kept(definition: str) -> Preset:
    """Return the same object for the same text, so that its digest is computed once."""
    return _decode(definition)


def _read(row: Row[Any], decode: Callable[[str], Preset] = _decode) -> Derived | None:
    """Return the row's model; log an error and return None if it cannot be decoded.

    Another release may have written it; the other models stay usable.
    """
    try:
        preset = decode(row.definition)
    except (msgspec.DecodeError, RecursionError) as error:
        log.error("The derived model %s cannot be read: %s", row.name, error)
        return None
    return Derived(row.name, row.modified_at, preset)
