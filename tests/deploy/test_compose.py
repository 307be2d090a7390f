"""The compose files and the Dockerfile, checked without Docker."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from app.config import Config, from_env
from tests.processes import PROJECT

FILES = ("docker-compose.yml", "deploy/compose.yml")
DOCKERFILE = (PROJECT / "Dockerfile").read_text()
NGINX_CONF = PROJECT / "deploy/nginx.conf"


def load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((PROJECT / name).read_text())
    return loaded


COMPOSE = load("docker-compose.yml")
SERVICES = COMPOSE["services"]
CERELLAMA, OPEN_WEBUI = SERVICES["cerellama"], SERVICES["open-webui"]
REPLICAS = load("deploy/compose.yml")["services"]


def is_valid(path: Path) -> bool:
    """Return whether a file is valid by the schema of the Compose specification."""
    program = Path(sys.executable).with_name("check-jsonschema")
    options = ["--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([program, *options, path], capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.parametrize("name", FILES)
def test_file_is_valid(name: str, tmp_path: Path) -> None:
    misspelt = (PROJECT / name).read_text().replace("environment:", "environmint:")
    (tmp_path / "compose.yml").write_text(misspelt)

    assert is_valid(PROJECT / name)
    assert not is_valid(tmp_path / "compose.yml")


def test_ports_are_published_on_loopback_only() -> None:
    ports = [port for service in SERVICES.values() for port in service["ports"]]

    assert ports
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in ports)


def test_open_webui_uses_cerellama_once_it_is_healthy() -> None:
    port = CERELLAMA["environment"]["PORT"]

    assert OPEN_WEBUI["environment"]["OLLAMA_BASE_URL"] == f"http://cerellama:{port}"
    assert CERELLAMA["environment"]["HOST"] == "0.0.0.0"
    assert CERELLAMA["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert OPEN_WEBUI["depends_on"] == {"cerellama": {"condition": "service_healthy"}}
    assert "HEALTHCHECK" in DOCKERFILE


def test_derived_models_are_in_a_declared_volume() -> None:
    volumes = [volume for service in SERVICES.values() for volume in service["volumes"]]
    [volume] = CERELLAMA["volumes"]

    assert {volume.split(":")[0] for volume in volumes} == set(COMPOSE["volumes"])
    assert volume.split(":")[1] == "/cerellama/instance"
    assert "--chown=10001:10001 /instance instance" in DOCKERFILE


@pytest.mark.parametrize("name", FILES)
def test_stop_period_is_longer_than_the_grace_period(name: str) -> None:
    period = load(name)["services"]["cerellama"]["stop_grace_period"]

    assert int(period.removesuffix("s")) > Config().grace_s


def test_nginx_resolves_the_replicas_by_service_name(tmp_path: Path) -> None:
    [sed, _] = REPLICAS["nginx"]["command"][-1].splitlines()
    sed = sed.replace("/etc/cerellama.conf", str(NGINX_CONF))
    sed = sed.replace("/tmp/nginx.conf", f"{tmp_path}/nginx.conf")

    subprocess.run(["sh", "-ec", sed], check=True)

    port = REPLICAS["cerellama"]["environment"]["PORT"]
    assert f"server cerellama:{port};" in (tmp_path / "nginx.conf").read_text()
    assert REPLICAS["cerellama"]["deploy"]["replicas"] == 2


def test_certificate_of_nginx_is_mounted() -> None:
    read = set(re.findall(r"ssl_certificate(?:_key)? +(\S+);", NGINX_CONF.read_text()))

    mounted = {volume.split(":")[1] for volume in REPLICAS["nginx"]["volumes"]}

    assert len(read) == 2
    assert read <= mounted


def test_replicas_share_a_database() -> None:
    template = REPLICAS["cerellama"]["environment"]["DATABASE_URL"]
    database_url = re.sub(r"\$\{.*?\}", "secret", template)
    url = urlsplit(from_env({"DATABASE_URL": database_url}).database_url)

    assert url.hostname == "postgres"
    assert url.path == f"/{REPLICAS['postgres']['environment']['POSTGRES_USER']}"


def test_image_has_no_root_user_and_no_build_tools() -> None:
    final = DOCKERFILE.rpartition("\nFROM ")[2]

    assert re.search(r"^USER (?!0|root)", final, re.MULTILINE)
    assert "RUN" not in final
    assert "-slim" in final.splitlines()[0]


def test_image_copies_the_files_of_the_build_context() -> None:
    ignore = (PROJECT / ".dockerignore").read_text()
    kept = set(re.findall(r"^!(.*)$", ignore, re.MULTILINE))
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    copied = {name for names in copies for name in names.split()}

    assert copied == kept
    assert all((PROJECT / name).exists() for name in copied)
