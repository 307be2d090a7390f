"""The greeting, the warnings and the CPU count at start."""

import os
from pathlib import Path

import pytest

from app.config import Config
from app.server.startup import greeting, usable_cpus, warnings
from app.settings import Address

WITH_KEY = Config(cerebras_api_keys=("csk-1",))
PORT_6000 = Address("127.0.0.1", 6000)
OLLAMAS = Address("127.0.0.1", 11434)
WILDCARD = Address("0.0.0.0", 8080)
ALL_CPUS = len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("config", "addresses", "listens", "example"),
    [
        (
            WITH_KEY,
            [PORT_6000, OLLAMAS],
            "http://127.0.0.1:6000 and http://127.0.0.1:11434",
            "OLLAMA_HOST=127.0.0.1:6000 ollama run gpt-oss-120b",
        ),
        (
            Config(cai_model="qwen-3.8-27b"),
            [WILDCARD],
            "http://127.0.0.1:8080",
            "OLLAMA_HOST=127.0.0.1:8080 ollama run qwen-3.8-27b",
        ),
    ],
    ids=["two addresses", "default model at a reachable address"],
)
def test_greeting_shows_every_address_and_an_example(
    config: Config, addresses: list[Address], listens: str, example: str
) -> None:
    assert greeting(config, addresses) == [
        f"Cerellama listens at {listens}",
        f"Try it: {example}",
    ]


WITH_TOKEN = Config(cerebras_api_keys=("csk-1",), access_tokens=("token",))


@pytest.mark.parametrize(
    ("config", "address", "texts"),
    [
        (WITH_KEY, PORT_6000, []),
        (WITH_TOKEN, WILDCARD, []),
        (WITH_KEY, WILDCARD, ["ANYONE WHO REACHES 0.0.0.0:8080", "ACCESS_TOKENS"]),
        (Config(), PORT_6000, ["CEREBRAS_API_KEY is not set"]),
    ],
    ids=["loopback", "open port with tokens", "open port without tokens", "no key"],
)
def test_missing_key_and_open_port_are_warnings(
    config: Config, address: Address, texts: list[str]
) -> None:
    found = warnings(config, [address])

    assert len(found) == bool(texts)
    assert all(text in found[0] for text in texts)


@pytest.mark.parametrize(
    ("cpu_max", "expected"),
    [
        ("max 100000\n", ALL_CPUS),
        ("100000 100000\n", 1),
        ("50000 100000\n", 1),
        ("150000 100000\n", min(2, ALL_CPUS)),
        ("99999900000 100000\n", ALL_CPUS),
        ("nonsense\n", ALL_CPUS),
    ],
)
def test_quota_of_cgroup_v2_limits_the_cpus(
    tmp_path: Path, cpu_max: str, expected: int
) -> None:
    (tmp_path / "cpu.max").write_text(cpu_max)

    assert usable_cpus(tmp_path) == expected


@pytest.mark.parametrize(("quota", "expected"), [("-1", ALL_CPUS), ("100000", 1)])
def test_quota_of_cgroup_v1_limits_the_cpus(
    tmp_path: Path, quota: str, expected: int
) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text(quota)
    (tmp_path / "cpu/cpu.cfs_period_us").write_text("100000")

    assert usable_cpus(tmp_path) == expected


def test_affinity_limits_the_cpus_without_cgroups(tmp_path: Path) -> None:
    assert usable_cpus(tmp_path) == ALL_CPUS
