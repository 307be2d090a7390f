"""`/v1/models`."""

from flask import Blueprint, Response

from app.catalogue import listing
from app.http import responses
from app.http.calls import hops, new_call, services
from app.http.responses import OPENAI
from app.inference import passthrough
from app.inference.models import find_shown
from app.translate.openai.dialect import model_object

bp = Blueprint("openai_models", __name__, url_prefix="/v1")


@bp.get("/models")
def list_models() -> Response:
    """List the models."""
    listed = listing.list_models(services().catalogue, services().store)
    extra = passthrough.extra_entries(
        services(), services().passthrough_models.models, listed, hops()
    )
    data = [*(model_object(model.name, model) for model in listed), *extra]
    return responses.json_response(OPENAI, {"object": "list", "data": data})


@bp.get("/models/<model:name>")
def show_model(name: str) -> Response:
    """Return one model, by the name in the path."""
    if passthrough.has_name(services(), name, hops()):
        return responses.from_reply(passthrough.relay(new_call(OPENAI)))
    listed = find_shown(services(), name).listed
    return responses.json_response(OPENAI, model_object(name, listed))
