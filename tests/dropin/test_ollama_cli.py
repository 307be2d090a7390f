"""The commands of Ollama's CLI, against a live server."""

import re

import pytest

from tests.cerebras import Fake
from tests.dropin import go_structs
from tests.dropin.go_client import ClientError
from tests.dropin.ollama_chat import Chat
from tests.dropin.ollama_cli import THINKING, THOUGHT, Cli
from tests.dropin.upstream import GPT, QWEN, last_request
from tests.live_server import Server

HEARTBEAT, SHOW, PULL, CHAT, GENERATE, WHOAMI = (
    "HEAD /",
    "POST /api/show",
    "POST /api/pull",
    "POST /api/chat",
    "POST /api/generate",
    "POST /api/me",
)
NO_MANIFEST = "pull model manifest: file does not exist"


@pytest.fixture
def cli(server: Server) -> Cli:
    return Cli(server.url)


@pytest.fixture
def old_cli(server: Server) -> Cli:
    """Return a CLI without remote models, before a model that is not loaded."""
    Cli(server.url, supports_remote=False).stop(QWEN)
    return Cli(server.url, supports_remote=False)


def test_version_is_printed(cli: Cli) -> None:
    assert cli.version() == "ollama version is 0.33.0"
    assert cli.client.calls == ["GET /api/version"]


def test_list_has_all_models(cli: Cli) -> None:
    rows = cli.ls()

    assert sorted(row[0] for row in rows) == [f"{GPT}:latest", f"{QWEN}:latest"]
    assert all(re.fullmatch("[0-9a-f]{12}", row[1]) for row in rows)
    assert {row[2] for row in rows} == {"-"}
    assert all("2025" <= row[3] < "2100" for row in rows)
    assert cli.client.calls == [HEARTBEAT, "GET /api/tags"]


def test_show_prints_the_model(cli: Cli, fake: Fake) -> None:
    rows = cli.show(GPT)

    assert ["Remote model", GPT] in rows
    assert ["Remote URL", fake.url] in rows
    assert ["architecture", "gptoss"] in rows
    assert ["context length", "131072"] in rows
    assert ["embedding length", "2880"] in rows
    assert ["Capability", "thinking"] in rows
    assert ["License", "Apache License"] in rows
    assert cli.client.calls == [HEARTBEAT, SHOW]


@pytest.mark.parametrize("name", [GPT, "gpt-oss:120b", "gpt-oss:120b-cloud"])
def test_pull_shows_progress(cli: Cli, name: str) -> None:
    [digest] = [row[1] for row in cli.ls() if row[0] == f"{GPT}:latest"]

    manifest, bar, *rest = cli.pull(name)

    assert manifest == "pulling manifest"
    assert re.fullmatch(r"pulling [0-9a-f]{12}: 100% of [1-9]\d+ B", bar)
    assert bar.startswith(f"pulling {digest}")
    assert rest == ["verifying sha256 digest", "writing manifest", "success"]
    assert cli.client.calls[-2:] == [HEARTBEAT, PULL]


def test_push_is_refused(cli: Cli) -> None:
    with pytest.raises(ClientError, match="^models that run on Cerebras have no files"):
        cli.push(GPT)

    assert cli.client.calls == [HEARTBEAT, "POST /api/push"]


def test_push_to_the_registry_of_ollama_checks_the_user(cli: Cli) -> None:
    with pytest.raises(ClientError, match="not found"):
        cli.push("registry.ollama.ai/me/mine")

    assert cli.client.calls == [HEARTBEAT, WHOAMI, "POST /api/push"]


def test_user_is_signed_in_and_cannot_sign_out(cli: Cli) -> None:
    assert cli.sign_in() == "You are already signed in as user 'cerellama'"
    assert cli.sign_out() == "You are not signed in to ollama.com"


def test_run_prints_thinking_and_answer(cli: Cli, fake: Fake) -> None:
    fake.script({"reasoning": "Hm.", "content": "Because of Rayleigh scattering. 🌈"})

    output = cli.run(GPT, "Why is the sky blue?")

    assert output == f"{THINKING}Hm.{THOUGHT}Because of Rayleigh scattering. 🌈"
    assert cli.client.calls == [HEARTBEAT, SHOW, GENERATE]
    assert last_request(fake)["messages"][-1]["content"] == "Why is the sky blue?"


