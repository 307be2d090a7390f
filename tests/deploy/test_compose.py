"""docker-compose.yml and Dockerfile, as far as they can be checked without Docker."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.config import Config

PROJECT = Path(__file__).parents[2]
# Of the Compose specification's service element, what this file uses.
SERVICE_KEYS = {
    "build",
    "depends_on",
    "env_file",
    "environment",
    "image",
    "ports",
    "restart",
    "stop_grace_period",
    "volumes",
}


@pytest.fixture
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(
        (PROJECT / "docker-compose.yml").read_text()
    )
    return loaded


def dockerfile() -> str:
    return (PROJECT / "Dockerfile").read_text()


def test_only_documented_keys_are_used(compose: dict[str, Any]) -> None:
    assert set(compose) == {"services", "volumes"}
    for service in compose["services"].values():
        assert set(service) <= SERVICE_KEYS


def test_every_port_is_published_on_this_machine_only(compose: dict[str, Any]) -> None:
    ports = [p for service in compose["services"].values() for p in service["ports"]]

    assert ports
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in ports)


def test_open_webui_talks_to_the_port_cerellama_listens_on(
    compose: dict[str, Any],
) -> None:
    cerellama = compose["services"]["cerellama"]
    open_webui = compose["services"]["open-webui"]
    port = cerellama["environment"]["PORT"]

    assert open_webui["environment"]["OLLAMA_BASE_URL"] == f"http://cerellama:{port}"
    assert cerellama["environment"]["HOST"] == "0.0.0.0"
    assert cerellama["ports"] == [f"127.0.0.1:{port}:{port}"]


def test_every_named_volume_is_declared(compose: dict[str, Any]) -> None:
    volumes = [
        v for service in compose["services"].values() for v in service["volumes"]
    ]

    assert {volume.split(":")[0] for volume in volumes} == set(compose["volumes"])


def test_models_of_ones_own_outlive_the_container(compose: dict[str, Any]) -> None:
    [volume] = compose["services"]["cerellama"]["volumes"]

    assert volume.split(":")[1] == "/cerellama/instance"
    assert "--chown=10001:10001 /instance instance" in dockerfile()


def test_a_container_gets_time_for_its_streams(compose: dict[str, Any]) -> None:
    period = compose["services"]["cerellama"]["stop_grace_period"]

    assert int(period.removesuffix("s")) > Config().grace_s


def test_open_webui_waits_for_a_health_check_that_exists(
    compose: dict[str, Any],
) -> None:
    needs = compose["services"]["open-webui"]["depends_on"]

    assert needs == {"cerellama": {"condition": "service_healthy"}}
    assert "HEALTHCHECK" in dockerfile()


def test_the_image_runs_without_root_and_without_build_tools() -> None:
    final = dockerfile().rpartition("\nFROM ")[2]

    assert re.search(r"^USER (?!0|root)", final, re.MULTILINE)
    assert "RUN" not in final
    assert "-slim" in final.splitlines()[0]


def test_the_image_copies_only_what_the_build_context_has() -> None:
    kept = {
        line.removeprefix("!")
        for line in (PROJECT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile(), re.MULTILINE)
    copied = {name for names in copies for name in names.split()}

    assert copied == kept
    assert all((PROJECT / name).exists() for name in copied)
