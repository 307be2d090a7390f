"""Render the part of Go's template language that can be applied to a user's message.

The upstream renders prompts itself. A template that only puts text around the prompt
and the system text is rendered here and becomes the content of the user's message. A
template with other actions, or with a model's own tokens, cannot be applied.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from app.errors import CerellamaError

IF = re.compile(r"if\s+(\.\w+)")
COMMENT = re.compile(r"/\*.*\*/", re.DOTALL)
TOKENS = re.compile(
    r"<\|[^|>]*\|>|\[/?INST\]|<<SYS>>|</?s>|<[be]os>|<(?:start|end)_of_turn>"
)

MAX_CHARACTERS = 100_000  # limits the time that a hostile template can take
PROMPT_MARK = "\0"  # stands for the prompt in a frame


def render(template: str, system: str, prompt: str) -> str | None:
    """Return the user's text, None if the template cannot be applied.

    Raise CerellamaError (status 500, as in Ollama) if its syntax is wrong.
    """
    steps = list(_scan(template))
    if len(template) > MAX_CHARACTERS or TOKENS.search(template):
        return None
    rendering = _Rendering({".System": system, ".Prompt": prompt, ".Response": ""})
    if not all(rendering.follow(text, action) for text, action in steps):
        return None
    if rendering.branches:
        raise CerellamaError(f"template: :{_line(template)}: unexpected EOF")
    return "".join(rendering.texts)


@lru_cache(maxsize=256)
def frame_of(template: str) -> str | None:
    """Return the template's text around PROMPT_MARK, None if it cannot be applied.

    The system text is left out: it is sent as a message of its own.
    """
    rendered = render(template, "", PROMPT_MARK)
    return rendered.strip() if rendered and PROMPT_MARK in rendered else None


def names_system(template: str) -> bool:
    """Return whether `render` makes the system text part of the user's text."""
    return ".System" in template


def _scan(template: str) -> Iterator[tuple[str, str | None]]:
    """Yield each text with the action that follows it, None after the last text.

    White space before `{{- ` and after ` -}}` is trimmed, as in Go.
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
        action = action[trims_last : len(action) - trims_next].strip()
        yield text.rstrip() if trims_last else text, action
        position = end + 2
    text = template[position:]
    yield text.lstrip() if trims_next else text, None


def _unclosed(template: str, start: int) -> CerellamaError:
    first, last = _line(template[:start]), _line(template)
    since = f" started at :{first}" if first != last else ""
    return CerellamaError(f"template: :{last}: unclosed action{since}")


def _line(text: str) -> int:
    """Return the number of the line that the text ends on."""
    return text.count("\n") + 1


class _Rendering:
    """The state of one rendering: the open `if` branches and the texts so far."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.branches: list[bool] = []
        self.texts: list[str] = []

    def follow(self, text: str, action: str | None) -> bool:
        """Add the text and run the action; return False if the action is unknown."""
        self._add(text)
        return action is None or self._run(action)

    def _add(self, text: str) -> None:
        if all(self.branches):
            self.texts.append(text)

    def _run(self, action: str) -> bool:
        condition = IF.fullmatch(action)
        if condition and condition[1] in self._values:
            self.branches.append(bool(self._values[condition[1]]))
        elif action == "else" and self.branches:
            self.branches[-1] = not self.branches[-1]
        elif action == "end" and self.branches:
            self.branches.pop()
        elif action in self._values:
            self._add(self._values[action])
        else:
            return bool(COMMENT.fullmatch(action))
        return True
