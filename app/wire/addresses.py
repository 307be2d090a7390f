"""Classify IP addresses by their text."""

from __future__ import annotations

import functools
import ipaddress


@functools.lru_cache
def is_loopback(host: str) -> bool:
    """Return whether a host name or IP address is this machine's loopback interface.

    The only name that counts is `localhost`; no name is looked up.
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
