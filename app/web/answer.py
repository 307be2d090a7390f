"""Ask the upstream, in the way that a request needs, and hand its answer back.

Most requests are one call. A JSON object cannot be streamed, so it is asked for whole
and handed on in parts. Tools and a form cannot be asked for together, so an answer
that calls no tool and misses the form is asked for once more, without the tools.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from flask import g

from app.catalogue.resolve import Target
from app.errors import ModelGone, ModelNotFound
from app.services import services
from app.translate import deltas, formats, stops, toolnames
from app.upstream.stream import ChunkStream
from app.web import record
from app.wire.completion import Chunk

CAPS = ("max_completion_tokens", "max_tokens")


class Stream(NamedTuple):
    batches: Iterable[Sequence[Chunk]]
    close: Callable[[], None]


@dataclass(frozen=True)
class Question:
    """A request as the upstream takes it, and what is left for us to see to."""

    request: dict[str, Any]
    further_stops: list[str]
    form: Mapping[str, Any] | None  # wanted of an answer that calls no tool
    tool_names: Mapping[str, str]  # what stands in for them, and the client's own


def complete(request: dict[str, Any], target: Target) -> Chunk:
    """The whole answer."""
    with _told_by_name(target):
        return _complete(_question(request, target))


def stream(request: dict[str, Any], target: Target) -> Stream:
    """The answer as it comes; what fails before its first words is raised here."""
    question = _question(request, target)
    g.streaming = True
    with _told_by_name(target):
        if question.form or formats.must_be_whole(question.request):
            return Stream(deltas.rechunk(_complete(question)), lambda: None)
        chunks = services().upstream.stream(question.request, g.cancel)
    record.current().answers.append(chunks)
    return Stream(_seen_to(chunks, question), chunks.close)


def _seen_to(chunks: ChunkStream, question: Question) -> Iterable[Sequence[Chunk]]:
    """The stream, with what is left for us done to it: mostly nothing."""
    batches: Iterable[Sequence[Chunk]] = chunks
    if question.further_stops:
        batches = stops.cut(chunks, question.further_stops, chunks.close)
    if question.tool_names:
        restore = partial(toolnames.restore, originals=question.tool_names)
        batches = ([restore(chunk) for chunk in batch] for batch in batches)
    return batches


def _question(request: dict[str, Any], target: Target) -> Question:
    fitted = target.apply(request)
    first, further = stops.split(fitted.get("stop") or ())
    if further:
        fitted["stop"] = first
    cap = services().default_num_predict
    if cap is not None and not any(name in fitted for name in CAPS):
        fitted["max_tokens" if "prompt" in fitted else "max_completion_tokens"] = cap
    form = request.get("response_format") if request.get("tools") else None
    names = toolnames.stand_ins(fitted)
    if names:
        fitted = toolnames.rename(fitted, names)
    return Question(fitted, further, form, toolnames.originals(names))


def _complete(question: Question) -> Chunk:
    completion = _ask(question.request)
    if question.form and not _satisfies(completion, question.form):
        completion = _ask(formats.without_tools(question.request, question.form))
    completion = stops.cut_completion(completion, question.further_stops)
    return toolnames.restore(completion, question.tool_names)


def _ask(request: Mapping[str, Any]) -> Chunk:
    completion = services().upstream.complete(request, g.cancel)
    record.current().answers.append(completion)
    return completion


def _satisfies(completion: Chunk, form: Mapping[str, Any]) -> bool:
    choice = deltas.choice_of(completion)
    if choice is None:
        return False
    said = deltas.said(choice)
    return bool(said.tool_calls) or formats.satisfies(said.content or "", form)


@contextmanager
def _told_by_name(target: Target) -> Iterator[None]:
    """A model that is gone is told by the name the client knows."""
    try:
        yield
    except ModelGone as error:
        raise ModelNotFound(f"model '{target.name}' not found") from error
