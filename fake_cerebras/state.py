"""What the server knows: its settings, what it received, what it shall do."""

from __future__ import annotations

from dataclasses import dataclass, field

from fake_cerebras.buckets import Accounts
from fake_cerebras.clock import Clock
from fake_cerebras.records import Records
from fake_cerebras.steering import Steering


@dataclass(frozen=True)
class State:
    keys: frozenset[str]
    tokens_per_second: float
    records: Records = field(default_factory=Records)
    steering: Steering = field(default_factory=Steering)
    accounts: Accounts = field(default_factory=Accounts)
    clock: Clock = field(default_factory=Clock)
