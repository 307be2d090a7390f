"""`/api/chat` and `/api/generate`."""

from flask import Blueprint, Response

from app.http.calls import infer
from app.schemas.ollama import ChatSchema, GenerateSchema
from app.translate.ollama.chat import OllamaChat
from app.translate.ollama.generate import OllamaGenerate

bp = Blueprint("ollama_inference", __name__, url_prefix="/api")

chat_schema = ChatSchema()
generate_schema = GenerateSchema()


@bp.post("/chat")
def chat() -> Response:
    """Answer a conversation; without messages, load or unload the model."""
    return infer(OllamaChat(), chat_schema)


@bp.post("/generate")
def generate() -> Response:
    """Continue a prompt; without one, load or unload the model."""
    return infer(OllamaGenerate(), generate_schema)
