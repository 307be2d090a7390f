"""Find what an object keeps in memory."""

import gc
from types import FunctionType, ModuleType

SHARED = (type, ModuleType, FunctionType)


def reachable_texts(start: object) -> list[str]:
    """Return all strings and bytes that `start` keeps alive, as strings.

    Types, modules and functions are not followed.
    """
    found, ahead = {id(start): start}, [start]
    while ahead:
        for referent in gc.get_referents(ahead.pop()):
            if id(referent) not in found and not isinstance(referent, SHARED):
                found[id(referent)] = referent
                ahead.append(referent)
    return [str(each) for each in found.values() if isinstance(each, str | bytes)]
