"""Are the insides of a library still what we lean on? Nobody promises them."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Mapping

# Names as "module:attribute", each with the parameters that it must have.
Needed = Mapping[str, set[str]]


def missing(needed: Needed) -> list[str]:
    """The names that are gone, or are something else."""
    return [name for name, names in needed.items() if not is_there(name, names)]


def is_there(name: str, parameters: set[str]) -> bool:
    try:
        found = pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return parameters <= set(inspect.signature(found).parameters)
