"""What a client may ask of an answer's form, as the upstream can give it.

The upstream refuses a form beside tools, streams no `json_object`, and wants the word
JSON in the prompt. Each request still gets a working answer: beside tools the form
goes into the prompt, and an answer in words that does not satisfy is asked for again.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from typing import Any

import msgspec

from app.translate import judge, strict
from app.translate.messages import text_of, with_instruction
from app.wire import json_codec

ASK_FOR_JSON = "Reply in JSON."
UNLESS_TOOL = "Unless you call a tool, reply with nothing but"
TOOL_KEYS = frozenset({"tools", "tool_choice", "parallel_tool_calls"})

DEFAULT_NAME = "response"
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def valid(request: Mapping[str, Any]) -> dict[str, Any]:
    """The request with a form that the upstream takes."""
    if request.get("tools"):
        return with_tools(request)
    response_format = request.get("response_format") or {}
    rule = RULES.get(response_format.get("type", ""))
    return rule(request) if rule else _without(request, {"response_format"})


def must_be_whole(request: Mapping[str, Any]) -> bool:
    """Whether the upstream refuses to stream the answer."""
    response_format = request.get("response_format") or {}
    return response_format.get("type") == "json_object" and not request.get("tools")


def with_tools(request: Mapping[str, Any]) -> dict[str, Any]:
    """The first question when tools are there: the form is in the prompt."""
    wanted = _in_words(request.get("response_format") or {})
    asked = _without(request, {"response_format"})
    if wanted:
        line = f"{UNLESS_TOOL} {wanted}"
        asked["messages"] = with_instruction(request["messages"], line)
    return asked


def without_tools(
    request: Mapping[str, Any], response_format: Mapping[str, Any]
) -> dict[str, Any]:
    """The second question: no tools, and the form enforced."""
    asked = _without(request, TOOL_KEYS)
    return valid({**asked, "response_format": response_format})


def satisfies(text: str, response_format: Mapping[str, Any]) -> bool:
    """Whether a text has the form; a schema that cannot be judged by counts as met."""
    kind = response_format.get("type")
    if kind not in RULES:
        return True
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    if kind == "json_object":
        return isinstance(value, dict | list)
    return judge.fits(value, response_format["json_schema"]["schema"])


def _json_object(request: Mapping[str, Any]) -> dict[str, Any]:
    asked = {**request, "response_format": {"type": "json_object"}}
    contents = (message.get("content") for message in request["messages"])
    if not any("json" in text_of(content).lower() for content in contents):
        asked["messages"] = with_instruction(request["messages"], ASK_FOR_JSON)
    return asked


def _json_schema(request: Mapping[str, Any]) -> dict[str, Any]:
    given = request["response_format"]["json_schema"]
    enforced = None
    if given.get("strict") is not False:
        enforced = strict.enforceable(given["schema"])
    wanted = {
        "name": _name(given.get("name")),
        "strict": enforced is not None,
        "schema": given["schema"] if enforced is None else enforced,
    }
    if isinstance(given.get("description"), str):
        wanted["description"] = given["description"]
    form = {"type": "json_schema", "json_schema": wanted}
    return {**request, "response_format": form}


RULES = {"json_object": _json_object, "json_schema": _json_schema}


def _name(given: Any) -> str:
    return given if isinstance(given, str) and NAME.fullmatch(given) else DEFAULT_NAME


def _in_words(response_format: Mapping[str, Any]) -> str | None:
    kind = response_format.get("type")
    if kind == "json_object":
        return "one JSON object."
    if kind == "json_schema":
        schema = json_codec.encode(response_format["json_schema"]["schema"]).decode()
        return f"JSON that fits this JSON schema:\n{schema}"
    return None


def _without(request: Mapping[str, Any], keys: Container[str]) -> dict[str, Any]:
    return {key: value for key, value in request.items() if key not in keys}
