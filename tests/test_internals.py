"""Underscored names of libraries that app/ uses, against the list in the documents."""

import ast
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).parents[1]
SOURCES = [*(PROJECT / "app").rglob("*.py"), PROJECT / "gunicorn.conf.py"]
# Documented despite the underscore: of named tuples, and of Werkzeug's LocalProxy.
DOCUMENTED_PRIVATE = {"_replace", "_get_current_object"}
HEADING = "## Library internals in use, and why"


def own_names(trees: list[ast.Module]) -> set[str]:
    """Return the names of functions, classes, variables and attributes of app/."""
    names = set()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                names.add(node.attr)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
    return names


def used_names(tree: ast.Module) -> Iterator[str]:
    """Yield the names of attributes that are read, also by getattr and hasattr."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("getattr", "hasattr")
            and isinstance(node.args[1], ast.Constant)
        ):
            yield str(node.args[1].value)


def test_every_private_name_of_a_library_is_documented() -> None:
    trees = [ast.parse(path.read_text()) for path in SOURCES]
    used = {name for tree in trees for name in used_names(tree)}
    foreign = {
        name
        for name in used - own_names(trees) - DOCUMENTED_PRIVATE
        if name.startswith("_") and not name.startswith("__")
    }
    page = (PROJECT / "docs" / "architecture.md").read_text()
    section = page.partition(HEADING)[2].partition("\n## ")[0]

    assert foreign, "the search finds names"
    assert {name for name in foreign if f"`{name}`" not in section} == set()
