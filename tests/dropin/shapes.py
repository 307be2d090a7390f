"""Shapes: what a client's parser demands of a reply, as data.

A dict demands its keys, a list demands its one shape of every item, a type means
exactly that type, a pattern is for texts, and a function says whether it is content.
What a shape does not name may be there as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

Shape = Any
Demand = Callable[[Any], bool]

# RFC 3339, as Go, Rust and Java read it.
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
# What fromisoformat reads in Python 3.10: no Z, and no more than microseconds.
PYTHON_3_10 = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}(\d{3})?)?[+-]\d\d:\d\d"
)
DIGEST = re.compile(r"[0-9a-f]{64}")


def natural(value: Any) -> bool:
    return type(value) is int and value >= 0


def positive(value: Any) -> bool:
    return type(value) is int and value > 0


def one_of(*choices: Any) -> Demand:
    return lambda value: value in choices


def names(*words: str) -> Demand:
    """A list that has all these texts, or a text that has them."""
    return lambda value: all(word in value for word in words)


def lacks(word: str) -> Demand:
    return lambda value: word not in value


def faults(value: Any, shape: Shape, path: str = "") -> Iterator[str]:
    """Where a value does not fit."""
    if isinstance(shape, dict):
        yield from _faults_of_object(value, shape, path)
    elif isinstance(shape, list):
        if type(value) is not list:
            yield f"{path} is no list: {value!r}"
            return
        for place, item in enumerate(value):
            yield from faults(item, shape[0], f"{path}[{place}]")
    elif not _fits(value, shape):
        yield f"{path} does not fit: {value!r}"


def _faults_of_object(value: Any, shape: dict[str, Shape], path: str) -> Iterator[str]:
    if type(value) is not dict:
        yield f"{path} is no object: {value!r}"
        return
    for key, demanded in shape.items():
        if key in value:
            yield from faults(value[key], demanded, f"{path}.{key}")
        else:
            yield f"{path}.{key} is missing"


def _fits(value: Any, shape: Shape) -> bool:
    if isinstance(shape, type):
        return type(value) is shape
    if isinstance(shape, re.Pattern):
        return type(value) is str and shape.fullmatch(value) is not None
    return bool(shape(value))
