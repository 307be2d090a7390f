"""`/v1/messages`."""

from flask import Blueprint, Response

from app.http import responses
from app.http.calls import infer, json_call
from app.http.responses import ANTHROPIC
from app.inference.pipeline import validate
from app.schemas.anthropic import CountTokensSchema, MessagesSchema
from app.translate.anthropic.messages import AnthropicMessages, input_tokens

bp = Blueprint("anthropic_messages", __name__, url_prefix="/v1/messages")

messages_schema = MessagesSchema()
count_schema = CountTokensSchema()


@bp.post("")
def create() -> Response:
    """Answer a conversation."""
    return infer(AnthropicMessages(), messages_schema)


@bp.post("/count_tokens")
def count_tokens() -> Response:
    """Estimate the number of tokens of a prompt, whatever the model."""
    body = validate(json_call(ANTHROPIC, count_schema), count_schema)
    return responses.json_response(ANTHROPIC, {"input_tokens": input_tokens(body)})
