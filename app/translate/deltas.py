"""Choices of chunks, and a whole completion as the chunks of a stream.

A whole completion is read like a chunk of a stream, so both give the same reply.
"""

import re
from collections.abc import Iterator

from app.wire.completion import Choice, Chunk, Delta

# Up to two words of at most eight characters, about as much as the upstream's chunks.
CHUNK_TEXT = re.compile(r"(?:\s*\S{1,8}){1,2}|\s+")


def choice_of(completion: Chunk) -> Choice:
    """Return the only choice of a whole completion."""
    assert completion.choices, "the upstream client checks this"
    return completion.choices[0]


def delta_of(choice: Choice) -> Delta:
    """Return what a choice adds: a chunk's delta, a whole message or a raw text."""
    return choice.delta or choice.message or Delta(content=choice.text)


def rechunk(completion: Chunk) -> list[list[Chunk]]:
    """Return a completion as one batch of a stream: many small chunks."""
    choice = choice_of(completion)
    return [[*_text_chunks(choice), _last_chunk(choice, completion)]]


def _text_chunks(choice: Choice) -> Iterator[Chunk]:
    delta = delta_of(choice)
    for text in CHUNK_TEXT.findall(delta.reasoning or ""):
        yield Chunk([Choice(delta=Delta(reasoning=text))])
    if choice.logprobs:  # logprobs belong to the whole text
        text_delta = Delta(content=delta.content)
        yield Chunk([Choice(delta=text_delta, logprobs=choice.logprobs)])
        return
    for text in CHUNK_TEXT.findall(delta.content or ""):
        yield Chunk([Choice(delta=Delta(content=text))])


def _last_chunk(choice: Choice, completion: Chunk) -> Chunk:
    delta = Delta(tool_calls=delta_of(choice).tool_calls)
    last = Choice(
        delta=delta,
        finish_reason=choice.finish_reason,
        stop_sequence=choice.stop_sequence,
    )
    return Chunk([last], usage=completion.usage, time_info=completion.time_info)
