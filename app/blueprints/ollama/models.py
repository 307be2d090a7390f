"""`/api/tags`, `/api/ps`, `/api/show` and the recommendations: the models."""

from flask import Blueprint, Response, request

from app.catalogue import listing
from app.http import responses
from app.http.calls import hops, json_call, model_name, services
from app.http.responses import NATIVE
from app.inference import passthrough
from app.inference.models import find_shown
from app.inference.pipeline import validate
from app.schemas.ollama import ShowSchema
from app.translate.ollama import models

bp = Blueprint("models", __name__, url_prefix="/api")

show_schema = ShowSchema()


@bp.route("/tags", methods=["GET", "HEAD"])
def tags() -> Response:
    """List the models."""
    listed = listing.list_models(services().catalogue, services().store)
    extra = passthrough.extra_entries(
        services(), services().passthrough_models.tags, listed, hops()
    )
    return responses.json_response(
        NATIVE, models.tags(listed, services().remote_host, extra)
    )


@bp.get("/ps")
def ps() -> Response:
    """List the models that count as loaded."""
    listed = listing.list_models(services().catalogue, services().store)
    extra = passthrough.extra_entries(
        services(), services().passthrough_models.ps, listed, hops()
    )
    return responses.json_response(
        NATIVE, models.ps(services().loaded.listing(listed), extra)
    )


@bp.post("/show")
def show() -> Response:
    """Return the details of one model."""
    call = json_call(NATIVE, show_schema, name_keys=("model", "name"))
    if passthrough.has_model(call):
        return responses.from_reply(passthrough.relay(call))
    body = validate(call, show_schema)
    name = model_name(body)
    target = find_shown(services(), name)
    details = models.show(
        target.listed,
        target.definition,
        name,
        services().remote_host,
        user_agent=request.headers.get("User-Agent", ""),
        body=body,
    )
    return responses.json_response(NATIVE, details)


@bp.get("/experimental/model-recommendations")
def recommendations() -> Response:
    """Recommend every served model."""
    served = services().catalogue.served()
    return responses.json_response(NATIVE, models.recommendations(served))
