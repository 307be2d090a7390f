"""The prompt of a request as the model reads it, in tokens and blocks of tokens."""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fake_cerebras.request import Body, image_url, image_urls, messages

TEMPLATE_TOKENS = 60  # of the chat template, for each request
ROLE_TOKENS = 6  # of the chat template, for each message
IMAGE_TOKENS = 256
CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True)
class Prompt:
    """A prompt as one text in which every token has four characters."""

    text: str
    image_tokens: int = 0

    @property
    def tokens(self) -> int:
        """The number of tokens, with those of images."""
        return len(self.text) // CHARACTERS_PER_TOKEN

    def block_keys(self, block_tokens: int) -> Iterator[int]:
        """Yield a key for each whole block; it depends on all blocks up to this one."""
        size = block_tokens * CHARACTERS_PER_TOKEN
        key = 0
        for end in range(size, len(self.text) + 1, size):
            key = hash((key, self.text[end - size : end]))
            yield key


def read_prompt(body: Body) -> Prompt:
    """Return the prompt: tools first, then the messages, or that of a text completion.

    The number of tokens is an estimate. Guess: ids of tool calls, `response_format` and
    `reasoning_effort` are not part of the prompt.
    """
    if "prompt" in body:
        return Prompt(_tokens("", 1) + "".join(_completion_parts(body["prompt"])))
    parts = [_tokens("template", TEMPLATE_TOKENS)]
    if body.get("tools"):
        parts.append(_tokens(json.dumps(body["tools"])))
    for message in messages(body):
        parts += _message_parts(message)
    return Prompt("".join(parts), IMAGE_TOKENS * len(image_urls(body)))


def _message_parts(message: Mapping[str, Any]) -> Iterator[str]:
    yield _tokens(message["role"], ROLE_TOKENS)
    yield _tokens(message.get("name") or "")
    yield from _content_parts(message.get("reasoning"))
    yield from _content_parts(message.get("content"))
    for call in message.get("tool_calls") or ():
        function = call["function"]
        yield _tokens(function["name"] + (function.get("arguments") or ""))


def _content_parts(content: Any) -> Iterator[str]:
    """Yield the texts and images of a string, of a list of parts, or of nothing."""
    if isinstance(content, str):
        yield _tokens(content)
        return
    for part in content or ():
        url = image_url(part)
        if url is None:
            yield _tokens(part["text"])
        else:
            yield _tokens(str(hash(url)), IMAGE_TOKENS)


def _completion_parts(prompt: Any) -> Iterator[str]:
    """Yield a text, a list of texts, a list of token ids or a list of such lists."""
    if isinstance(prompt, str):
        yield _tokens(prompt)
    elif isinstance(prompt, int):
        yield _tokens(chr(prompt % sys.maxunicode), 1)
    else:
        for each in prompt:
            yield from _completion_parts(each)


def _tokens(text: str, count: int | None = None) -> str:
    """Return the text as so many tokens; without a count, as many as it needs."""
    if count is None:
        count = -(-len(text) // CHARACTERS_PER_TOKEN)
    size = count * CHARACTERS_PER_TOKEN
    return text[:size].ljust(size, "\0")
