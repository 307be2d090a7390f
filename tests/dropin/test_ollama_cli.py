"""What Ollama's CLI does, command by command, against a live server."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.cerebras import Fake
from tests.dropin import go_structs
from tests.dropin.go_client import ClientError
from tests.dropin.ollama_chat import Chat
from tests.dropin.ollama_cli import THINKING, THOUGHT, Cli, generation
from tests.dropin.upstream import GPT, QWEN, asked, failing_midway
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
    """Before a model that no test has left loaded."""
    Cli(server.url, knows_remotes=False).stop(QWEN)
    return Cli(server.url, knows_remotes=False)


def test_version(cli: Cli) -> None:
    assert cli.version() == "ollama version is 0.33.0"
    assert cli.client.calls == ["GET /api/version"]


def test_list(cli: Cli) -> None:
    rows = cli.ls()

    assert sorted(row[0] for row in rows) == [f"{GPT}:latest", f"{QWEN}:latest"]
    assert all(re.fullmatch("[0-9a-f]{12}", row[1]) for row in rows)
    assert {row[2] for row in rows} == {"-"}
    assert all("2025" <= row[3] < "2100" for row in rows)
    assert cli.client.calls == [HEARTBEAT, "GET /api/tags"]


def test_show(cli: Cli, fake: Fake) -> None:
    rows = cli.show(GPT)

    assert ["Remote model", GPT] in rows
    assert ["Remote URL", fake.url] in rows
    assert ["architecture", "gptoss"] in rows
    assert ["context length", "131072"] in rows
    assert ["embedding length", "2880"] in rows
    assert ["Capability", "thinking"] in rows
    assert ["License", "Apache License"] in rows
    assert cli.client.calls == [HEARTBEAT, SHOW]


def test_show_of_an_unknown_model(cli: Cli) -> None:
    with pytest.raises(ClientError, match="^model 'nope:latest' not found$"):
        cli.show("nope")


@pytest.mark.parametrize("name", [GPT, "gpt-oss:120b", "gpt-oss:120b-cloud"])
def test_pull(cli: Cli, name: str) -> None:
    [digest] = [row[1] for row in cli.ls() if row[0] == f"{GPT}:latest"]

    manifest, bar, *rest = cli.pull(name)

    assert manifest == "pulling manifest"
    assert re.fullmatch(r"pulling [0-9a-f]{12}: 100% of [1-9]\d+ B", bar)
    assert bar.startswith(f"pulling {digest}")
    assert rest == ["verifying sha256 digest", "writing manifest", "success"]
    assert cli.client.calls[-2:] == [HEARTBEAT, PULL]


def test_pull_of_an_unknown_model(cli: Cli) -> None:
    with pytest.raises(ClientError, match=f"^{NO_MANIFEST}$"):
        cli.pull("nope")


def test_push(cli: Cli) -> None:
    with pytest.raises(ClientError, match="^models that run on Cerebras have no files"):
        cli.push(GPT)

    assert cli.client.calls == [HEARTBEAT, "POST /api/push"]


def test_push_to_ollamas_registry(cli: Cli) -> None:
    with pytest.raises(ClientError, match="not found"):
        cli.push("registry.ollama.ai/me/mine")

    assert cli.client.calls == [HEARTBEAT, WHOAMI, "POST /api/push"]


def test_nobody_has_to_sign_in(cli: Cli) -> None:
    assert cli.sign_in() == "You are already signed in as user 'cerellama'"
    assert cli.sign_out() == "You are not signed in to ollama.com"


def test_run_with_a_prompt(cli: Cli, fake: Fake) -> None:
    fake.script({"reasoning": "Hm.", "content": "Because of Rayleigh scattering. 🌈"})

    said = cli.run(GPT, "Why is the sky blue?")

    assert said == f"{THINKING}Hm.{THOUGHT}Because of Rayleigh scattering. 🌈"
    assert cli.client.calls == [HEARTBEAT, SHOW, GENERATE]
    assert asked(fake)["messages"][-1]["content"] == "Why is the sky blue?"


def test_run_goes_on_with_the_context_of_the_last_answer(cli: Cli, fake: Fake) -> None:
    fake.script({"content": "Hello Ann."})
    first = generate(cli, prompt="I am Ann.")
    cli.run(GPT, "Who am I?", context=first["context"])

    texts = [message["content"] for message in asked(fake)["messages"]]
    assert texts == ["I am Ann.", "Hello Ann.", "Who am I?"]


def generate(cli: Cli, **fields: Any) -> dict[str, Any]:
    """The last line of an answer."""
    body = generation(GPT, options={}, **fields)
    *_, last = cli.client.stream("/api/generate", go_structs.GENERATE, body)
    assert last["done"]
    return last


def test_run_verbose(cli: Cli) -> None:
    last = generate(cli, prompt="Hello")

    for metric in ("total", "load", "prompt_eval", "eval"):
        assert last[f"{metric}_duration"] > 0
    assert last["prompt_eval_count"] > 0
    assert last["eval_count"] > 0


def test_run_with_a_format_and_think(cli: Cli, fake: Fake) -> None:
    fake.script({"content": '{"a": 1}'})

    said = cli.run(GPT, "An object.", format="json", think="high")

    assert said.endswith('{"a": 1}')
    assert asked(fake)["reasoning_effort"] == "high"


def test_run_of_an_unknown_model_tries_to_pull_it(cli: Cli) -> None:
    with pytest.raises(ClientError, match=f"^{NO_MANIFEST}$"):
        cli.run("nope", "Hello")

    assert cli.client.calls == [HEARTBEAT, SHOW, PULL]


def test_run_tells_an_error_in_mid_answer(cli: Cli, fake: Fake) -> None:
    fake.script(failing_midway("cut"))

    with pytest.raises(ClientError):
        cli.run(GPT, "Hello")


def test_the_chat_loop(cli: Cli, fake: Fake) -> None:
    chat = Chat(cli, GPT)
    assert chat.greeting == f"Connecting to '{GPT}' on '{fake.url}'"
    assert cli.client.calls == [HEARTBEAT, SHOW, SHOW]

    fake.script({"reasoning": "A name.", "content": "Hello Ann."})
    assert chat.say("I am Ann.") == f"{THINKING}A name.{THOUGHT}Hello Ann."
    fake.script({"content": "Ann."})
    assert chat.say("Who am I?") == "Ann."

    texts = [message["content"] for message in asked(fake)["messages"]]
    assert texts == ["I am Ann.", "Hello Ann.", "Who am I?"]
    assert cli.client.calls[3:] == [CHAT, CHAT]


@pytest.mark.parametrize("level", ["low", "medium", "high"])
def test_set_think_in_the_chat_loop(cli: Cli, fake: Fake, level: str) -> None:
    chat = Chat(cli, GPT)

    assert chat.set_think(level) == ""
    chat.say("Hello")

    assert asked(fake)["reasoning_effort"] == level


def test_set_nothink_in_the_chat_loop(cli: Cli, fake: Fake) -> None:
    chat = Chat(cli, GPT)
    chat.set_think(False)
    fake.script({"reasoning": "Hm.", "content": "Hello."})

    assert chat.say("Hello") == "Hello."


def test_a_bad_level_of_thinking_leaves_the_chat_loop_running(cli: Cli) -> None:
    chat = Chat(cli, GPT)
    chat.set_think("ultra")

    with pytest.raises(ClientError, match="invalid think value"):
        chat.say("Hello")


def test_what_is_set_in_the_chat_loop_is_asked(cli: Cli, fake: Fake) -> None:
    chat = Chat(cli, QWEN)
    chat.set_parameter("temperature", 0.5)
    chat.set_parameter("stop", ["END"])
    chat.set_system("Be brief.")

    chat.say("Hello")

    assert asked(fake)["temperature"] == 0.5
    assert asked(fake)["stop"] == ["END"]
    assert asked(fake)["messages"][0] == {"role": "system", "content": "Be brief."}
    assert ["architecture", "qwen35"] in chat.show_info()


def test_load_in_the_chat_loop(cli: Cli, fake: Fake) -> None:
    chat = Chat(cli, GPT)
    chat.say("Hello")

    assert chat.load("nope") == "Couldn't find model 'nope'"
    assert chat.load(QWEN) == f"Connecting to '{QWEN}' on '{fake.url}'"
    chat.say("Hello again")

    assert asked(fake)["model"] == QWEN
    assert len(asked(fake)["messages"]) == 1


def test_a_cloud_name_runs_without_signing_in(cli: Cli, fake: Fake) -> None:
    chat = Chat(cli, "gpt-oss:120b-cloud")

    chat.say("Hello")

    assert cli.client.calls == [HEARTBEAT, SHOW, SHOW, WHOAMI, CHAT]
    assert asked(fake)["model"] == GPT


def test_stop_leaves_a_model_alone_that_runs_elsewhere(cli: Cli) -> None:
    cli.stop(GPT)

    assert cli.client.calls == [HEARTBEAT, SHOW]


def test_older_releases_load_list_and_stop_a_model(old_cli: Cli) -> None:
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


@pytest.mark.parametrize("keep_alive", ["10m0s", -1])
def test_older_releases_keep_a_model_alive(old_cli: Cli, keep_alive: Any) -> None:
    old_cli.load_or_unload(QWEN, keep_alive=keep_alive)

    [row] = [row for row in old_cli.ps() if row[0] == f"{QWEN}:latest"]
    assert int(row[5].removesuffix(" s")) > 500
    old_cli.stop(QWEN)


def test_stop_of_an_unknown_model(cli: Cli) -> None:
    with pytest.raises(ClientError, match='^couldn\'t find model "nope" to stop$'):
        cli.stop("nope")


def test_launch_finds_models_with_tools_that_need_no_signing_in(cli: Cli) -> None:
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
