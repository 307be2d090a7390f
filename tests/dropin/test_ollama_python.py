"""The official Python client: what `test_chat_clients.py` does not do with it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ollama import Client, ResponseError

from tests.cerebras import Fake
from tests.dropin.upstream import (
    GPT,
    QWEN,
    describe_image,
    last_request,
    make_image,
)
from tests.live_server import Server

HELLO = [{"role": "user", "content": "Hello"}]
NO_MANIFEST = "pull model manifest: file does not exist"
NO_FILES = "models that run on Cerebras have no files"


def get_weather(city: str, days: int = 1) -> str:
    """
    Forecast the weather.

    Args:
        city (str): The city.
        days (int): How many days.

    Returns:
        str: The forecast.
    """
    return f"{days} days of rain in {city}"


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(server.url, trust_env=False) as client:
        yield client


def test_list_entry_is_parsed(client: Client) -> None:
    [model] = [each for each in client.list().models if each.model == f"{GPT}:latest"]

    assert model.size > 0
    assert len(model.digest) == 64
    assert model.details.family == "gptoss"
    assert model.modified_at < datetime.now(UTC)


@pytest.mark.parametrize("name", [GPT, f"{GPT}:latest", "gpt-oss:120b", "GPT-OSS-120B"])
def test_model_is_found_by_any_of_its_names(client: Client, name: str) -> None:
    shown = client.show(name)
    reply = client.chat(name, HELLO)

    assert reply.model == name
    assert shown.modelinfo["gptoss.context_length"] == 131_072
    assert {"completion", "tools", "thinking"} <= set(shown.capabilities)
    assert shown.details.parameter_size == "116.8B"


def test_model_is_loaded_listed_and_unloaded(client: Client) -> None:
    loaded = client.generate(GPT, keep_alive="10m")
    [process] = [p for p in client.ps().models if p.model == f"{GPT}:latest"]
    unloaded = client.generate(GPT, keep_alive=0)

    assert (loaded.done_reason, unloaded.done_reason) == ("load", "unload")
    remaining = process.expires_at - datetime.now(UTC)
    assert timedelta(minutes=9) < remaining <= timedelta(minutes=10)
    assert process.context_length == 131_072
    assert f"{GPT}:latest" not in [p.model for p in client.ps().models]


def test_endless_keep_alive_is_parsed(client: Client) -> None:
    client.chat(GPT, HELLO, keep_alive=-1)

    [process] = [p for p in client.ps().models if p.model == f"{GPT}:latest"]
    assert process.expires_at - datetime.now(UTC) > timedelta(days=10_000)


def test_python_function_is_a_tool(client: Client, fake: Fake) -> None:
    call = {"name": "get_weather", "arguments": {"city": "Oslo", "days": 2}}
    fake.script({"reasoning": "I need the tool.", "tool_calls": [call]})
    fake.script({"content": "Yes."})
    messages: list[Any] = [{"role": "user", "content": "Will it rain in Oslo?"}]

    first = client.chat(GPT, messages, tools=[get_weather])
    result = get_weather(**first.message.tool_calls[0].function.arguments)
    messages += [first.message, {"role": "tool", "content": result}]
    second = client.chat(GPT, messages, tools=[get_weather])

    assert second.message.content == "Yes."
    [_, assistant, tool] = last_request(fake)["messages"]
    assert assistant["reasoning"] == "I need the tool."
    assert tool["content"] == "2 days of rain in Oslo"


def test_generate_continues_with_the_context(client: Client, fake: Fake) -> None:
    fake.script({"content": "Nice to meet you, Ada."})
    first = client.generate(GPT, "I am Ada.", system="Be brief.")

    *_, last = client.generate(GPT, "Who am I?", context=first.context, stream=True)

    assert [(m["role"], m["content"]) for m in last_request(fake)["messages"]] == [
        ("system", "Be brief."),
        ("user", "I am Ada."),
        ("assistant", "Nice to meet you, Ada."),
        ("user", "Who am I?"),
    ]
    assert len(last.context) > len(first.context)


def test_chat_sees_bytes_of_an_image(client: Client) -> None:
    question = {"role": "user", "content": "What?", "images": [make_image("GIF")]}

    reply = client.chat(QWEN, [question])

    assert describe_image("GIF") in reply.message.content


Call = Callable[[Client], Any]
REFUSED: dict[str, tuple[Call, int, str]] = {
    "bad option": (
        lambda client: client.chat(GPT, HELLO, options={"temperature": "hot"}),
        400,
        'option "temperature" must be of type float32',
    ),
    "pull of an unknown model": (lambda client: client.pull("nope"), 500, NO_MANIFEST),
    "push": (lambda client: client.push(GPT), 500, NO_FILES),
}


@pytest.mark.parametrize(("call", "status", "text"), REFUSED.values(), ids=REFUSED)
def test_refusal_is_a_response_error(
    client: Client, call: Call, status: int, text: str
) -> None:
    with pytest.raises(ResponseError) as caught:
        call(client)

    assert caught.value.status_code == status
    assert caught.value.error.startswith(text)
    assert client.list().models  # the connection can still be used


@pytest.mark.parametrize("name", [GPT, "gpt-oss:120b", f"{GPT}:latest"])
def test_pull_reports_progress_up_to_success(client: Client, name: str) -> None:
    lines = list(client.pull(name, stream=True))

    layers = {line.digest: line for line in lines if line.digest}
    assert layers
    assert all(line.completed == line.total for line in layers.values())
    assert lines[-1].status == client.pull(name).status == "success"


@pytest.mark.parametrize(
    ("method", "name", "text"), [("pull", "nope", NO_MANIFEST), ("push", GPT, NO_FILES)]
)
def test_failed_transfer_is_an_error_in_the_stream(
    client: Client, method: str, name: str, text: str
) -> None:
    with pytest.raises(ResponseError, match=f"^{text}") as caught:
        list(getattr(client, method)(name, stream=True))

    assert caught.value.status_code == -1


def test_derived_model_is_created_used_and_deleted(client: Client, fake: Fake) -> None:
    fake.script({"content": "It's-a me!"})

    streamed = client.create("mario", from_=GPT, system="You are Mario.", stream=True)
    statuses = [part.status for part in streamed]
    again = client.create(
        "mario", from_=GPT, system="You are Mario.", parameters={"seed": 1}
    )
    shown = client.show("mario")
    copied = client.copy("mario", "mario:copy")
    answer = client.generate("mario:copy", "Who are you?")
    listed = {model.model: model for model in client.list().models}
    deleted = client.delete("mario:copy")
    client.delete("mario")

    assert statuses[-2:] == ["writing manifest", "success"]
    assert again.status == copied.status == deleted.status == "success"
    assert "SYSTEM You are Mario.\n" in shown.modelfile
    assert answer.response == "It's-a me!"
    assert last_request(fake)["messages"] == [
        {"role": "system", "content": "You are Mario."},
        {"role": "user", "content": "Who are you?"},
    ]
    assert listed["mario:latest"].details.parent_model == f"{GPT}:latest"
    assert listed["mario:latest"].digest == listed["mario:copy"].digest
    assert "mario:copy" not in [model.model for model in client.list().models]


def test_blob_is_accepted_but_not_used(client: Client, tmp_path: Path) -> None:
    weights = tmp_path / "model.gguf"
    weights.write_bytes(b"GGUF" + bytes(1000))

    digest = client.create_blob(weights)
    with pytest.raises(ResponseError, match="needs the weights") as caught:
        client.create("mine", files={"model.gguf": digest})

    assert caught.value.status_code == 400
