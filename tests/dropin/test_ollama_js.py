"""The official JavaScript client: what `test_chat_clients.py` does not do with it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.cerebras import Fake
from tests.dropin import ollama_clients
from tests.dropin.upstream import GPT, HELD_STREAM, last_request
from tests.live_server import Server

HELLO = {"model": GPT, "messages": [{"role": "user", "content": "Hello"}]}

Run = Callable[..., Any]


@pytest.fixture
def run_scenario(server: Server) -> Run:
    return partial(ollama_clients.run_scenario, server.url)


def test_model_is_shown_loaded_listed_and_unloaded(run_scenario: Run) -> None:
    result = run_scenario("models", model=GPT)

    assert [int(part) for part in result["version"].split(".")] >= [0, 6, 4]
    assert {"completion", "tools", "thinking"} <= set(result["capabilities"])
    assert result["context_length"] == 131_072
    assert result["reasons"] == ["load", "unload"]
    assert [f"{GPT}:latest", True] in result["running"]
    assert f"{GPT}:latest" not in result["left"]


def test_abort_of_the_client_cancels_the_stream_upstream(
    run_scenario: Run, fake: Fake
) -> None:
    fake.script(HELD_STREAM)

    error_name = run_scenario("abort", request=HELLO, by="client")

    assert error_name == "AbortError"
    [record] = fake.inference_requests()
    assert fake.wait_for_disconnect(record["id"])


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("method", "model", "text"),
    [
        ("pull", "nope", "pull model manifest: file does not exist"),
        ("push", GPT, "models that run on Cerebras have no files"),
    ],
)
def test_failed_transfer_is_an_error(
    run_scenario: Run, method: str, model: str, text: str, stream: bool
) -> None:
    request = {"model": model, "stream": stream}

    error = run_scenario("call", method=method, request=request)["error"]

    assert error["message"].startswith(text)
    assert error.get("status") == (None if stream else 500)


def test_derived_model_is_created_used_and_deleted(
    run_scenario: Run, fake: Fake
) -> None:
    fake.script({"content": "It's-a me!"})
    model = {"model": "luigi", "from": GPT, "system": "You are Luigi."}

    result = run_scenario("derivedModels", **model, prompt="Who are you?")

    assert result["statuses"][-2:] == ["writing manifest", "success"]
    assert result["again"] == {"status": "success"}
    assert result["copied"] == result["deleted"] == {"status": "success"}
    assert result["shown"]["system"] == "You are Luigi."
    assert "seed" in result["shown"]["parameters"]
    assert result["answer"]["response"] == "It's-a me!"
    system = {"role": "system", "content": "You are Luigi."}
    assert last_request(fake)["messages"][0] == system
    assert {"luigi:latest", "luigi:copy"} < set(result["listed"])
