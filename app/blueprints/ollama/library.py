"""Models of one's own: making, copying and deleting them."""

from __future__ import annotations

import time
from typing import Any

from flask import Blueprint, Response

from app.domain.models import ModelName
from app.errors import InvalidRequest, ModelNotFound
from app.schemas.ollama import CopySchema, CreateSchema, DeleteSchema
from app.services import services
from app.translate.ollama import create as creation
from app.translate.ollama import progress as lines
from app.web import passthrough, progress, record, replies
from app.web.body import check, model_name, read_body
from app.web.passthrough import LONG_WORK_S, relay_to_passthrough, relayable
from app.web.targets import (
    find_bearer,
    find_pulled,
    leave_kept,
    leave_served,
    legal_name,
    quoted,
)
from app.wire import names

bp = Blueprint("library", __name__, url_prefix="/api")

create_schema = CreateSchema()
copy_schema = CopySchema()


@bp.post("/create")
def create() -> Response:
    """Make a model from another, where that one is."""
    received = read_body(create_schema)
    body = check(received, create_schema)
    creation.check_files(body)
    name = legal_name(model_name(body), "invalid model name")
    leave_served(name, "overwritten")
    if is_made_elsewhere(body):
        leave_kept(name)
        return relay_to_passthrough(received.data, silence_s=LONG_WORK_S)
    return make(name, body)


def is_made_elsewhere(body: dict[str, Any]) -> bool:
    """The passthrough has its own models, and a use for files."""
    if source := body.get("from"):
        return passthrough.is_elsewhere(source)
    return services().passthrough is not None and bool(body.get("files"))


def make(name: ModelName, body: dict[str, Any]) -> Response:
    """All is done before the first line tells of it."""
    record.current().streaming = True
    creation.check(body)
    names.parse(body["from"])
    stream = body.get("stream", True)
    parent = find_pulled(body["from"])
    if parent is None:
        return progress.answer(lines.pull(None), stream=stream)
    preset = creation.derive(parent.definition, parent.own_name, body)
    services().store.put(name, preset, now_us())
    told = lines.create(
        creation.layers(preset, parent.model),
        creation.layers(parent.definition, parent.model),
        creation.remarks(parent.definition, body),
    )
    return progress.answer(told, stream=stream)


@bp.post("/copy")
def copy() -> Response:
    """Give a model a further name, where it is."""
    received = read_body(copy_schema)
    body = check(received, copy_schema)
    asked, wanted = body.get("source", ""), body.get("destination", "")
    source = legal_name(asked, f"source {quoted(asked)} is invalid")
    destination = legal_name(wanted, f"destination {quoted(wanted)} is invalid")
    if passthrough.is_elsewhere(asked):
        leave_served(destination, "overwritten")
        leave_kept(destination)
        return relay_to_passthrough(received.data)
    found = find_bearer(asked)
    if found is None:
        raise ModelNotFound(f"model {quoted(asked)} not found")
    if source.key != destination.key:
        leave_served(destination, "overwritten")
        services().store.put(destination, found.definition, now_us())
    return replies.empty(200)


@bp.delete("/delete")
@relayable(DeleteSchema())
def delete(body: dict[str, Any]) -> Response:
    """Forget a model."""
    asked = model_name(body).strip()
    if not asked:
        raise InvalidRequest("model is required")
    name = legal_name(asked, f"name {quoted(asked)} is invalid")
    leave_served(name, "deleted")
    if not services().store.remove(name):
        raise ModelNotFound(f"model '{asked}' not found")
    services().loaded.unload(name.display)
    return replies.empty(200)


def now_us() -> int:
    return time.time_ns() // 1000