def test_run_of_unknown_model_tries_to_pull_it(cli: Cli) -> None:
    with pytest.raises(ClientError, match=f"^{NO_MANIFEST}$"):
        cli.run("nope", "Hello")

    assert cli.client.calls == [HEARTBEAT, SHOW, PULL]


def test_chat_sends_its_messages(cli: Cli, fake: Fake) -> None:
    chat = Chat(cli, GPT)
    assert chat.greeting == f"Connecting to '{GPT}' on '{fake.url}'"
    assert cli.client.calls == [HEARTBEAT, SHOW, SHOW]

    fake.script({"reasoning": "A name.", "content": "Hello Ann."})
    assert chat.say("I am Ann.") == f"{THINKING}A name.{THOUGHT}Hello Ann."
    fake.script({"content": "Ann."})
    assert chat.say("Who am I?") == "Ann."

    texts = [message["content"] for message in last_request(fake)["messages"]]
    assert texts == ["I am Ann.", "Hello Ann.", "Who am I?"]
    assert cli.client.calls[3:] == [CHAT, CHAT]


def test_load_changes_the_model_and_forgets_the_messages(cli: Cli, fake: Fake) -> None:
    chat = Chat(cli, GPT)
    chat.say("Hello")

    assert chat.load("nope") == "Couldn't find model 'nope'"
    assert chat.load(QWEN) == f"Connecting to '{QWEN}' on '{fake.url}'"
    chat.say("Hello again")

    assert last_request(fake)["model"] == QWEN
    assert len(last_request(fake)["messages"]) == 1


def test_cloud_name_runs_without_signing_in(cli: Cli, fake: Fake) -> None:
    chat = Chat(cli, "gpt-oss:120b-cloud")

    chat.say("Hello")

    assert cli.client.calls == [HEARTBEAT, SHOW, SHOW, WHOAMI, CHAT]
    assert last_request(fake)["model"] == GPT


def test_stop_does_not_unload_a_remote_model(cli: Cli) -> None:
    cli.stop(GPT)

    assert cli.client.calls == [HEARTBEAT, SHOW]


def test_old_cli_loads_lists_and_stops_a_model(old_cli: Cli) -> None:
    Chat(old_cli, QWEN)
    load = old_cli.client.bodies[-1]
    assert load["prompt"] == ""
    assert load["think"] is True
    assert old_cli.client.calls == [HEARTBEAT, SHOW, SHOW, GENERATE]

    [row] = [row for row in old_cli.ps() if row[0] == f"{QWEN}:latest"]
    assert re.fullmatch("[0-9a-f]{12}", row[1])
    assert row[3] == "100% GPU"
    assert int(row[4]) > 0
    assert 200 < int(row[5].removesuffix(" s")) <= 300

    old_cli.stop(QWEN)
    assert old_cli.client.bodies[-1]["keep_alive"] == "0s"
    assert f"{QWEN}:latest" not in [row[0] for row in old_cli.ps()]


def test_stop_of_unknown_model_is_an_error(cli: Cli) -> None:
    with pytest.raises(ClientError, match='^couldn\'t find model "nope" to stop$'):
        cli.stop("nope")


def test_launch_finds_models_with_tools_and_a_signed_in_user(cli: Cli) -> None:
    client = cli.client
    status = client.do("GET", "/api/status", go_structs.STATUS)
    listed = client.do("GET", "/api/tags", go_structs.LIST)["models"]
    recommended = client.do(
        "GET", "/api/experimental/model-recommendations", go_structs.RECOMMENDATIONS
    )["recommendations"]

    assert status == {"cloud": {"disabled": False, "source": "none"}}
    assert cli.whoami()["plan"] == "free"
    assert all("tools" in model["capabilities"] for model in listed)
    assert all(model["details"]["context_length"] > 0 for model in listed)
    assert [f"{each['model']}:latest" for each in recommended] == [
        model["name"] for model in listed
    ]
    assert all(each["max_output_tokens"] > 0 for each in recommended)
    assert {each["required_plan"] for each in recommended} == {""}
