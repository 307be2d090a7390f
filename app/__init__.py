"""Cerellama: an Ollama server that runs every model on the Cerebras cloud."""

import os

from flask import Flask

from app.blueprints import anthropic, ollama, openai, ops
from app.config import Config, from_env
from app.doctor import command as doctor
from app.http import errors as http_errors  # `app.errors` is the exception tree
from app.http import hooks, logs, routing
from app.http.responses import ANTHROPIC, NATIVE, OPENAI, register_blueprints
from app.inference.services import EXTENSION, Services, build


def create_app(config: Config | None = None, services: Services | None = None) -> Flask:
    """Return the app, by default configured from the environment."""
    config = config or from_env(os.environ)
    logs.set_up(config.log_level, config.log_format)
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = config.max_body_mb << 20
    services = services or build(config)
    services.catalogue.start()
    services.store.start()
    app.extensions[EXTENSION] = services
    hooks.init_app(app, config)
    routing.init_app(app)
    http_errors.init_app(app)
    register_blueprints(app, (*ollama.BLUEPRINTS, ops.bp), NATIVE)
    register_blueprints(app, openai.BLUEPRINTS, OPENAI)
    register_blueprints(app, anthropic.BLUEPRINTS, ANTHROPIC)
    app.cli.add_command(doctor.command(config, services.store))
    return app
