"""Ask the upstream, in the way that a request needs, and hand its answer back.

Most requests are one call. A JSON object cannot be streamed, so it is asked for whole
and handed on in parts. Tools and a form cannot be asked for together, so an answer
that calls no tool and misses the form is asked for once more, without the tools.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, TypeVar

from app.catalogue.resolve import Target
from app.errors import (
    CerellamaError,
    ModelBusy,
    ModelGone,
    ModelNotFound,
    UpstreamBusy,
    UpstreamError,
)
from app.inference.fallback import fallback_targets
from app.services import Services, services
from app.translate import deltas, formats, stops, toolnames
from app.translate.fit import fit
from app.upstream.stream import ChunkStream
from app.web import record
from app.wire import token_estimate
from app.wire.completion import Chunk

log = logging.getLogger(__name__)

T = TypeVar("T")

BUSY_OR_GONE = (UpstreamBusy, ModelBusy, ModelGone)


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
    has_substitute: bool  # another model, should this one be overloaded


def complete(request: dict[str, Any], target: Target) -> Chunk:
    """The whole answer."""
    return _asked(request, target, _complete)


def stream(request: dict[str, Any], target: Target) -> Stream:
    """The answer as it comes; what fails before its first words is raised here."""
    return _asked(request, target, _stream)


def _asked(request: dict[str, Any], target: Target, ask: Callable[[Question], T]) -> T:
    """What the model says, or the first that stands in for it and can."""
    found = services()
    fallbacks = found.fallback_models
    others = fallbacks and fallback_targets(request, target, fallbacks, found.catalogue)
    errors: list[UpstreamError] = []
    for number, each in enumerate([target, *others]):
        try:
            has_substitute = number < len(others)
            question = _question(request, each, found, has_substitute=has_substitute)
            answered = ask(question)
        except BUSY_OR_GONE as error:
            log.info("%s does not answer: %s", each.model.id, error)
            errors.append(error)
        else:
            record.current().model = each.model.id
            return answered
    raise _worth_telling(errors, target)


def _worth_telling(errors: Sequence[UpstreamError], target: Target) -> CerellamaError:
    """One that is busy before one that is gone, told by the name the client knows."""
    busy = [error for error in errors if not isinstance(error, ModelGone)]
    return busy[-1] if busy else ModelNotFound(f"model '{target.name}' not found")


def _stream(question: Question) -> Stream:
    asked, found = record.current(), services()
    asked.streaming = True
    if question.form or formats.must_be_whole(question.request):
        return Stream(deltas.rechunk(_complete(question)), lambda: None)
    chunks = found.upstream.stream(
        question.request, asked.cancel, has_substitute=question.has_substitute
    )
    asked.answers.append(chunks)
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


def _question(
    request: dict[str, Any], target: Target, found: Services, *, has_substitute: bool
) -> Question:
    fitted = fit_to(target, request)
    first, further = stops.split(fitted.get("stop") or ())
    if further:
        fitted["stop"] = first
    cap = found.default_num_predict
    if cap is not None and not token_estimate.has_cap(fitted):
        fitted = token_estimate.with_cap(fitted, cap)
    form = request.get("response_format") if request.get("tools") else None
    names = toolnames.stand_ins(fitted)
    if names:
        fitted = toolnames.rename(fitted, names)
    originals = toolnames.originals(names)
    return Question(fitted, further, form, originals, has_substitute)


def fit_to(target: Target, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request as the target's model takes it."""
    model = target.model
    return fit(request, model.traits, model=model.id, name=target.name)


def _complete(question: Question) -> Chunk:
    completion = _ask(question, question.request)
    if question.form and not _satisfies(completion, question.form):
        again = formats.without_tools(question.request, question.form)
        completion = _ask(question, again)
    completion = stops.cut_completion(completion, question.further_stops)
    return toolnames.restore(completion, question.tool_names)


def _ask(question: Question, request: Mapping[str, Any]) -> Chunk:
    asked = record.current()
    completion = services().upstream.complete(
        request, asked.cancel, has_substitute=question.has_substitute
    )
    asked.answers.append(completion)
    return completion


def _satisfies(completion: Chunk, form: Mapping[str, Any]) -> bool:
    choice = deltas.choice_of(completion)
    if choice is None:
        return False
    said = deltas.said(choice)
    return bool(said.tool_calls) or formats.satisfies(said.content or "", form)
