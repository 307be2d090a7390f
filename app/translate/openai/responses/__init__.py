"""`/v1/responses`: items in, items out; nothing is kept between two requests."""

from app.translate.openai.responses.reply import Reply
from app.translate.openai.responses.request import (
    check,
    ignored,
    pictures,
    to_upstream,
)

__all__ = ["Reply", "check", "ignored", "pictures", "to_upstream"]
