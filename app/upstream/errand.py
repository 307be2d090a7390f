"""One request on its way upstream, and what it has met so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from app.errors import UpstreamError
from app.http1.cancel import CancelToken
from app.upstream import need, quota
from app.upstream.keys import Key
from app.upstream.quota import Opening


@dataclass(eq=False)
class Errand:
    request: dict[str, Any]  # in the upstream form
    cancel: CancelToken
    has_substitute: bool = False  # another model stands by, should this one be busy
    key: Key | None = None  # which it goes with
    waits: int = 0
    waited_s: float = 0.0
    was_capped: bool = False  # by us
    refused: set[Key] = field(default_factory=set)  # keys, as such
    # Since the last wait, by key:
    met: dict[Key, UpstreamError] = field(default_factory=dict)
    openings: dict[Key, Opening] = field(default_factory=dict)

    @property
    def model(self) -> str:
        return str(self.request.get("model", ""))

    @property
    def tried(self) -> set[Key]:
        return self.refused.union(self.met)

    @property
    def passing(self) -> dict[Key, UpstreamError]:
        """The failures that another attempt may not meet."""
        return {key: met for key, met in self.met.items() if key not in self.refused}

    @property
    def lacks_cap(self) -> bool:
        """Whether it is refused for what it reserves, and its sender set no limit."""
        for_tokens = any(is_for_tokens(met) for met in self.met.values())
        return for_tokens and (self.was_capped or not need.is_capped(self.request))

    def forget(self) -> None:
        """It has been answered: what was asked may be large, and is needed no more."""
        self.request = {}

    def start_anew(self) -> None:
        """After a wait every key may be tried again, but for those refused."""
        self.waits += 1
        self.met.clear()
        self.openings.clear()

    def cap(self) -> int | None:
        """Ask for a shorter answer, once, if the tokens of the minute allow one."""
        if self.was_capped or not self.lacks_cap:
            return None
        left = {key: quota.tokens_left(met.headers) for key, met in self.met.items()}
        key = max(left, key=lambda each: left[each])
        cap = int(left[key]) - need.prompt_tokens(self.request)
        if cap < need.LEAST_CAP:
            return None
        self.request = need.with_cap(self.request, cap)
        self.was_capped = True
        del self.met[key]  # which is tried with it
        return cap


def is_for_tokens(error: UpstreamError) -> bool:
    """Whether this minute's tokens do not hold what the request reserves."""
    minute = "per minute" in error.message.lower()
    return error.code == "token_quota_exceeded" and minute


def soonest(
    waits: Sequence[float], failures: Sequence[UpstreamError]
) -> tuple[float, UpstreamError]:
    return min(zip(waits, failures, strict=True), key=lambda each: each[0])
