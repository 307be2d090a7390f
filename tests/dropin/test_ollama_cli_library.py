"""Models of one's own, command by command, as Ollama's CLI handles them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cerebras import Fake
from tests.dropin.go_client import ClientError
from tests.dropin.ollama_chat import Chat
from tests.dropin.ollama_cli import Cli
from tests.dropin.upstream import GPT, asked
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
    """Whose models no other test counts."""
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


def test_create(cli: Cli) -> None:
    said = cli.create("mario", **EMPTY | parse_modelfile(MODELFILE))

    assert said[-2:] == ["writing manifest", "success"]
    assert cli.client.calls == [HEARTBEAT, CREATE]
    assert ["Parameter", "temperature", "0.25"] in cli.show("mario")
    assert "mario:latest" in [row[0] for row in cli.ls()]


def test_create_from_what_is_not_there(cli: Cli) -> None:
    with pytest.raises(ClientError, match="^pull model manifest: file does not exist$"):
        cli.create("mine", **{"from": "nope"})


def test_create_from_a_served_models_name(cli: Cli) -> None:
    with pytest.raises(ClientError, match="is served by Cerebras and cannot be overwr"):
        cli.create(GPT, **{"from": GPT})


def test_run(cli: Cli, mario: str, fake: Fake) -> None:
    fake.script({"content": "Wahoo!"})

    assert cli.run(mario, "Jump!") == "Wahoo!"
    assert [message["content"] for message in asked(fake)["messages"]] == [
        MARIO,
        "Who are you?",
        "It's-a me!",
        "Jump!",
    ]


def test_show_of_the_modelfile_and_create_again(cli: Cli, mario: str) -> None:
    shown = cli.shown(name=mario)["modelfile"]

    cli.create("again", **parse_modelfile(shown))

    digests = {row[0]: row[1] for row in cli.ls()}
    assert digests["again:latest"] == digests["mario:latest"]


def test_copy_and_remove(cli: Cli, mario: str) -> None:
    copied = cli.copy(mario, "luigi")
    removed = cli.remove("luigi")

    assert copied == "copied 'mario' to 'luigi'"
    assert removed == "deleted 'luigi'"
    assert cli.client.calls == [HEARTBEAT, COPY, HEARTBEAT, SHOW, DELETE]
    assert "luigi:latest" not in [row[0] for row in cli.ls()]


def test_remove_before_models_could_run_elsewhere(
    own_server: Server, mario: str
) -> None:
    cli = Cli(own_server.url, knows_remotes=False)

    assert cli.remove(mario) == "deleted 'mario'"
    assert cli.client.calls == [HEARTBEAT, SHOW, GENERATE, DELETE]


def test_remove_of_what_is_not_there(cli: Cli) -> None:
    with pytest.raises(ClientError, match="^model 'nope' not found$"):
        cli.remove("nope")


def test_remove_of_a_served_model(cli: Cli) -> None:
    with pytest.raises(ClientError, match="is served by Cerebras and cannot be delet"):
        cli.remove(GPT)


def test_run_stop_and_ps(own_server: Server, mario: str) -> None:
    cli = Cli(own_server.url, knows_remotes=False)
    Chat(cli, mario)

    listed = [row[0] for row in cli.ps()]
    cli.stop(mario)

    assert listed == ["mario:latest"]
    assert cli.ps() == []


def test_save_from_the_chat_loop(cli: Cli, fake: Fake) -> None:
    chat = Chat(cli, GPT)
    chat.set_parameter("temperature", 0.5)
    fake.script({"content": "Hello!"})
    chat.say("Hi")

    chat.save("saved")

    shown = cli.shown(name="saved")
    assert [message["content"] for message in shown["messages"]] == ["Hi", "Hello!"]
    assert ["Parameter", "temperature", "0.5"] in cli.show("saved")


def test_a_models_file_is_of_no_use_and_why_is_told(cli: Cli, tmp_path: Path) -> None:
    digest = "sha256:" + "0" * 64

    with pytest.raises(ClientError, match="^'files' needs the weights of a model on"):
        cli.create("mine", files={"model.gguf": digest})
