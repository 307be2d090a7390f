"""The lines of Ollama's /api/chat, for all peers."""

from datetime import UTC, datetime
from typing import Any

RELAYED_KEYS = ("model", "messages", "tools", "stream")


def now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def reply(model: str, text: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {"model": model, "created_at": now(), "message": message, "done": False}


def ending(finish_reason: str, chunk: dict[str, Any]) -> dict[str, Any]:
    """Return the additional keys of the last line, from the last chunk or the reply."""
    usage, time_info = chunk["usage"], chunk["time_info"]
    return {
        "done": True,
        "done_reason": finish_reason,
        "total_duration": int(time_info["total_time"] * 1e9),
        "prompt_eval_count": usage["prompt_tokens"],
        "prompt_eval_duration": int(time_info["prompt_time"] * 1e9),
        "eval_count": usage["completion_tokens"],
        "eval_duration": int(time_info["completion_time"] * 1e9),
    }
