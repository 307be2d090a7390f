"""Models of one's own by the official clients: made by one process, used by another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import ollama
import pytest
from ollama import Client

from tests.cerebras import Fake
from tests.databases import fresh_database
from tests.dropin import javascript
from tests.dropin.upstream import GPT, asked
from tests.live_server import Server, environment, procfile_command, serving

MARIO = "You are Mario."
PROMPT = "Who are you?"


class Pair(NamedTuple):
    one: str
    other: str


@pytest.fixture(scope="module")
def two_processes(
    upstream_settings: dict[str, str], request: pytest.FixtureRequest
) -> Iterator[Pair]:
    """Two servers that share nothing but a PostgreSQL."""
    url = fresh_database(request.getfixturevalue("postgres"))
    settings = environment(**upstream_settings, DATABASE_URL=url, WEB_CONCURRENCY="1")
    with (
        serving(procfile_command(), settings) as one,
        serving(procfile_command(), settings) as other,
    ):
        yield Pair(one.url, other.url)


@pytest.fixture
def two_workers(server: Server) -> Pair:
    """One server with two workers on SQLite: each connection meets either."""
    return Pair(server.url, server.url)


@pytest.fixture(params=["two_workers", "two_processes"])
def pair(request: pytest.FixtureRequest) -> Pair:
    found: Pair = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def clients(pair: Pair) -> Iterator[tuple[Client, Client]]:
    with (
        Client(pair.one, trust_env=False) as one,
        Client(pair.other, trust_env=False) as other,
    ):
        yield one, other


def talk(fake: Fake) -> Any:
    return asked(fake)["messages"]


def test_the_python_client_makes_uses_and_deletes_a_model(
    clients: tuple[Client, Client], fake: Fake
) -> None:
    one, other = clients
    fake.script({"content": "It's-a me!"})

    streamed = one.create("mario", from_=GPT, system=MARIO, stream=True)
    statuses = [part.status for part in streamed]
    again = one.create("mario", from_=GPT, system=MARIO, parameters={"seed": 1})
    shown = other.show("mario")
    copied = other.copy("mario", "mario:copy")
    answer = one.generate("mario:copy", PROMPT)
    listed = {model.model: model for model in other.list().models}
    deleted = one.delete("mario:copy")
    with pytest.raises(ollama.ResponseError) as missing:
        other.show("mario:copy")
    one.delete("mario")

    assert statuses[-2:] == ["writing manifest", "success"]
    assert again.status == copied.status == deleted.status == "success"
    assert f"SYSTEM {MARIO}\n" in shown.modelfile
    assert answer.response == "It's-a me!"
    assert talk(fake) == [
        {"role": "system", "content": MARIO},
        {"role": "user", "content": PROMPT},
    ]
    assert listed["mario:latest"].details.parent_model == f"{GPT}:latest"
    assert listed["mario:latest"].digest == listed["mario:copy"].digest
    assert missing.value.status_code == 404


def test_the_javascript_client_makes_uses_and_deletes_a_model(
    pair: Pair, fake: Fake
) -> None:
    fake.script({"content": "It's-a me!"})

    told = javascript.play(
        pair.one,
        "ownModels",
        other=pair.other,
        model="mario",
        **{"from": GPT},
        system=MARIO,
        prompt=PROMPT,
    )

    assert told["statuses"][-2:] == ["writing manifest", "success"]
    assert told["again"] == {"status": "success"}
    assert told["copied"] == told["deleted"] == {"status": "success"}
    assert told["shown"]["system"] == MARIO
    assert "seed" in told["shown"]["parameters"]
    assert told["answer"]["response"] == "It's-a me!"
    assert talk(fake)[0] == {"role": "system", "content": MARIO}
    assert {"mario:latest", "mario:copy"} < set(told["listed"])
    assert told["missing"]["status"] == 404


def test_a_blob_is_taken_and_why_it_is_of_no_use_is_told(
    clients: tuple[Client, Client], tmp_path: Path
) -> None:
    one, other = clients
    weights = tmp_path / "model.gguf"
    weights.write_bytes(b"GGUF" + bytes(1000))

    digest = one.create_blob(weights)
    with pytest.raises(ollama.ResponseError, match="needs the weights") as refused:
        other.create("mine", files={"model.gguf": digest})

    assert refused.value.status_code == 400
