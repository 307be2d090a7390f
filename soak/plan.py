"""What each request of a run shall be: decided by the seed alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from soak import faults
from soak.faults import LEFT, NONE, REFUSED, SUCCESS, Fault

MODEL = "gpt-oss-120b"
DIALECTS = ("chat", "generate", "openai", "anthropic")
TALKS = ("say", "say", "think", "call")
# How the client behaves, and how often of a hundred times.
MANNERS = {
    "reads": 70,
    "leaves": 10,
    "dawdles": 5,
    "misspeaks": 10,
    "looks around": 5,
}
FAULTY, STREAMED, KEPT = 0.5, 0.7, 0.8  # shares
WORDS = (
    "alpha",
    "beta",
    "Größe",
    "数",
    "👩‍🚀",
    "line\u2028break",
    "\\n",
    '"quoted"',
    "a\tb",
)
LONG_ANSWER = 4_000  # words: more than sockets hold


@dataclass(frozen=True)
class Plan:
    number: int
    dialect: str
    manner: str
    stream: bool
    talk: str
    fault: Fault
    text: str  # that the answer shall have
    patience: int  # bytes read by a client that leaves
    keeps: bool  # its connection, for the next request
    rest: float  # before it, 1 on average

    @property
    def name(self) -> str:
        return f"soak-{self.number:07d}."

    @property
    def place(self) -> dict[str, str]:
        """The arguments of its tool call."""
        return {"place": self.text}

    @property
    def ends(self) -> frozenset[str]:
        """How it may end."""
        special = {"leaves": LEFT, "misspeaks": REFUSED, "dawdles": SUCCESS}
        if self.manner in special:
            return frozenset({special[self.manner]})
        return self.fault.streamed if self.stream else self.fault.whole

    @property
    def script(self) -> dict[str, Any]:
        """What the upstream shall answer; of a passing fault, the next time."""
        own = {} if self.fault.once else self.fault.script
        pace = {"tokens_per_second": 100} if self.manner == "leaves" else {}
        return {**self._said, **pace, **own}

    @property
    def _said(self) -> dict[str, Any]:
        if self.talk == "call":
            call = {"name": "look", "arguments": self.place}
            return {
                "reasoning": self.text,
                "tool_calls": [call],
                "arguments_delta_size": 5,
            }
        return {"content": self.text} | (
            {"reasoning": self.text} if self.talk == "think" else {}
        )


def plans(seed: int, client: int, clients: int) -> Iterator[Plan]:
    """Those of one client, for ever; no two of a run share a number."""
    chance = random.Random(f"{seed} {client}")
    number = client
    while True:
        yield make(chance, number)
        number += clients


def make(chance: random.Random, number: int) -> Plan:
    [manner] = chance.choices(list(MANNERS), list(MANNERS.values()))
    faulty = manner == "reads" and chance.random() < FAULTY
    dialect = chance.choice(DIALECTS)
    talk = chance.choice(TALKS)
    words = LONG_ANSWER if manner == "dawdles" else chance.randint(8, 60)
    plain = manner == "dawdles" or (talk == "call" and dialect == "generate")
    return Plan(
        number=number,
        dialect=dialect,
        manner=manner,
        stream=manner == "dawdles" or chance.random() < STREAMED,
        talk="say" if plain else talk,
        fault=chance.choice(faults.FAULTS) if faulty else NONE,
        text=f"{number}: " + " ".join(chance.choices(WORDS, k=words)),
        patience=chance.choice((0, 0, 1, 200, 1000)),
        keeps=chance.random() < KEPT,
        rest=chance.uniform(0, 2),
    )
