"""Cerellama: an Ollama server that runs every model on the Cerebras cloud."""

from __future__ import annotations

import os

from flask import Flask

from app.blueprints import anthropic, ollama, openai, ops
from app.config import Config, from_env
from app.doctor import command as doctor
from app.services import EXTENSION, Services, build
from app.web import auth, cors, hosts, logs, observe, routing
from app.web import errors as web_errors  # `app.errors` is the tree of exceptions
from app.web.application import Application


def create_app(config: Config | None = None, services: Services | None = None) -> Flask:
    """Put the app together; without arguments from the environment."""
    config = config or from_env(os.environ)
    logs.set_up(config.log_level, config.log_format)
    app = Application(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = config.max_body_mb << 20
    services = services or build(config)
    services.catalogue.start()
    services.store.start()
    app.extensions[EXTENSION] = services
    observe.init_app(app)
    routing.init_app(app)
    cors.init_app(app, config.ollama_origins)
    hosts.init_app(app, config.allowed_hosts)
    auth.init_app(app, config.access_tokens)
    web_errors.init_app(app)
    dialects = (ollama, openai, anthropic)
    for blueprint in (each for dialect in dialects for each in dialect.BLUEPRINTS):
        app.register_blueprint(blueprint)
    app.register_blueprint(ops.bp)
    app.cli.add_command(doctor.command(config, services.store))
    return app
