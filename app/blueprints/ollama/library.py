"""`/api/create`, `/api/copy` and `/api/delete`: derived models."""

import time
from typing import Any

from flask import Blueprint, Response, g

from app.domain.models import ModelName
from app.errors import InvalidRequest, ModelNotFound
from app.http import responses
from app.http.calls import json_call, model_name, services
from app.http.responses import NATIVE
from app.inference import passthrough
from app.inference.call import Call
from app.inference.models import (
    find_exact,
    find_existing,
    parse_exact,
    quoted,
    refuse_if_served,
    refuse_if_stored,
)
from app.inference.passthrough import LONG_WORK_S
from app.inference.pipeline import validate
from app.schemas.ollama import CopySchema, CreateSchema, DeleteSchema
from app.translate.ollama import create as creation
from app.translate.ollama import progress
from app.wire import names

bp = Blueprint("library", __name__, url_prefix="/api")

create_schema = CreateSchema()
copy_schema = CopySchema()
delete_schema = DeleteSchema()


@bp.post("/create")
def create() -> Response:
    """Make a model from another one, on the server that has the other one."""
    call = json_call(NATIVE, create_schema)
    body = validate(call, create_schema)
    creation.check_files(body)
    name = parse_exact(model_name(body), "invalid model name")
    refuse_if_served(services(), name, "overwritten")
    if is_made_by_passthrough(call, body):
        refuse_if_stored(services(), name)
        return responses.from_reply(passthrough.relay(call, silence_s=LONG_WORK_S))
    return create_derived(name, body)


def is_made_by_passthrough(call: Call, body: dict[str, Any]) -> bool:
    """Return whether the passthrough has the base model, or a use for the files."""
    if source := body.get("from"):
        return passthrough.has_name(services(), source, call.hops)
    return services().passthrough is not None and bool(body.get("files"))


def create_derived(name: ModelName, body: dict[str, Any]) -> Response:
    """Store a derived model; everything is done before the first line is sent."""
    g.record.streaming = True
    creation.check(body)
    names.parse(body["from"])
    stream = body.get("stream", True)
    parent = find_existing(services(), body["from"])
    if parent is None:
        return responses.progress_response(NATIVE, progress.pull(None), stream=stream)
    preset = creation.derive(parent.definition, parent.own_name, body)
    services().store.put(name, preset, now_us())
    lines = progress.create(
        creation.layers(preset, parent.model),
        creation.layers(parent.definition, parent.model),
        creation.remarks(parent.definition, body),
    )
    return responses.progress_response(NATIVE, lines, stream=stream)


@bp.post("/copy")
def copy() -> Response:
    """Give a model another name, on the server that has it."""
    call = json_call(NATIVE, copy_schema)
    body = validate(call, copy_schema)
    source, destination = body.get("source", ""), body.get("destination", "")
    source_name = parse_exact(source, f"source {quoted(source)} is invalid")
    new_name = parse_exact(destination, f"destination {quoted(destination)} is invalid")
    if passthrough.has_name(services(), source, call.hops):
        refuse_if_served(services(), new_name, "overwritten")
        refuse_if_stored(services(), new_name)
        return responses.from_reply(passthrough.relay(call))
    target = find_exact(services(), source)
    if target is None:
        raise ModelNotFound(f"model {quoted(source)} not found")
    if source_name.key != new_name.key:
        refuse_if_served(services(), new_name, "overwritten")
        services().store.put(new_name, target.definition, now_us())
    return responses.empty(200)


@bp.delete("/delete")
def delete() -> Response:
    """Delete a derived model."""
    call = json_call(NATIVE, delete_schema, name_keys=("model", "name"))
    if passthrough.has_model(call):
        return responses.from_reply(passthrough.relay(call))
    text = model_name(validate(call, delete_schema)).strip()
    if not text:
        raise InvalidRequest("model is required")
    name = parse_exact(text, f"name {quoted(text)} is invalid")
    refuse_if_served(services(), name, "deleted")
    if not services().store.remove(name):
        raise ModelNotFound(f"model '{text}' not found")
    services().loaded.unload(name.display)
    return responses.empty(200)


def now_us() -> int:
    """Return the microseconds since 1970."""
    return time.time_ns() // 1000
