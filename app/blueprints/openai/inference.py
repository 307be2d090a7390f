"""`/v1/chat/completions`, `/v1/completions` and `/v1/responses`."""

from flask import Blueprint, Response

from app.http.calls import infer
from app.schemas.openai import ChatCompletionSchema, CompletionSchema
from app.schemas.responses import ResponsesSchema
from app.translate.openai.chat import OpenAIChat
from app.translate.openai.completions import OpenAICompletions
from app.translate.openai.responses import OpenAIResponses

bp = Blueprint("openai_inference", __name__)

chat_schema = ChatCompletionSchema()
completion_schema = CompletionSchema()
responses_schema = ResponsesSchema()


@bp.post("/v1/chat/completions")
@bp.post("/chat/completions")  # some clients leave out /v1
def chat_completions() -> Response:
    """Answer a conversation."""
    return infer(OpenAIChat(), chat_schema)


@bp.post("/v1/completions")
def completions() -> Response:
    """Answer a prompt."""
    return infer(OpenAICompletions(), completion_schema)


@bp.post("/v1/responses")
def create_response() -> Response:
    """Answer a list of input items with output items."""
    return infer(OpenAIResponses(), responses_schema)
