"""The tree drawn in the docstring of app/errors.py is the tree of its classes."""

import re

from app import errors
from app.errors import CerellamaError, UpstreamError

DRAWN_LINE = re.compile(r"^( *)[*+-] (\w+) +(\d{3})\b", re.MULTILINE)


def drawn_tree() -> list[tuple[int, str, int]]:
    """Return (depth, class name, status) for each line of the drawing."""
    return [
        (len(indent) // 2, name, int(status))
        for indent, name, status in DRAWN_LINE.findall(errors.__doc__ or "")
    ]


def class_tree(
    parent: type[CerellamaError], depth: int = 0
) -> list[tuple[int, str, int]]:
    """Return the same list, in order of definition, from the classes."""
    children = [
        each for each in parent.__subclasses__() if each.__module__ == "app.errors"
    ]
    return [
        (depth, parent.__name__, parent.status),
        *[line for child in children for line in class_tree(child, depth + 1)],
    ]


def test_drawing_matches_classes_and_statuses() -> None:
    assert drawn_tree() == class_tree(CerellamaError)


def test_upstream_error_is_not_retryable_by_default() -> None:
    error = UpstreamError("failed")

    assert not error.retryable
    assert (error.upstream_status, error.headers, error.code) == (None, {}, "")
