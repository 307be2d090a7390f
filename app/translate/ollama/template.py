"""What a generate request's `template` can mean where the upstream renders prompts.

A text around the prompt and the system text is rendered here and becomes the user's
text. What needs more of Go's language, or a model's own tokens, cannot be applied.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from app.errors import CerellamaError

IF = re.compile(r"if\s+(\.\w+)")
COMMENT = re.compile(r"/\*.*\*/", re.DOTALL)
TOKENS = re.compile(
    r"<\|[^|>]*\|>|\[/?INST\]|<<SYS>>|</?s>|<[be]os>|<(?:start|end)_of_turn>"
)

MOST_CHARACTERS = 100_000  # no prompt's frame is longer; a hostile one would take long


def render(template: str, system: str, prompt: str) -> str | None:
    """The user's text; None for a template that cannot be applied.

    One that cannot be read is a 500, as in Ollama.
    """
    steps = list(_scan(template))
    if len(template) > MOST_CHARACTERS or TOKENS.search(template):
        return None
    rendering = _Rendering({".System": system, ".Prompt": prompt, ".Response": ""})
    if not all(rendering.follow(text, action) for text, action in steps):
        return None
    if rendering.branches:
        raise CerellamaError(f"template: :{_line(template)}: unexpected EOF")
    return "".join(rendering.texts)


def names_system(template: str) -> bool:
    """Whether the system text becomes part of what `render` gives."""
    return ".System" in template


def _scan(template: str) -> Iterator[tuple[str, str | None]]:
    """Each text with the action behind it; the last has none.

    Go trims white space before `{{- ` and after ` -}}`.
    """
    position, trims_next = 0, False
    while (start := template.find("{{", position)) >= 0:
        end = template.find("}}", start)
        if end < 0:
            raise _unclosed(template, start)
        text, action = template[position:start], template[start + 2 : end]
        trims_last = action[:1] == "-" and action[1:2].isspace()
        text = text.lstrip() if trims_next else text
        trims_next = action[-1:] == "-" and action[-2:-1].isspace()
        bare = action[trims_last : len(action) - trims_next].strip()
        yield text.rstrip() if trims_last else text, bare
        position = end + 2
    text = template[position:]
    yield text.lstrip() if trims_next else text, None


def _unclosed(template: str, start: int) -> CerellamaError:
    begun, ended = _line(template[:start]), _line(template)
    since = f" started at :{begun}" if begun != ended else ""
    return CerellamaError(f"template: :{ended}: unclosed action{since}")


def _line(text: str) -> int:
    """The line that a text ends on."""
    return text.count("\n") + 1


class _Rendering:
    """One rendering under way: which branches it is in, which texts it has made."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.branches: list[bool] = []
        self.texts: list[str] = []

    def follow(self, text: str, action: str | None) -> bool:
        """Take one step; False if the action is beyond what is understood here."""
        self._say(text)
        return action is None or self._act(action)

    def _say(self, text: str) -> None:
        if all(self.branches):
            self.texts.append(text)

    def _act(self, action: str) -> bool:
        condition = IF.fullmatch(action)
        if condition and condition[1] in self._values:
            self.branches.append(bool(self._values[condition[1]]))
        elif action == "else" and self.branches:
            self.branches[-1] = not self.branches[-1]
        elif action == "end" and self.branches:
            self.branches.pop()
        elif action in self._values:
            self._say(self._values[action])
        else:
            return bool(COMMENT.fullmatch(action))
        return True
