"""The files in .github, checked against GitHub's schemas."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
GITHUB = PROJECT / ".github"
SCHEMAS = {
    "workflows/ci.yml": "vendor.github-workflows",
    "ISSUE_TEMPLATE/bug_report.yml": "vendor.github-issue-forms",
    "ISSUE_TEMPLATE/feature_request.yml": "vendor.github-issue-forms",
    "ISSUE_TEMPLATE/config.yml": "vendor.github-issue-config",
}


@pytest.mark.parametrize("file", SCHEMAS)
def test_file_satisfies_its_schema(file: str) -> None:
    program = Path(sys.executable).with_name("check-jsonschema")
    command = [program, "--builtin-schema", SCHEMAS[file], GITHUB / file]

    result = subprocess.run(command, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout + result.stderr


def test_every_yaml_file_has_a_schema() -> None:
    files = {str(path.relative_to(GITHUB)) for path in GITHUB.rglob("*.yml")}

    assert files == set(SCHEMAS)


def test_workflow_runs_the_ci_script() -> None:
    workflow = yaml.safe_load((GITHUB / "workflows/ci.yml").read_text())

    steps = workflow["jobs"]["test"]["steps"]

    assert ".ci/run" in [step.get("run") for step in steps]


@pytest.mark.parametrize("tool", ["ruff format", "ruff check", "mypy", "lint-imports"])
def test_pre_commit_runs_each_step_of_make_check(tool: str) -> None:
    config = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())
    entries = [hook["entry"] for repo in config["repos"] for hook in repo["hooks"]]

    assert f".venv/bin/{tool}" in entries
    assert f"$(BIN)/{tool}" in (PROJECT / "Makefile").read_text()
