"""The account and the services of ollama.com, which Cerellama does not have."""

from flask import Blueprint, Response

from app.errors import AccessDenied, Unsupported
from app.http import responses
from app.http.calls import json_call
from app.http.responses import NATIVE
from app.inference.pipeline import validate
from app.schemas.ollama import WebSchema

STATUS = {"cloud": {"disabled": False, "source": "none"}}
# The CLI runs a cloud model only for a user with a name and sends others to ollama.com
# to sign in. Cerellama has no accounts, so all clients are this user.
USER = {
    "id": "00000000-0000-0000-0000-000000000000",
    "email": "",
    "name": "cerellama",
    "plan": "free",
}

bp = Blueprint("account", __name__, url_prefix="/api")

web_schema = WebSchema()


@bp.get("/status")
def status() -> Response:
    """Report that cloud models may be used."""
    return responses.json_response(NATIVE, STATUS)


@bp.post("/me")
def me() -> Response:
    """Return the user."""
    return responses.json_response(NATIVE, USER)


@bp.post("/signout")
@bp.delete("/user/keys/<key>")
def signout(key: str = "") -> Response:
    """Refuse: no user is signed in."""
    raise AccessDenied("you are not currently signed in")


@bp.post("/experimental/web_search", defaults={"service": "web search"})
@bp.post("/experimental/web_fetch", defaults={"service": "web fetch"})
def web(service: str) -> Response:
    """Refuse: only ollama.com offers this service."""
    validate(json_call(NATIVE, web_schema), web_schema)
    raise Unsupported(
        f"{service} is a service of ollama.com: Cerellama does not have it"
    )
