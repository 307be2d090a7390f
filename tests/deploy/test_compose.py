"""The compose files and the Dockerfile, checked without Docker."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from app.config import Config, from_env

PROJECT = Path(__file__).parents[2]
FILES = ("docker-compose.yml", "deploy/compose.yml")


@pytest.fixture
def compose() -> dict[str, Any]:
    return load("docker-compose.yml")


@pytest.fixture
def replicas() -> dict[str, Any]:
    return load("deploy/compose.yml")


def load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((PROJECT / name).read_text())
    return loaded


def is_valid(path: Path) -> bool:
    """Return whether a file is valid by the schema of the Compose specification."""
    program = Path(sys.executable).with_name("check-jsonschema")
    options = ["--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([program, *options, path], capture_output=True, check=False)
    return done.returncode == 0


def dockerfile() -> str:
    return (PROJECT / "Dockerfile").read_text()


@pytest.mark.parametrize("name", FILES)
def test_file_is_valid(name: str) -> None:
    assert is_valid(PROJECT / name)


def test_file_with_a_misspelt_key_is_invalid(tmp_path: Path) -> None:
    text = (PROJECT / "deploy/compose.yml").read_text()
    (tmp_path / "compose.yml").write_text(text.replace("replicas:", "replica:"))

    assert not is_valid(tmp_path / "compose.yml")


def test_ports_are_published_on_loopback_only(compose: dict[str, Any]) -> None:
    ports = [p for service in compose["services"].values() for p in service["ports"]]

    assert ports
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in ports)


def test_open_webui_uses_the_port_of_cerellama(
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


def test_derived_models_are_in_a_volume(compose: dict[str, Any]) -> None:
    [volume] = compose["services"]["cerellama"]["volumes"]

    assert volume.split(":")[1] == "/cerellama/instance"
    assert "--chown=10001:10001 /instance instance" in dockerfile()


@pytest.mark.parametrize("name", FILES)
def test_stop_period_is_longer_than_the_grace_period(name: str) -> None:
    period = load(name)["services"]["cerellama"]["stop_grace_period"]

    assert int(period.removesuffix("s")) > Config().grace_s


def test_open_webui_waits_for_the_health_check(
    compose: dict[str, Any],
) -> None:
    depends_on = compose["services"]["open-webui"]["depends_on"]

    assert depends_on == {"cerellama": {"condition": "service_healthy"}}
    assert "HEALTHCHECK" in dockerfile()


def test_nginx_resolves_the_replicas_by_service_name(
    replicas: dict[str, Any], tmp_path: Path
) -> None:
    nginx, cerellama = (replicas["services"][n] for n in ("nginx", "cerellama"))
    [sed, _] = nginx["command"][-1].splitlines()
    sed = sed.replace("/etc/cerellama.conf", str(PROJECT / "deploy/nginx.conf"))

    subprocess.run(
        ["sh", "-ec", sed.replace("/tmp/nginx.conf", f"{tmp_path}/nginx.conf")],
        check=True,
    )

    port = cerellama["environment"]["PORT"]
    assert f"server cerellama:{port};" in (tmp_path / "nginx.conf").read_text()
    assert cerellama["deploy"]["replicas"] == 2


def test_certificate_of_nginx_is_mounted(replicas: dict[str, Any]) -> None:
    config = (PROJECT / "deploy/nginx.conf").read_text()
    read = set(re.findall(r"ssl_certificate(?:_key)? +(\S+);", config))

    mounted = {each.split(":")[1] for each in replicas["services"]["nginx"]["volumes"]}

    assert len(read) == 2
    assert read <= mounted


def test_replicas_share_a_database(replicas: dict[str, Any]) -> None:
    cerellama, postgres = (replicas["services"][n] for n in ("cerellama", "postgres"))
    database_url = re.sub(
        r"\$\{.*?\}", "secret", cerellama["environment"]["DATABASE_URL"]
    )
    url = urlsplit(from_env({"DATABASE_URL": database_url}).database_url)

    assert url.hostname == "postgres"
    assert url.path == f"/{postgres['environment']['POSTGRES_USER']}"


def test_image_has_no_root_user_and_no_build_tools() -> None:
    final = dockerfile().rpartition("\nFROM ")[2]

    assert re.search(r"^USER (?!0|root)", final, re.MULTILINE)
    assert "RUN" not in final
    assert "-slim" in final.splitlines()[0]


def test_image_copies_the_files_of_the_build_context() -> None:
    kept = {
        line.removeprefix("!")
        for line in (PROJECT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile(), re.MULTILINE)
    copied = {name for names in copies for name in names.split()}

    assert copied == kept
    assert all((PROJECT / name).exists() for name in copied)
