"""`POST /api/generate`."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.client import (
    GENERATE,
    GPT,
    Object,
    complete,
    request_body,
    upstream_request,
)
from tests.blueprints.readers import join_lines, read_lines
from tests.cerebras import Fake


def generate(client: FlaskClient, **fields: Any) -> Object:
    """Return a whole reply."""
    return complete(client, GENERATE, **fields)


def upstream_messages(fake: Fake) -> list[tuple[str, str]]:
    """Return role and content of the messages that the upstream received."""
    messages = upstream_request(fake)["messages"]
    return [(message["role"], message["content"]) for message in messages]


def test_context_continues_the_conversation_on_any_machine(
    make_client: MakeClient, fake: Fake, tmp_path: Path
) -> None:
    other_folder = str(tmp_path / "other")
    here, there = make_client(), make_client(CERELLAMA_INSTANCE_DIR=other_folder)
    fake.script({"content": "Blåbær!"})
    fake.script({"content": "Yes."})

    first = generate(here, prompt="A berry?", system="Be brief.")
    second = generate(there, prompt="Really?", context=first["context"])
    generate(here, prompt="Sure?", context=second["context"])

    assert upstream_messages(fake) == [
        ("system", "Be brief."),
        ("user", "A berry?"),
        ("assistant", "Blåbær!"),
        ("user", "Really?"),
        ("assistant", "Yes."),
        ("user", "Sure?"),
    ]
    assert all(0 <= number < 2**31 for number in second["context"])


def test_system_replaces_the_one_of_the_context(
    client: FlaskClient, fake: Fake
) -> None:
    context = generate(client, system="old")["context"]

    generate(client, system="new", context=context)

    systems = [text for role, text in upstream_messages(fake) if role == "system"]
    assert systems == ["new"]


@pytest.mark.parametrize("stream", [True, False])
def test_raw_prompt_is_sent_unchanged(
    client: FlaskClient, fake: Fake, stream: bool
) -> None:
    fake.script({"content": " upon a time"})
    body = request_body(
        GENERATE,
        "<|start|>Once",
        raw=True,
        stream=stream,
        options={"num_predict": 9, "temperature": 0.1, "top_k": 3},
    )

    lines = read_lines(client.post(GENERATE, json=body))

    [record] = fake.inference_requests()
    assert join_lines(lines, "content") == " upon a time"
    assert not any("context" in line for line in lines)
    assert record["path"] == "/v1/completions"
    assert record["body"] == {
        "model": GPT,
        "prompt": "<|start|>Once",
        "max_tokens": 9,
        "temperature": 0.1,
        "stream": stream,
    }


def test_raw_prompt_has_the_default_token_limit(
    make_client: MakeClient, fake: Fake
) -> None:
    generate(make_client(DEFAULT_NUM_PREDICT="55"), raw=True)

    assert upstream_request(fake)["max_tokens"] == 55


def test_debug_render_only_shows_a_raw_prompt(client: FlaskClient, fake: Fake) -> None:
    body = generate(client, raw=True, _debug_render_only=True)

    request = json.loads(body["_debug_info"]["rendered_template"])
    assert request == {"prompt": "hello", "model": GPT}
    assert (body["response"], body["done"]) == ("", False)
    assert fake.inference_requests() == []
