"""Send requests to the app, and see the request that reaches the upstream."""

import base64
import io
from typing import Any

from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from tests.cerebras import Fake

Object = dict[str, Any]

GPT, QWEN = "gpt-oss-120b", "qwen-3.8-27b"
CHAT, GENERATE, OPENAI = "/api/chat", "/api/generate", "/v1/chat/completions"
COMPLETIONS, RESPONSES = "/v1/completions", "/v1/responses"
MESSAGES = "/v1/messages"
INFERENCE_PATHS = (CHAT, GENERATE, OPENAI, COMPLETIONS, RESPONSES, MESSAGES)
PROMPT_FIELDS = {GENERATE: "prompt", COMPLETIONS: "prompt", RESPONSES: "input"}

WEATHER: Object = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "How the weather is",
        "parameters": {
            "type": "object",
            "properties": {"town": {"type": "string"}},
            "required": ["town"],
        },
    },
}
_FUNCTION = WEATHER["function"]
RESPONSES_WEATHER: Object = {"type": "function", **_FUNCTION}
MESSAGES_WEATHER: Object = {
    "name": _FUNCTION["name"],
    "description": _FUNCTION["description"],
    "input_schema": _FUNCTION["parameters"],
}
WEATHER_TOOLS: dict[str, Object] = {
    CHAT: {"tools": [WEATHER]},
    GENERATE: {},  # takes no tools
    OPENAI: {"tools": [WEATHER]},
    COMPLETIONS: {},
    RESPONSES: {"tools": [RESPONSES_WEATHER]},
    MESSAGES: {"tools": [MESSAGES_WEATHER]},
}
NO_THINKING: dict[str, Object] = {
    CHAT: {"think": False},
    GENERATE: {"think": False},
    OPENAI: {"reasoning_effort": "none"},
    COMPLETIONS: {},  # never shows it
    RESPONSES: {"reasoning": {"effort": "none"}},
    MESSAGES: {"thinking": {"type": "disabled"}},
}
TOWN = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "people": {"type": "integer"}},
    "required": ["name", "people"],
}


def user_message(text: str = "hello") -> Object:
    return {"role": "user", "content": text}


def request_body(path: str, text: str = "hello", /, **fields: Any) -> Object:
    """Return a valid request; `stream` has the endpoint's default."""
    prompt: Object = {"messages": [user_message(text)]}
    if path in PROMPT_FIELDS:
        prompt = {PROMPT_FIELDS[path]: text}
    required = {"max_tokens": 100} if path == MESSAGES else {}
    return {"model": GPT, **prompt, **required, **fields}


def post(client: FlaskClient, path: str, /, **fields: Any) -> TestResponse:
    return client.post(path, json=request_body(path, **fields))


def complete(client: FlaskClient, path: str, /, **fields: Any) -> Object:
    """Return the body of a whole reply."""
    response = post(client, path, stream=False, **fields)
    assert response.status_code == 200, response.text
    native = path.startswith("/api/")
    charset = "; charset=utf-8" if native else ""
    assert response.content_type == f"application/json{charset}"
    assert response.data.endswith(b"}" if native else b"}\n")
    body: Object = response.get_json()
    return body


def upstream_request(fake: Fake) -> Object:
    """Return the body of the last inference request that the upstream received."""
    body: Object = fake.inference_requests(at_least=1)[-1]["body"]
    return body


def encode_image(kind: str, mode: str = "RGB", size: tuple[int, int] = (3, 2)) -> str:
    """Return an image of this file type in base64."""
    data = io.BytesIO()
    Image.new(mode, size).save(data, kind)
    return base64.b64encode(data.getvalue()).decode()


def create_model(client: FlaskClient, **fields: Any) -> TestResponse:
    """Create a model on top of GPT; check nothing."""
    return client.post("/api/create", json={"from": GPT, "stream": False, **fields})


def create_mario(client: FlaskClient, **fields: Any) -> None:
    """Create a model that is named `mario` unless `fields` say otherwise."""
    response = create_model(
        client, **{"model": "mario", "system": "You are Mario.", **fields}
    )
    assert response.json == {"status": "success"}, response.text


def show_model(client: FlaskClient, name: str, **fields: Any) -> Object:
    response = client.post("/api/show", json={"model": name, **fields})
    assert response.status_code == 200, response.text
    body: Object = response.json
    return body


def list_models(client: FlaskClient) -> dict[str, Object]:
    """Return the entries of /api/tags by name, in their order."""
    return {entry["name"]: entry for entry in client.get("/api/tags").json["models"]}
