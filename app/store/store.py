"""The store of derived models, and of the blobs that were announced for them.

Each call reads the database, so that all workers and machines see a change at their
next request. A definition is one value, replaced as a whole.
"""

import logging
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, text

from app.domain.models import ModelName
from app.domain.presets import Derived, Preset
from app.store.database import Database

log = logging.getLogger(__name__)

CHECK = text("SELECT 1 FROM models LIMIT 1")
FIND = text("SELECT name, modified_at, definition FROM models WHERE key = :key")
LIST = text("SELECT name, modified_at, definition FROM models")
# A replaced model keeps the spelling of its name.
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
DELETE_BLOBS = text("DELETE FROM blobs WHERE expires_at <= :now")

_decode: Callable[[str], Preset] = msgspec.json.Decoder(Preset).decode
_encode = msgspec.json.Encoder().encode


class Store:
    """Derived models and blobs; every call may raise StoreUnavailable."""

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def start(self) -> None:
        """Bring the schema up to date, if the database can be reached."""
        self._database.start()

    def check(self) -> None:
        """Raise StoreUnavailable if derived models cannot be read."""
        self._database.read(lambda db: db.execute(CHECK).first())

    def check_writable(self) -> None:
        """Raise StoreUnavailable if derived models cannot be changed."""
        self._database.write(lambda db: db.execute(DELETE_BLOBS, {"now": 0}))

    def find(self, name: ModelName) -> Derived | None:
        """Return the model of this name; equal definitions share one Preset object."""
        values = {"key": name.key}
        row = self._database.read(lambda db: db.execute(FIND, values).first())
        return _read(row, _decode_cached) if row else None

    def list_all(self) -> list[Derived]:
        """Return all derived models, in no order."""
        rows = self._database.read(lambda db: db.execute(LIST).all())
        return [derived for derived in map(_read, rows) if derived]

    def put(self, name: ModelName, preset: Preset, modified_us: int) -> None:
        """Store a model, or replace the one of this name."""
        values = {
            "key": name.key,
            "name": name.display,
            "modified_at": modified_us,
            "definition": _encode(preset).decode(),
        }
        self._database.write(lambda db: db.execute(PUT, values))

    def remove(self, name: ModelName) -> bool:
        """Remove a model and return whether it existed."""
        values = {"key": name.key}
        return self._database.write(lambda db: db.execute(REMOVE, values).rowcount > 0)

    def has_blob(self, digest: str, now_s: int) -> bool:
        """Return whether a blob exists that has not expired."""
        values = {"digest": digest, "now": now_s}
        row = self._database.read(lambda db: db.execute(FIND_BLOB, values).first())
        return row is not None

    def put_blob(self, digest: str, now_s: int, lasts_s: int) -> None:
        """Store that a blob exists for `lasts_s` seconds; remove expired blobs."""
        values = {"digest": digest, "expires_at": now_s + lasts_s}

        def replace_blobs(db: Connection) -> None:
            db.execute(DELETE_BLOBS, {"now": now_s})
            db.execute(PUT_BLOB, values)

        self._database.write(replace_blobs)


# Translating a preset is cached by its object. A definition can have a megabyte.
_decode_cached = lru_cache(maxsize=16)(_decode)


def _read(row: Row[Any], decode: Callable[[str], Preset] = _decode) -> Derived | None:
    """Return the row's model, None if it was written by an incompatible release."""
    try:
        preset = decode(row.definition)
    except (msgspec.DecodeError, RecursionError) as error:
        log.error("The derived model %s cannot be read: %s", row.name, error)
        return None
    return Derived(row.name, row.modified_at, preset)
