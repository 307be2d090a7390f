"""The requests of a run: a seed determines what each client sends and meets."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

MODEL = "gpt-oss-120b"
DIALECTS = ("chat", "generate", "openai", "anthropic")
CONTENTS = ("text", "text", "reasoning", "tool call")
BEHAVIOURS = {  # with their share, in percent
    "normal": 70,
    "disconnects": 10,
    "reads slowly": 5,
    "sends an invalid body": 10,
    "sends a GET": 5,
}
FAULT_SHARE, STREAM_SHARE, KEEP_ALIVE_SHARE = 0.5, 0.7, 0.8
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
LONG_TEXT = 4_000  # words: more than the sockets buffer

# Outcomes of a request
SUCCESS, REFUSED = "success", "refused"
INTERRUPTED, DISCONNECTED = "interrupted", "disconnected"


@dataclass(frozen=True)
class Fault:
    """A fault of the upstream, with the allowed outcomes of a request."""

    name: str
    script: dict[str, Any] = field(default_factory=dict)
    streamed: frozenset[str] = frozenset({SUCCESS})
    whole: frozenset[str] = frozenset({SUCCESS})
    once: bool = False  # only the first attempt meets it


def harmless(name: str, **script: Any) -> Fault:
    return Fault(name, script)


def initial(name: str, **script: Any) -> Fault:
    """Return a fault before the first byte of every attempt."""
    outcomes = frozenset({REFUSED})
    return Fault(name, script, outcomes, outcomes)


def midway(name: str, **script: Any) -> Fault:
    """Return a fault after the first events of a stream, or bytes of a whole reply."""
    return Fault(name, script, frozenset({INTERRUPTED}), frozenset({REFUSED}))


def temporary(name: str, **script: Any) -> Fault:
    """Return a fault before the first byte of the first attempt only."""
    return Fault(name, script, once=True)


NO_FAULT = harmless("none")
FAULTS = (
    harmless("pause", pause=0.5, after=3),
    harmless("slow pace", tokens_per_second=300),
    harmless("tiny chunks", chunk_sizes=[1, 2, 3, 5, 8], events_per_write=16),
    harmless("split writes", write_sizes=[7, 11, 300], write_pause=0.0),
    harmless("comments and CRLF", extras=["comments", "crlf", "empty_deltas"]),
    harmless("usage chunk", extras=["usage_chunk", "no_role", "tight_data"]),
    harmless("short end", omit=["usage", "time_info", "done"]),
    harmless("no framing", framing="close"),
    harmless("connection closed after it", connection="close_silently"),
    harmless("stale connection", connection="close_on_next"),
    initial("server error", error="server_error"),
    initial("too many requests", error="request_quota_exceeded"),
    initial("queue full", error="queue_exceeded"),
    initial("payment required", error="payment_required"),
    initial("wrong key", error="wrong_api_key"),
    initial("gateway page", error="gateway_page"),
    initial("context too long", error="context_length_exceeded"),
    initial("cut at once", fault="cut"),
    initial("reset at once", fault="reset"),
    initial("garbage at once", fault="garbage"),
    initial("silence", fault="stall"),
    temporary("server error, once", error="server_error"),
    temporary("too many requests, once", error="queue_exceeded"),
    temporary("reset, once", fault="reset"),
    midway("cut midway", fault="cut", after=4),
    midway("reset midway", fault="reset", after=4),
    midway("ended early", fault="end", after=4),
    midway("garbage midway", fault="garbage", after=4),
    midway("error midway", fault="in_stream_error", after=4),
    midway("silence midway", fault="stall", after=4),
)


@dataclass(frozen=True)
class Plan:
    """One request, and the reply that is expected."""

    number: int
    dialect: str
    behaviour: str
    stream: bool
    content: str
    fault: Fault
    text: str
    bytes_read: int  # before a client disconnects
    keep_alive: bool
    pause: float  # before the request, 1 on average

    @property
    def name(self) -> str:
        return f"soak-{self.number:07d}."

    @property
    def arguments(self) -> dict[str, str]:
        """The arguments of the tool call."""
        return {"place": self.text}

    @property
    def outcomes(self) -> frozenset[str]:
        """The allowed outcomes."""
        match self.behaviour:
            case "disconnects":
                return frozenset({DISCONNECTED})
            case "sends an invalid body":
                return frozenset({REFUSED})
            case "reads slowly" | "sends a GET":
                return frozenset({SUCCESS})
        return self.fault.streamed if self.stream else self.fault.whole

    @property
    def script(self) -> dict[str, Any]:
        """The script of the upstream; of a temporary fault, for the next attempt."""
        if self.content == "tool call":
            call = {"name": "look", "arguments": self.arguments}
            script = {"tool_calls": [call], "arguments_delta_size": 5}
            script["reasoning"] = self.text
        else:
            script = {"content": self.text}
        if self.content == "reasoning":
            script["reasoning"] = self.text
        if self.behaviour == "disconnects":
            script["tokens_per_second"] = 100
        return script if self.fault.once else {**script, **self.fault.script}


def make_plans(seed: int, client: int, clients: int) -> Iterator[Plan]:
    """Yield the plans of one client without end; numbers are unique in a run."""
    chance = random.Random(f"{seed} {client}")
    number = client
    while True:
        yield make_plan(chance, number)
        number += clients


def make_plan(chance: random.Random, number: int) -> Plan:
    [behaviour] = chance.choices(list(BEHAVIOURS), list(BEHAVIOURS.values()))
    faulty = behaviour == "normal" and chance.random() < FAULT_SHARE
    dialect = chance.choice(DIALECTS)
    content = chance.choice(CONTENTS)
    slow = behaviour == "reads slowly"
    words = LONG_TEXT if slow else chance.randint(8, 60)
    text_only = slow or (content == "tool call" and dialect == "generate")
    return Plan(
        number=number,
        dialect=dialect,
        behaviour=behaviour,
        stream=slow or chance.random() < STREAM_SHARE,
        content="text" if text_only else content,
        fault=chance.choice(FAULTS) if faulty else NO_FAULT,
        text=f"{number}: " + " ".join(chance.choices(WORDS, k=words)),
        bytes_read=chance.choice((0, 0, 1, 200, 1000)),
        keep_alive=chance.random() < KEEP_ALIVE_SHARE,
        pause=chance.uniform(0, 2),
    )
