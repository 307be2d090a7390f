"""What is measured, as a table: clients, what each asks for, and of whom."""

from __future__ import annotations

from dataclasses import dataclass

PYTHON = ("cerellama", "fastapi_httpx", "flask_naive", "aiohttp_tuned")
RELAYING = ("nginx", *PYTHON)
ALL = ("direct", *RELAYING)


@dataclass(frozen=True)
class Load:
    """So many clients, each with the same request again and again."""

    clients: int
    tokens: int
    pace: int = 0  # tokens a second, 0: full speed
    seconds: float = 0.8  # no request starts later
    agent: bool = False
    stream: bool = True

    @property
    def knobs(self) -> dict[str, int]:
        knobs = {"tokens": self.tokens, "pace": self.pace, "stream": int(self.stream)}
        return {
            name: value
            for name, value in knobs.items()
            if name != "stream" or not value
        }


@dataclass(frozen=True)
class Scenario:
    title: str
    load: Load
    shows: tuple[str, ...]  # the columns of its table
    targets: tuple[str, ...] = ALL
    dialects: tuple[str, ...] = ("native",)
    beside: Load | None = None  # a neighbour, not measured
    tls: bool = False  # between target and upstream
    two_workers: bool = False
    swept: int = (
        0  # offered tokens a second, a point of the plot of latency against load
    )


def paced(streams: int, pace: int, seconds: float = 0.8) -> Load:
    """One reply each, that lasts so long."""
    return Load(streams, round(pace * seconds), pace, seconds / 2)


CHUNKS = ("cpu_us_chunk", "chunks_s")
PACED = ("cpu_us_chunk", "lat_p50", "lat_p99", "gap_p99")
REPLIES = ("cpu_ms_reply", "replies_s", "ttft_p50", "ttft_p99")
KEPT = (*REPLIES, "connections")
FIRST = ("ttft_p50", "ttft_p99", "cpu_ms_reply")
FULL_SPEED = Load(8, 1000)

SCENARIOS = {
    "pace": Scenario(
        "Natural pace: 8 streams at 500 tokens/s", paced(8, 500), PACED, swept=4000
    ),
    "pace3000": Scenario(
        "8 streams at 3,000 tokens/s on one worker",
        paced(8, 3000, 1.2),
        ("carried", *PACED),
        swept=24000,
    ),
    "pace125": Scenario(
        "8 streams at 125 tokens/s", paced(8, 125), PACED, targets=RELAYING, swept=1000
    ),
    "pace1500": Scenario(
        "8 streams at 1,500 tokens/s",
        paced(8, 1500),
        PACED,
        targets=RELAYING,
        swept=12000,
    ),
    "fast": Scenario(
        "Full speed: 8 clients, replies of 1,000 tokens", FULL_SPEED, CHUNKS
    ),
    "short": Scenario("Short replies: 32 clients, 20 tokens", Load(32, 20), KEPT),
    "agent": Scenario(
        "Agent bodies: 8 clients, 20 messages, 5 tools, 20 tokens",
        Load(8, 20, agent=True),
        REPLIES,
        targets=RELAYING,
    ),
    "first1": Scenario("First token, 1 client", Load(1, 20), FIRST),
    "first32": Scenario("First token, 32 clients", Load(32, 1), FIRST),
    "neighbours": Scenario(
        "8 streams at 500 tokens/s beside a client at full speed",
        paced(8, 500, 1.0),
        ("lat_p50", "lat_p99", "lat_max"),
        beside=Load(1, 20000),
    ),
    "bodies": Scenario(
        "8 streams at 1,000 tokens/s beside a client of 2 MB answers",
        paced(8, 1000, 1.2),
        ("lat_p50", "lat_p99", "lat_max"),
        beside=Load(1, 90000, stream=False),
    ),
    "dialects": Scenario(
        "Dialects at natural pace: 8 streams at 500 tokens/s",
        paced(8, 500),
        PACED,
        targets=("cerellama",),
        dialects=("native", "openai", "anthropic"),
    ),
    "dialects_fast": Scenario(
        "Dialects at full speed: 8 clients, replies of 1,000 tokens",
        FULL_SPEED,
        CHUNKS,
        targets=("cerellama",),
        dialects=("native", "openai", "anthropic"),
    ),
    "tls": Scenario(
        "Upstream over TLS, natural pace: 8 streams at 500 tokens/s",
        paced(8, 500),
        PACED,
        targets=PYTHON,
        tls=True,
    ),
    "tls_short": Scenario(
        "Upstream over TLS, short replies: 32 clients, 20 tokens",
        Load(32, 20),
        REPLIES,
        targets=PYTHON,
        tls=True,
    ),
    "workers": Scenario(
        "Two workers against one at full speed: 32 clients, replies of 1,000 tokens",
        Load(32, 1000),
        ("chunks_s", "cpu_us_chunk", "server_cpus", "rest_cpus"),
        targets=("cerellama", "cerellama_2"),
        two_workers=True,
    ),
}
