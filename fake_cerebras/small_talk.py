"""A few things the server can talk about, so that a demo reads like one."""

from __future__ import annotations

import re

TOPICS = (
    (
        r"\bsky\b.*\bblue\b",
        "Sunlight holds all colours, and air scatters short waves far more than long "
        "ones. Blue light therefore reaches the eye from every direction of the sky, "
        "while red and yellow come almost straight from the sun. Towards evening the "
        "path through the air is longer, the blue is scattered away before it "
        "arrives, and what is left is the red of a sunset.",
    ),
    (
        r"\b(joke|funny)\b",
        "Why did the token cross the network? To get to the other `data:` side.",
    ),
    (
        r"\b(poem|haiku|verse)\b",
        "Words without a mind,\nstreaming as if one were here:\nset a key, and see.",
    ),
    (
        r"\b(code|function|python|program)\b",
        "Here is a small program:\n\n```python\ndef greet(name: str) -> str:\n"
        '    return f"Hello, {name}!"\n\n\nprint(greet("world"))\n```\n\n'
        "It defines a function and calls it once.",
    ),
    (
        r"\b(who|what) are you\b",
        "I am the stand-in that answers while no Cerebras key is set. I stream, think, "
        "call tools, look at pictures and keep to schemas, all without a model.",
    ),
    (
        r"^\W*(hi|hello|hey|good (morning|evening|day))\b",
        "Hello! Ask for a joke, a poem or some code, offer a tool, or send a picture; "
        "for real answers, set a Cerebras key.",
    ),
)


def reply(asked: str) -> str | None:
    for pattern, words in TOPICS:
        if re.search(pattern, asked, re.IGNORECASE | re.DOTALL):
            return words
    return None
