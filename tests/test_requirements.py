"""The lock files match the requirements they are made from."""

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
NAMES = ["requirements", "requirements-dev"]
PIN = re.compile(r"^([\w.-]+)(?:\[[\w,]+\])?==(\S+)", re.MULTILINE)
LOCKED = re.compile(
    r"^([\w.-]+)==(\S+)(?: ;[^\n]*?)? \\\n((?:    --hash=.*\n)+)", re.MULTILINE
)
ALWAYS_THERE = {"app", *sys.stdlib_module_names}


def normalize(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def read_pins(file: str, pattern: re.Pattern[str]) -> dict[str, str]:
    """Return the version of each package by its normalized name."""
    text = (PROJECT / file).read_text()
    return {normalize(match[1]): match[2] for match in pattern.finditer(text)}


def imported_packages(folder: str) -> set[str]:
    """Return the top-level packages that the modules of a folder import."""
    names: set[str] = set()
    for path in (PROJECT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module)
    return {name.partition(".")[0] for name in names} - ALWAYS_THERE


@pytest.mark.parametrize("name", NAMES)
def test_every_direct_dependency_is_pinned(name: str) -> None:
    lines = (PROJECT / f"{name}.in").read_text().splitlines()
    requirements = [line for line in lines if line and line[0] not in "#-"]

    assert requirements
    assert [line for line in requirements if not PIN.match(line)] == []


@pytest.mark.parametrize("name", NAMES)
def test_lock_holds_the_pinned_version_of_every_direct_dependency(name: str) -> None:
    pins = read_pins(f"{name}.in", PIN)
    locked = read_pins(f"{name}.txt", LOCKED)

    assert {package: locked.get(package) for package in pins} == pins


@pytest.mark.parametrize("name", NAMES)
def test_every_locked_package_has_hashes(name: str) -> None:
    file = f"{name}.txt"

    assert read_pins(file, PIN) == read_pins(file, LOCKED)


@pytest.mark.parametrize("name", NAMES)
def test_lock_names_no_package_index(name: str) -> None:
    text = (PROJECT / f"{name}.txt").read_text()

    assert "://" not in text
    assert "index-url" not in text


def test_dev_lock_contains_the_base_lock() -> None:
    base = read_pins("requirements.txt", LOCKED)
    dev = read_pins("requirements-dev.txt", LOCKED)

    assert {name: dev.get(name) for name in base} == base


def test_every_package_that_app_imports_is_a_direct_dependency() -> None:
    pins = read_pins("requirements.in", PIN)
    distributions = packages_distributions()

    unpinned = {
        package
        for package in imported_packages("app")
        if not {normalize(name) for name in distributions[package]} & set(pins)
    }

    assert unpinned == set()


@pytest.mark.parametrize("file", ["Makefile", "Dockerfile"])
def test_installation_checks_hashes(file: str) -> None:
    text = (PROJECT / file).read_text()
    lines = re.findall(r"^.* -r requirements(?:-dev)?\.txt.*$", text, re.MULTILINE)

    assert lines
    assert [line for line in lines if "--require-hashes" not in line] == []
