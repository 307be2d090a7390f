"""deploy/kubernetes.yaml: valid by Kubernetes' schemas, and consistent in itself."""

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


OBJECTS: dict[str, dict[str, Any]] = {
    each["kind"]: each for each in yaml.safe_load_all(MANIFEST.read_text())
}
SPECS = {kind: each["spec"] for kind, each in OBJECTS.items()}
POD: dict[str, Any] = SPECS["Deployment"]["template"]["spec"]
[CONTAINER] = POD["containers"]
VALUES = {each["name"]: each.get("value") for each in CONTAINER["env"]}


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


def test_all_objects_select_the_same_pods() -> None:
    labels = SPECS["Deployment"]["template"]["metadata"]["labels"]

    assert SPECS["Deployment"]["replicas"] == 2
    assert SPECS["Deployment"]["selector"] == {"matchLabels": labels}
    assert SPECS["Service"]["selector"] == labels
    assert SPECS["PodDisruptionBudget"]["selector"] == {"matchLabels": labels}
    assert SPECS["NetworkPolicy"]["podSelector"] == {"matchLabels": labels}


def test_ports_are_the_same_everywhere() -> None:
    [port] = CONTAINER["ports"]
    [service] = SPECS["Service"]["ports"]
    [allowed] = SPECS["NetworkPolicy"]["ingress"][0]["ports"]
    probes = [CONTAINER[probe] for probe in ("readinessProbe", "livenessProbe")]

    assert VALUES["PORT"] == str(port["containerPort"])
    assert allowed["port"] == port["containerPort"]
    assert service["targetPort"] == port["name"]
    assert [probe["httpGet"]["port"] for probe in probes] == [port["name"]] * 2


def test_variables_are_settings_and_secrets_are_references() -> None:
    secret = {
        each["name"]: each["valueFrom"]["secretKeyRef"]["key"]
        for each in CONTAINER["env"]
        if "valueFrom" in each
    }

    names = {"CEREBRAS_API_KEY", "ACCESS_TOKENS", "DATABASE_URL"}
    assert secret == {name: name for name in names}
    assert all(f"--from-literal={name}=" in MANIFEST.read_text() for name in names)
    assert VALUES.keys() - {"TMPDIR"} <= set(VARIABLES.values())


def test_grace_period_of_the_pod_is_long_enough() -> None:
    grace_s = float(VALUES["GRACE_S"])
    command, wait_s = CONTAINER["lifecycle"]["preStop"]["exec"]["command"]

    assert command == "sleep"
    assert grace_s == Config().grace_s
    assert POD["terminationGracePeriodSeconds"] > grace_s + float(wait_s)


def test_only_tmp_is_writable() -> None:
    [mount], [volume] = CONTAINER["volumeMounts"], POD["volumes"]

    assert CONTAINER["securityContext"]["readOnlyRootFilesystem"] is True
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert mount["mountPath"] == VALUES["TMPDIR"]
    assert (mount["name"], "emptyDir" in volume) == (volume["name"], True)
