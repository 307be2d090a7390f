"""Send a translated request to the upstream: to its model, or to a fallback model.

Most requests are one upstream request. Two restrictions of the upstream need more:
it cannot stream a `json_object`, so that is requested whole and sent on in parts; and
it refuses tools together with a response format, so a reply that calls no tool and
does not satisfy the format is requested a second time, without the tools.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from app.catalogue.models import Catalogue
from app.catalogue.resolve import Target
from app.domain.models import Model
from app.errors import (
    CerellamaError,
    ModelBusy,
    ModelGone,
    ModelNotFound,
    UpstreamBusy,
    UpstreamError,
)
from app.inference.call import Call
from app.translate import deltas, fit, response_formats, stop_sequences, tool_names
from app.upstream.stream import ChunkStream
from app.wire import names, token_estimate
from app.wire.completion import Chunk

log = logging.getLogger(__name__)

BUSY_OR_GONE = (UpstreamBusy, ModelBusy, ModelGone)


@dataclass(frozen=True)
class ChunkBatches:
    """A streamed answer: one sequence of chunks per read of the upstream's socket."""

    batches: Iterable[Sequence[Chunk]]
    close: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class UpstreamRequest:
    """A request that the upstream accepts, and how to complete its answer."""

    form: dict[str, Any]
    further_stops: list[str]  # stop sequences beyond those that the upstream takes
    response_format: Mapping[str, Any] | None  # with tools: the reply must satisfy it
    tool_names: Mapping[str, str]  # replacement name -> the client's name
    has_fallback: bool  # another model follows: fail at once if this one is busy


def send(call: Call, request: Mapping[str, Any]) -> Chunk | ChunkBatches:
    """Return the completion, or the stream if the client asked for one.

    What fails before the first chunk of a stream is raised here. A busy or retired
    model is replaced by the next of `FALLBACK_MODELS` that can serve the request.
    """
    targets = [call.target]
    if fallback_models := call.services.fallback_models:
        catalogue = call.services.catalogue
        targets += fallback_targets(request, call.target, fallback_models, catalogue)
    errors: list[UpstreamError] = []
    for number, target in enumerate(targets, 1):
        try:
            upstream_request = prepare(
                call, request, target, has_fallback=number < len(targets)
            )
            answer = _send_to_upstream(call, upstream_request)
        except BUSY_OR_GONE as error:
            log.info("%s is not available: %s", target.model.id, error)
            errors.append(error)
        else:
            call.record.model = target.model.id
            return answer
    raise _error_to_raise(errors, call)


def prepare(
    call: Call, request: Mapping[str, Any], target: Target, *, has_fallback: bool
) -> UpstreamRequest:
    """Return the request as the target's model takes it."""
    form = fit.fit(
        request, target.model.traits, model=target.model.id, name=target.name
    )
    further_stops: list[str] = []
    if form.get("stop"):
        first_stops, further_stops = stop_sequences.split(form["stop"])
        if further_stops:
            form["stop"] = first_stops
    cap = call.services.default_num_predict
    if cap is not None and not token_estimate.has_cap(form):
        form = token_estimate.with_cap(form, cap)
    replacements = tool_names.replacements(form) if _mentions_tools(form) else {}
    if replacements:
        form = tool_names.replace_names(form, replacements)
    return UpstreamRequest(
        form=form,
        further_stops=further_stops,
        response_format=request.get("response_format") if "tools" in form else None,
        tool_names={replacement: name for name, replacement in replacements.items()},
        has_fallback=has_fallback,
    )


def _mentions_tools(form: Mapping[str, Any]) -> bool:
    """Return whether a request has tools or calls of tools."""
    return "tools" in form or any(
        message.get("tool_calls") for message in form.get("messages", ())
    )


def _send_to_upstream(call: Call, request: UpstreamRequest) -> Chunk | ChunkBatches:
    if not call.wants_stream:
        return _complete(call, request)
    call.record.streaming = True
    if _must_be_whole(request):
        return ChunkBatches(deltas.rechunk(_complete(call, request)))
    chunks = call.services.upstream.stream(
        request.form, call.cancel, has_fallback=request.has_fallback
    )
    call.record.results.append(chunks)
    return ChunkBatches(_postprocessed(chunks, request), chunks.close)


def _must_be_whole(request: UpstreamRequest) -> bool:
    """Return whether a stream must be requested whole; the module says why."""
    if request.response_format:
        return True
    form = request.form
    return "response_format" in form and response_formats.must_be_whole(form)


def _postprocessed(
    chunks: ChunkStream, request: UpstreamRequest
) -> Iterable[Sequence[Chunk]]:
    """Return the stream with the client's own tool names, cut at its stop sequences."""
    batches: Iterable[Sequence[Chunk]] = chunks
    if request.further_stops:
        batches = stop_sequences.cut_stream(chunks, request.further_stops, chunks.close)
    if request.tool_names:
        restore = partial(tool_names.restore_names, originals=request.tool_names)
        batches = ([restore(chunk) for chunk in batch] for batch in batches)
    return batches


def _complete(call: Call, request: UpstreamRequest) -> Chunk:
    completion = _complete_once(call, request, request.form)
    response_format = request.response_format
    if response_format and not _calls_tool_or_satisfies(completion, response_format):
        completion = _complete_once(
            call, request, response_formats.without_tools(request.form, response_format)
        )
    completion = stop_sequences.cut_completion(completion, request.further_stops)
    return tool_names.restore_names(completion, request.tool_names)


def _complete_once(
    call: Call, request: UpstreamRequest, form: Mapping[str, Any]
) -> Chunk:
    completion = call.services.upstream.complete(
        form, call.cancel, has_fallback=request.has_fallback
    )
    call.record.results.append(completion)
    return completion


def _calls_tool_or_satisfies(
    completion: Chunk, response_format: Mapping[str, Any]
) -> bool:
    delta = deltas.delta_of(deltas.choice_of(completion))
    if delta.tool_calls:
        return True
    return response_formats.satisfies(delta.content or "", response_format)


def _error_to_raise(errors: Sequence[UpstreamError], call: Call) -> CerellamaError:
    """Return the last busy error, or ModelNotFound if all models are retired."""
    busy = [error for error in errors if not isinstance(error, ModelGone)]
    return busy[-1] if busy else ModelNotFound(f"model '{call.target.name}' not found")


def fallback_targets(
    request: Mapping[str, Any],
    target: Target,
    fallback_names: Sequence[str],
    catalogue: Catalogue,
) -> list[Target]:
    """Return the target on each served fallback model that fits, in their order."""
    models = [catalogue.find(names.parse(name)) for name in fallback_names]
    return [
        replace(target, model=model)
        for model in models
        if model and model.id != target.model.id and can_serve(model, request)
    ]


def can_serve(model: Model, request: Mapping[str, Any]) -> bool:
    """Return whether the model has the vision, tools and context that are needed."""
    images = len(fit.images_of(request.get("messages") or ()))
    if images > (model.traits.max_images if model.traits.vision else 0):
        return False
    if request.get("tools") and "tools" not in model.capabilities:
        return False
    length = model.context_length
    return not length or token_estimate.prompt_tokens(request) <= length
