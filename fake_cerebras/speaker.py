"""What the server says when no script does: a simulated conversation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fake_cerebras import conversation
from fake_cerebras.conversation import Body
from fake_cerebras.models import Model


@dataclass(frozen=True)
class Speech:
    thought: str
    words: str
    calls: list[dict[str, Any]] = field(default_factory=list)


def speak(body: Body, model: Model) -> Speech:
    asked = conversation.last_words(body)
    return Speech("The user wrote something.", f"This is a simulated answer. {asked}")
