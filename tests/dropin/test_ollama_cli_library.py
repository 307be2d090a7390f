"""Derived models with the commands of Ollama's CLI."""

from collections.abc import Iterator

import pytest

from tests.cerebras import Fake
from tests.dropin.ollama_chat import Chat
from tests.dropin.ollama_cli import Cli
from tests.dropin.upstream import GPT, last_request
from tests.live_server import Server, environment, procfile_command, serving
from tests.modelfiles import parse_modelfile

HEARTBEAT, SHOW, CREATE, COPY, GENERATE, DELETE = (
    "HEAD /",
    "POST /api/show",
    "POST /api/create",
    "POST /api/copy",
    "POST /api/generate",
    "DELETE /api/delete",
)
MARIO = "You are Mario.\nYou jump."
MODELFILE = f'''
# Mario
FROM {GPT}
SYSTEM """{MARIO}"""
PARAMETER temperature 0.25
MESSAGE user Who are you?
MESSAGE assistant It's-a me!
'''
# The zero values of Go's struct.
EMPTY = {"files": None, "adapters": None, "stream": None, "parameters": None}


@pytest.fixture(scope="module")
def own_server(upstream_settings: dict[str, str]) -> Iterator[Server]:
    """Return a server whose derived models are of this file only."""
    with serving(procfile_command(), environment(**upstream_settings)) as started:
        yield started


@pytest.fixture
def cli(own_server: Server) -> Cli:
    return Cli(own_server.url)


@pytest.fixture
def mario(cli: Cli) -> str:
    cli.create("mario", **EMPTY | parse_modelfile(MODELFILE))
    cli.client.calls.clear()
    return "mario"


def test_create_makes_a_model(cli: Cli) -> None:
    output = cli.create("mario", **EMPTY | parse_modelfile(MODELFILE))

    assert output[-2:] == ["writing manifest", "success"]
    assert cli.client.calls == [HEARTBEAT, CREATE]
    assert ["Parameter", "temperature", "0.25"] in cli.show("mario")
    assert "mario:latest" in [row[0] for row in cli.ls()]


def test_run_sends_the_preset_upstream(cli: Cli, mario: str, fake: Fake) -> None:
    fake.script({"content": "Wahoo!"})

    assert cli.run(mario, "Jump!") == "Wahoo!"
    assert [message["content"] for message in last_request(fake)["messages"]] == [
        MARIO,
        "Who are you?",
        "It's-a me!",
        "Jump!",
    ]


def test_copy_and_remove_a_model(cli: Cli, mario: str) -> None:
    copied = cli.copy(mario, "luigi")
    removed = cli.remove("luigi")

    assert copied == "copied 'mario' to 'luigi'"
    assert removed == "deleted 'luigi'"
    assert cli.client.calls == [HEARTBEAT, COPY, HEARTBEAT, SHOW, DELETE]
    assert "luigi:latest" not in [row[0] for row in cli.ls()]


def test_remove_by_an_old_cli_unloads_the_model(own_server: Server, mario: str) -> None:
    cli = Cli(own_server.url, supports_remote=False)

    assert cli.remove(mario) == "deleted 'mario'"
    assert cli.client.calls == [HEARTBEAT, SHOW, GENERATE, DELETE]


def test_ps_lists_the_model_until_stop(own_server: Server, mario: str) -> None:
    cli = Cli(own_server.url, supports_remote=False)
    Chat(cli, mario)

    listed = [row[0] for row in cli.ps()]
    cli.stop(mario)

    assert listed == ["mario:latest"]
    assert cli.ps() == []


def test_save_makes_a_model_of_the_chat(cli: Cli, fake: Fake) -> None:
    chat = Chat(cli, GPT)
    chat.set_parameter("temperature", 0.5)
    fake.script({"content": "Hello!"})
    chat.say("Hi")

    chat.save("saved")

    shown = cli.fetch_model(name="saved")
    assert [message["content"] for message in shown["messages"]] == ["Hi", "Hello!"]
    assert ["Parameter", "temperature", "0.5"] in cli.show("saved")
