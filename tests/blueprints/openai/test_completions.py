"""`/v1/completions`, as Ollama answers it."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.talking import COMPLETIONS, GPT, QWEN, asking, chunks, sent, user
from tests.cerebras import Fake

INSERT = f"registry.ollama.ai/library/{GPT}:latest does not support insert"
both_ways = pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])


def choice(client: FlaskClient, **body: Any) -> dict[str, Any]:
    answer = client.post(COMPLETIONS, json=asking(COMPLETIONS, **body))
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    [said] = answer.get_json()["choices"]
    return dict(said)


def stream(client: FlaskClient, **body: Any) -> list[dict[str, Any]]:
    return chunks(
        client.post(COMPLETIONS, json=asking(COMPLETIONS, stream=True, **body))
    )


def error(client: FlaskClient, **body: Any) -> tuple[int, str]:
    answer = client.post(COMPLETIONS, json=asking(COMPLETIONS, **body))
    return answer.status_code, answer.get_json()["error"]["message"]


def test_a_prompt_is_what_the_user_says(client: FlaskClient, fake: Fake) -> None:
    fake.script({"reasoning": "Hm.", "content": "Good day."})

    said = choice(client, max_tokens=50, temperature=0.5, stop="x", seed=1)

    assert said == {"text": "Good day.", "index": 0, "finish_reason": "stop"}
    assert sent(fake) == {
        "model": GPT,
        "messages": [user()],
        "max_completion_tokens": 50,
        "temperature": 0.5,
        "stop": ["x"],
        "seed": 1,
        "stream": False,
    }


def test_a_stream_says_the_same(client: FlaskClient, fake: Fake) -> None:
    fake.script({"reasoning": "Hm.", "content": "Good day to you all."})

    *said, last, cost = stream(client, stream_options={"include_usage": True})

    assert "".join(c["choices"][0]["text"] for c in said) == "Good day to you all."
    assert last["choices"][0] == {"text": "", "index": 0, "finish_reason": "stop"}
    assert cost["usage"]["completion_tokens"] > 0
    assert len({c["id"] for c in (*said, last, cost)}) == 1


def test_the_prompt_comes_back_in_front(client: FlaskClient, fake: Fake) -> None:
    fake.script({"content": " world"}, times=2)

    whole = choice(client, echo=True)["text"]
    streamed = stream(client, echo=True)

    assert whole == "hello world"
    assert "".join(c["choices"][0]["text"] for c in streamed) == whole


@both_ways
def test_log_probabilities_come_as_lists(client: FlaskClient, streamed: bool) -> None:
    body = {"model": QWEN, "logprobs": 2, "max_tokens": 200}
    told = [c["choices"][0] for c in stream(client, **body)] if streamed else []
    told = told or [choice(client, **body)]

    text = "".join(each["text"] for each in told)
    lists = [each["logprobs"] for each in told if "logprobs" in each]
    tokens = [token for each in lists for token in each["tokens"]]
    offsets = [offset for each in lists for offset in each["text_offset"]]
    assert "".join(tokens) == text
    assert [
        text[o : o + len(t)] for o, t in zip(offsets, tokens, strict=True)
    ] == tokens
    assert all(len(top) == 2 for each in lists for top in each["top_logprobs"])


@both_ways
@pytest.mark.parametrize("prompt", ["", None])
def test_without_a_prompt_the_model_is_only_loaded(
    client: FlaskClient, fake: Fake, streamed: bool, prompt: str | None
) -> None:
    if streamed:
        [chunk] = stream(client, prompt=prompt)
        said = chunk["choices"][0]
    else:
        said = choice(client, prompt=prompt)

    assert said == {"text": "", "index": 0, "finish_reason": "load"}
    assert fake.inference_requests() == []


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({"model": ""}, 404, "model '' not found"),
        ({"model": "gpt-5"}, 404, "model 'gpt-5' not found"),
        ({"suffix": "}"}, 400, INSERT),
        ({"logprobs": 21}, 400, "top_logprobs must be between 0 and 20"),
        ({"stop": [1]}, 400, "invalid type for 'stop' field: float64"),
        (
            {"prompt": ["a", "b"]},
            400,
            "json: cannot unmarshal array into Go struct field "
            "CompletionRequest.prompt of type string",
        ),
    ],
)
def test_it_is_refused_as_ollama_refuses_it(
    client: FlaskClient, body: dict[str, Any], status: int, text: str
) -> None:
    assert error(client, **body) == (status, text)


def test_a_model_of_its_own_answers_as_it_was_made(
    make_client: MakeClient, fake: Fake
) -> None:
    client = make_client()
    made = {"model": "mario", "from": GPT, "system": "You are Mario."}
    assert client.post("/api/create", json=made).status_code == 200

    choice(client, model="mario")

    assert [m["content"] for m in sent(fake)["messages"]] == ["You are Mario.", "hello"]
    assert choice(client, model="mario", prompt="")["finish_reason"] == "load"


def test_what_would_be_asked_can_be_shown(client: FlaskClient, fake: Fake) -> None:
    body = asking(COMPLETIONS, _debug_render_only=True)

    shown = client.post(COMPLETIONS, json=body).get_json()

    assert "hello" in shown["_debug_info"]["rendered_template"]
    assert fake.inference_requests() == []
