"""A Flask app with this package's hooks and error handlers, but without services."""

from typing import Any

from flask import Blueprint, Flask

from app.config import Config
from app.http import errors, hooks, routing
from app.http.responses import NATIVE, OPENAI, register_blueprints


def make_app(**settings: Any) -> tuple[Flask, Blueprint, Blueprint]:
    """Return an app and the two blueprints that a test adds its views to.

    The errors of the second blueprint have OpenAI's shape. Pass all three to
    `register` then.
    """
    app = Flask(__name__)
    hooks.init_app(app, Config(**{"allowed_hosts": ("*",), **settings}))
    routing.init_app(app)
    errors.init_app(app)
    return app, Blueprint("native", __name__), Blueprint("openai", __name__)


def register(app: Flask, native: Blueprint, openai: Blueprint) -> Flask:
    """Register the blueprints that `make_app` returned."""
    register_blueprints(app, [native], NATIVE)
    register_blueprints(app, [openai], OPENAI)
    return app
