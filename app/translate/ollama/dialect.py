"""The common part of the endpoints of Ollama's native API."""

from collections.abc import Mapping
from typing import Any, ClassVar

from app.domain.presets import Preset
from app.errors import CerellamaError
from app.translate import derived
from app.translate.dialect import Body, Dialect, ReplyContext
from app.translate.ollama.reply import Line, LineFormat, LineWriter, with_header
from app.translate.ollama.request import ignored_options, options_to_upstream
from app.wire import json_codec


class OllamaDialect(Dialect):
    """The common part of the native endpoints' dialects."""

    stream_mimetype = json_codec.NDJSON_MIMETYPE
    content_type = "application/json; charset=utf-8"
    streams_by_default = True
    line_format: ClassVar[LineFormat]  # of an endpoint with inference

    def needs(self, body: Body) -> Mapping[str, bool]:
        return {
            "thinking": bool(body.get("think")),
            "tools": bool(body.get("tools")),
            "insert": bool(body.get("suffix")),
        }

    def ignored(self, body: Body) -> tuple[str, ...]:
        return ignored_options(body.get("options") or {})

    def shows_thinking(self, body: Body) -> bool:
        return body.get("think") is not False

    def check_load(self, body: Body, preset: Preset | None) -> None:
        options = body.get("options") or {}
        options_to_upstream(derived.options(preset, options) if preset else options)

    def load_reply(self, context: ReplyContext, reason: str) -> dict[str, Any]:
        line = Line(state={"done": True, "done_reason": reason})
        return with_header(context, self.line_format.fields(line))

    def writer(self, context: ReplyContext) -> LineWriter:
        return LineWriter(self.line_format, context)

    def error(self, error: CerellamaError) -> dict[str, Any]:
        return {"error": error.message}

    def frame(self, event: dict[str, Any]) -> bytes:
        return json_codec.encode_line(event)
