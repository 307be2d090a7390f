"""What the operator is told at start."""

from __future__ import annotations

from app import greeting
from app.config import Config
from app.settings import Address

SAFE = Config(cerebras_api_keys=("csk-1",))
HOME = Address("127.0.0.1", 6000)
OLLAMA = Address("127.0.0.1", 11434)
OPEN = Address("0.0.0.0", 8080)


def test_every_address_and_a_ready_made_line_are_shown() -> None:
    listens, example = greeting.lines(SAFE, [HOME, OLLAMA])

    assert listens == (
        "Cerellama listens at http://127.0.0.1:6000 and http://127.0.0.1:11434"
    )
    assert example == "Try it: OLLAMA_HOST=127.0.0.1:6000 ollama run gpt-oss-120b"


def test_the_example_uses_the_default_model_and_a_reachable_address() -> None:
    _, example = greeting.lines(Config(cai_model="qwen-3.8-27b"), [OPEN])

    assert example == "Try it: OLLAMA_HOST=127.0.0.1:8080 ollama run qwen-3.8-27b"


def test_a_safe_start_has_no_warnings() -> None:
    assert greeting.warnings(SAFE, [HOME, OLLAMA]) == []


def test_an_open_port_without_tokens_is_one_loud_warning() -> None:
    (warning,) = greeting.warnings(SAFE, [OPEN])

    assert "ANYONE WHO REACHES 0.0.0.0:8080" in warning
    assert "ACCESS_TOKENS" in warning


def test_an_open_port_with_tokens_is_none() -> None:
    config = Config(cerebras_api_keys=("csk-1",), access_tokens=("token",))

    assert greeting.warnings(config, [OPEN]) == []


def test_a_missing_key_is_said() -> None:
    (warning,) = greeting.warnings(Config(), [HOME])

    assert warning.startswith("CEREBRAS_API_KEY is not set")
