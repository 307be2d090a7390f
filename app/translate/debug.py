"""What `_debug_render_only` shows, in every dialect.

Prompts are rendered by the upstream alone: the upstream form stands for one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.translate.messages import pictures_of
from app.wire import json_codec


def debug_info(request: Mapping[str, Any]) -> dict[str, Any]:
    shown = {"rendered_template": json_codec.encode(request).decode()}
    count = len(pictures_of(request.get("messages") or ()))
    return {**shown, "image_count": count} if count else shown
