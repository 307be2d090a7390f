"""Answer a request for a completion."""

import json
from typing import Any

from fake_cerebras import models
from fake_cerebras.checks.rules import check_request
from fake_cerebras.completion import make_completion
from fake_cerebras.connection import DisconnectWatch, Request
from fake_cerebras.delivery import BodyWriter, Delivery, Interruptions
from fake_cerebras.errors import DEFAULT_ERRORS, ERRORS, ApiError, invalid_request
from fake_cerebras.prompt import Prompt, read_prompt
from fake_cerebras.request import Body, last_user_text, tool_results
from fake_cerebras.response import Response
from fake_cerebras.script import Script, ScriptError, find_script


def chat(request: Request) -> None:
    infer(request, text_only=False)


def complete(request: Request) -> None:
    infer(request, text_only=True)


def infer(request: Request, *, text_only: bool) -> None:
    """Validate the request, reserve its quota and send what its script says."""
    connection, state = request.connection, request.state
    body = read_object(request.data)
    script, prompt, cached_tokens = accept(request, body, text_only=text_only)
    model = models.find(body["model"])
    response = Response(body, text_only, model, script, prompt, cached_tokens)
    with DisconnectWatch(
        connection.connection, lambda: state.records.disconnect(request.record)
    ) as watch:
        writer = BodyWriter(script, connection.write, watch.sleep)
        interruptions = Interruptions(script, writer, watch, state.scripts.gate)
        delivery = Delivery(writer, interruptions, watch)
        delivery.before_response()
        raise_scripted_error(script)
        state.cache.store(request.organisation, model.id, prompt, state.clock())
        completion = make_completion(body, model, script)
        headers = {"inference-id": response.id, "content-type": "application/json"}
        pace = script.tokens_per_second
        pace = state.tokens_per_second if pace is None else pace
        if body.get("stream"):
            headers["content-type"] = "text/event-stream"
            connection.start_response(200, headers | script.headers)
            delivery.stream(response.events(completion), pace)
            return
        if pace > 0:
            watch.sleep(completion.completion_tokens / pace)
        connection.start_response(200, headers | script.headers)
        delivery.send_whole(response.whole(completion))


def accept(
    request: Request, body: dict[str, Any], *, text_only: bool
) -> tuple[Script, Prompt, int]:
    """Return script, prompt and its cached tokens, or raise the `ApiError`."""
    text = last_user_text(body)
    queued = request.state.scripts.take(text)
    script = queued or script_of_message(text)
    request.connection.use_script(script)
    check_request(body, text_only=text_only)
    prompt = read_prompt(body)
    now = request.state.clock()
    cached_tokens = request.state.cache.cached_tokens(
        request.organisation, body["model"], prompt, now
    )
    reserve_quota(request, body, prompt.tokens, cached_tokens, now)
    if queued is None and tool_results(body):
        script = script.without_tool_calls()
    return script, prompt, cached_tokens


def read_object(data: bytes) -> dict[str, Any]:
    try:
        body = json.loads(data)
    except ValueError as error:
        raise invalid_request("body: invalid JSON") from error  # guess
    if not isinstance(body, dict):
        raise invalid_request("body: Input should be an object")  # guess
    return body


def script_of_message(text: str) -> Script:
    """Return the script in the last user message, or an empty one."""
    try:
        return find_script(text) or Script()
    except ScriptError as error:
        message = f"fake_cerebras: {error}"
        raise invalid_request(message, "script", "script") from error


def reserve_quota(
    request: Request, body: Body, prompt_tokens: int, cached_tokens: int, now: float
) -> None:
    """Reserve the organisation's quota, if it has one, and set the headers about it."""
    quota = request.state.quotas.find(request.organisation, body["model"], now)
    if quota is not None:
        quota.reserve(prompt_tokens, body, now, cached_tokens)
        request.connection.default_headers |= quota.headers(now)


def raise_scripted_error(script: Script) -> None:
    """Raise the error or the fixed body that a script asks for."""
    name = script.error
    if name is None and script.status is not None and script.body is None:
        name = DEFAULT_ERRORS.get(script.status)
    status, body = ERRORS[name] if name else (200, None)
    if script.body is not None:
        body = script.body
    if body is not None:
        raise ApiError(script.status or status, body, script.headers)
