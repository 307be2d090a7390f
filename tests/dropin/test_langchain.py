"""LangChain's models: what `test_chat_clients.py` does not do with them."""

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_ollama import OllamaLLM
from pydantic import BaseModel, Field

from tests.cerebras import Fake
from tests.dropin.ollama_clients import LangChain
from tests.dropin.upstream import GPT, QWEN, last_request
from tests.live_server import Server


class Country(BaseModel):
    """A country."""

    name: str = Field(description="Its short name.")
    capital: str | None = None
    population: int = Field(ge=0)


@pytest.fixture
def langchain(server: Server) -> Iterator[LangChain]:
    client = LangChain(server.url)
    yield client
    client.close()


@pytest.mark.parametrize("name", [GPT, f"{GPT}:latest"])
def test_listed_model_is_valid(langchain: LangChain, name: str) -> None:
    model = langchain.make_model(name, validate_model_on_init=True)

    assert model.invoke("Hello").content


def test_unknown_model_is_refused_at_the_start(langchain: LangChain) -> None:
    with pytest.raises(ValueError, match=f"not found.*{GPT}"):
        langchain.make_model("llama9", validate_model_on_init=True)


def test_options_are_sent_upstream(langchain: LangChain, fake: Fake) -> None:
    local = {"mirostat": 0, "num_ctx": 8192, "num_gpu": 1, "tfs_z": 1.0, "top_k": 40}
    model = langchain.make_model(num_predict=50, temperature=0.2, **local)

    reply = model.invoke("Hello", stop=["END"])

    assert reply.response_metadata["model_name"] == GPT
    sent = last_request(fake)
    assert (sent["max_completion_tokens"], sent["temperature"]) == (50, 0.2)
    assert sent["stop"] == ["END"]


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
@pytest.mark.parametrize("name", [GPT, QWEN])
def test_structured_output(langchain: LangChain, name: str, method: Any) -> None:
    model = langchain.make_model(name).with_structured_output(Country, method=method)

    assert isinstance(model.invoke("Which country is Canada?"), Country)


def test_completion_model(server: Server, langchain: LangChain, fake: Fake) -> None:
    model = OllamaLLM(
        model=GPT,
        base_url=server.url,
        client_kwargs={"trust_env": False},
        sync_client_kwargs={"transport": langchain.transport},
    )
    fake.script({"reasoning": "Easy.", "content": "one two three"}, times=2)

    assert model.invoke("Count") == "one two three"
    assert "".join(model.stream("Count")) == "one two three"
