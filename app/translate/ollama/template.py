"""What a generate request's `template` can mean where the upstream renders prompts.

A text around the prompt and the system text is rendered here and becomes the user's
text. What needs more of Go's language, or a model's own tokens, cannot be applied.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.errors import InvalidRequest

# Go trims white space before `{{- ` and after ` -}}`.
ACTION = re.compile(
    r"(?:\s*\{\{-(?=\s)|\{\{)\s*(.*?)\s*(?:(?<=\s)-\}\}\s*|\}\})", re.DOTALL
)
IF = re.compile(r"if\s+(\.\w+)")
COMMENT = re.compile(r"/\*.*\*/", re.DOTALL)
TOKENS = re.compile(
    r"<\|.*?\|>|\[/?INST\]|<<SYS>>|</?s>|<[be]os>|<(?:start|end)_of_turn>"
)


def render(template: str, system: str, prompt: str) -> str | None:
    """The user's text; None for a template that cannot be applied."""
    _check_closed(template)
    if TOKENS.search(template):
        return None
    return _Rendering({".System": system, ".Prompt": prompt, ".Response": ""})(template)


def names_system(template: str) -> bool:
    """Whether the system text becomes part of what `render` gives."""
    return ".System" in template


def _check_closed(template: str) -> None:
    end = max((action.end() for action in ACTION.finditer(template)), default=0)
    start = template.find("{{", end)
    if start >= 0:
        begun, ended = _line(template, start), _line(template, len(template))
        since = f" started at :{begun}" if begun != ended else ""
        raise InvalidRequest(f"template: :{ended}: unclosed action{since}")


def _line(template: str, position: int) -> int:
    return template.count("\n", 0, position) + 1


class _Rendering:
    """One rendering under way: the branches it is in, the texts it has made."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._branches: list[bool] = []
        self._texts: list[str] = []

    def __call__(self, template: str) -> str | None:
        position = 0
        for action in ACTION.finditer(template):
            self._say(template[position : action.start()])
            position = action.end()
            if not self._act(action[1]):
                return None
        if self._branches:
            end = _line(template, len(template))
            raise InvalidRequest(f"template: :{end}: unexpected EOF")
        self._say(template[position:])
        return "".join(self._texts)

    def _say(self, text: str) -> None:
        if all(self._branches):
            self._texts.append(text)

    def _act(self, action: str) -> bool:
        """Follow one action; False if it is beyond what is understood here."""
        condition = IF.fullmatch(action)
        if condition and condition[1] in self._values:
            self._branches.append(bool(self._values[condition[1]]))
        elif action == "else" and self._branches:
            self._branches[-1] = not self._branches[-1]
        elif action == "end" and self._branches:
            self._branches.pop()
        elif action in self._values:
            self._say(self._values[action])
        else:
            return bool(COMMENT.fullmatch(action))
        return True
