"""The layout of the repository: file sizes, documented settings, tests of routes."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import create_app
from app.config import VARIABLES, Config, from_env

PROJECT = Path(__file__).parents[1]
MAX_FILE_LINES = 400
SETTING_LINE = re.compile(r"^# ([A-Z_]+)=(.*)$", re.MULTILINE)
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:work|root|home|Users)/\w")
GENERATED = {"node_modules", "__pycache__", "instance", "build"}
HIDDEN_FILES = {
    ".ci",
    ".dockerignore",
    ".env.example",
    ".flaskenv",
    ".github",
    ".gitignore",
    ".pre-commit-config.yaml",
}
INTERNAL = {"CERELLAMA_INSTANCE_DIR"}


def files(folder: Path = PROJECT) -> Iterator[Path]:
    for path in folder.iterdir():
        hidden = path.name.startswith(".") and path.name not in HIDDEN_FILES
        if hidden or path.name in GENERATED:
            continue
        if path.is_dir():
            yield from files(path)
        else:
            yield path


def settings_of_example() -> dict[str, str]:
    return dict(SETTING_LINE.findall((PROJECT / ".env.example").read_text()))


def test_no_file_is_too_long() -> None:
    lines = {
        str(path.relative_to(PROJECT)): len(path.read_text().splitlines())
        for path in files()
        if path.suffix == ".py"
    }

    assert {name: n for name, n in lines.items() if n > MAX_FILE_LINES} == {}


def test_no_file_contains_a_path_of_one_machine() -> None:
    paths = {
        str(path.relative_to(PROJECT)): match[0]
        for path in files()
        if (match := MACHINE_PATH.search(path.read_text(errors="replace")))
    }

    assert paths == {}


def test_env_example_has_every_setting() -> None:
    assert set(settings_of_example()) == set(VARIABLES.values()) - INTERNAL


@pytest.mark.parametrize(("variable", "value"), settings_of_example().items())
def test_env_example_shows_the_default(variable: str, value: str) -> None:
    assert from_env({variable: value}) == Config()


def test_env_example_sets_nothing() -> None:
    lines = (PROJECT / ".env.example").read_text().splitlines()

    assert [line for line in lines if line and not line.startswith("#")] == []


@pytest.mark.parametrize("variable", sorted(set(VARIABLES.values()) - INTERNAL))
def test_readme_has_every_setting(variable: str) -> None:
    assert f"`{variable}`" in (PROJECT / "README.md").read_text()


def test_links_of_the_documents_exist() -> None:
    documents = [path for path in files() if path.suffix == ".md"]
    links = [
        document.parent / target
        for document in documents
        for target in re.findall(r"\]\(([^):#]+)\)", document.read_text())
    ]

    assert [str(link) for link in links if not link.exists()] == []


def test_image_runs_the_command_of_the_procfile() -> None:
    procfile = (PROJECT / "Procfile").read_text().removeprefix("web: ").split()
    command = (PROJECT / "Dockerfile").read_text().rstrip().rpartition("\nCMD ")[2]

    assert json.loads(command) == procfile


def test_flask_run_uses_port_6000() -> None:
    assert "FLASK_RUN_PORT=6000" in (PROJECT / ".flaskenv").read_text().splitlines()


def test_every_route_is_named_in_a_test_of_blueprints_or_conformance(
    tmp_path: Path,
) -> None:
    app = create_app(Config(database_url=f"sqlite:///{tmp_path}/store.db"))
    paths = [rule.rule.partition("<")[0] for rule in app.url_map.iter_rules()]
    names = {path.rstrip("/").rpartition("/")[2] for path in paths}
    paths_of_tests = [
        path
        for folder in ("blueprints", "conformance")
        for path in (PROJECT / "tests" / folder).rglob("test_*.py")
    ]
    tests = "".join(path.read_text() for path in paths_of_tests)

    assert {"chat", "messages", "metrics"} < names
    assert {name for name in names if name not in tests} == set()
