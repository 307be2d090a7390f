"""deploy/kubernetes.yaml: valid by Kubernetes' schemas, and consistent in itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.config import VARIABLES, Config
from tests.processes import PROJECT

MANIFEST = PROJECT / "deploy/kubernetes.yaml"
VERSIONS = ("1.30", "1.37")


@pytest.fixture
def objects() -> dict[str, dict[str, Any]]:
    loaded = yaml.safe_load_all(MANIFEST.read_text())
    return {each["kind"]: each for each in loaded}


@pytest.fixture
def pod(objects: dict[str, dict[str, Any]]) -> dict[str, Any]:
    spec: dict[str, Any] = objects["Deployment"]["spec"]["template"]["spec"]
    return spec


@pytest.fixture
def container(pod: dict[str, Any]) -> dict[str, Any]:
    [only] = pod["containers"]
    return dict(only)


def validate(path: Path, version: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("kubernetes-validate")
    return subprocess.run(
        [program, "--strict", "-k", version, path],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_manifest_is_valid(version: str) -> None:
    done = validate(MANIFEST, version)

    assert done.returncode == 0, done.stdout + done.stderr


def test_manifest_with_a_misspelt_key_is_invalid(tmp_path: Path) -> None:
    text = MANIFEST.read_text().replace("readinessProbe:", "readynessProbe:")
    (tmp_path / "manifest.yaml").write_text(text)

    assert validate(tmp_path / "manifest.yaml", VERSIONS[-1]).returncode != 0


def test_all_objects_select_the_same_pods(objects: dict[str, dict[str, Any]]) -> None:
    specs = {kind: each["spec"] for kind, each in objects.items()}
    labels = specs["Deployment"]["template"]["metadata"]["labels"]

    assert specs["Deployment"]["replicas"] == 2
    assert specs["Deployment"]["selector"] == {"matchLabels": labels}
    assert specs["Service"]["selector"] == labels
    assert specs["PodDisruptionBudget"]["selector"] == {"matchLabels": labels}
    assert specs["NetworkPolicy"]["podSelector"] == {"matchLabels": labels}


def test_ports_are_the_same_everywhere(
    objects: dict[str, dict[str, Any]], container: dict[str, Any]
) -> None:
    [port] = container["ports"]
    values = {each["name"]: each.get("value") for each in container["env"]}
    [service] = objects["Service"]["spec"]["ports"]
    [allowed] = objects["NetworkPolicy"]["spec"]["ingress"][0]["ports"]
    probes = [container[probe] for probe in ("readinessProbe", "livenessProbe")]

    assert values["PORT"] == str(port["containerPort"])
    assert allowed["port"] == port["containerPort"]
    assert service["targetPort"] == port["name"]
    assert [probe["httpGet"]["port"] for probe in probes] == [port["name"]] * 2


def test_every_variable_is_a_setting(container: dict[str, Any]) -> None:
    names = {each["name"] for each in container["env"]} - {"TMPDIR"}

    assert names <= set(VARIABLES.values())


def test_secrets_are_references(
    container: dict[str, Any],
) -> None:
    secret = {
        each["name"]: each["valueFrom"]["secretKeyRef"]["key"]
        for each in container["env"]
        if "valueFrom" in each
    }

    names = {"CEREBRAS_API_KEY", "ACCESS_TOKENS", "DATABASE_URL"}
    assert secret == {name: name for name in names}
    assert all(f"--from-literal={name}=" in MANIFEST.read_text() for name in names)


def test_grace_period_of_the_pod_is_long_enough(
    pod: dict[str, Any], container: dict[str, Any]
) -> None:
    grace_s = next(e["value"] for e in container["env"] if e["name"] == "GRACE_S")
    command, wait_s = container["lifecycle"]["preStop"]["exec"]["command"]

    assert command == "sleep"
    assert float(grace_s) == Config().grace_s
    assert pod["terminationGracePeriodSeconds"] > float(grace_s) + float(wait_s)


def test_only_tmp_is_writable(pod: dict[str, Any], container: dict[str, Any]) -> None:
    [mount], [volume] = container["volumeMounts"], pod["volumes"]
    values = {each["name"]: each.get("value") for each in container["env"]}

    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert mount["mountPath"] == values["TMPDIR"]
    assert (mount["name"], "emptyDir" in volume) == (volume["name"], True)
