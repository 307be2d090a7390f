"""The scenarios: the load of each, its targets, and the columns of its table."""

import json
from dataclasses import dataclass
from typing import Any

PYTHON = ("cerellama", "fastapi_httpx", "flask_naive", "aiohttp_tuned")
RELAYS = ("nginx", *PYTHON)
ALL = ("direct", *RELAYS)

MODEL = "gpt-oss-120b"
PATHS = {
    "native": "/api/chat",
    "openai": "/v1/chat/completions",
    "anthropic": "/v1/messages",
}
TEXT = "The build fails in the parser since the last commit, and I cannot see why. " * 5
TOOLS = ("read_file", "write_file", "run_command", "search_code", "list_folder")


@dataclass(frozen=True)
class Load:
    """Clients that send the same request again and again."""

    clients: int
    tokens: int
    pace: int = 0  # tokens per second, 0: full speed
    seconds: float = 0.8  # no request starts later
    agent: bool = False
    stream: bool = True

    @property
    def reply_options(self) -> dict[str, int]:
        """The options of the upstream's reply, as the user message states them."""
        options = {"tokens": self.tokens, "pace": self.pace}
        return options if self.stream else {**options, "stream": 0}


@dataclass(frozen=True)
class Scenario:
    title: str
    load: Load
    columns: tuple[str, ...]
    targets: tuple[str, ...] = ALL
    dialects: tuple[str, ...] = ("native",)
    neighbour: Load | None = None  # runs at the same time and is not measured
    tls: bool = False  # between target and upstream
    two_workers: bool = False
    plotted_tokens_s: int = 0  # offered: a point of the plot of latency against load


def paced(streams: int, pace: int, seconds: float = 0.8) -> Load:
    """Return a load of one reply per client that takes so many seconds."""
    return Load(streams, round(pace * seconds), pace, seconds / 2)


def request_body(
    dialect: str, reply_options: dict[str, int], *, agent: bool = False
) -> bytes:
    """Return a short question, or an agent's: 20 messages and 5 tools, 11 KB."""
    options = "".join(f" {name}={value}" for name, value in reply_options.items())
    request: dict[str, Any] = {
        "model": MODEL,
        "messages": [
            *(_agent_messages() if agent else ()),
            _message("user", f"bench:{options};"),
        ],
        "stream": bool(reply_options.get("stream", 1)),
    }
    if agent:
        request["tools"] = [_tool(name) for name in TOOLS]
    if dialect == "openai" and request["stream"]:
        request["stream_options"] = {"include_usage": True}
    if dialect == "anthropic":
        request["max_tokens"] = 100_000
    return json.dumps(request).encode()


def _message(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _agent_messages() -> list[dict[str, str]]:
    turns = [_message(("user", "assistant")[n % 2], f"{n}. {TEXT}") for n in range(18)]
    return [_message("system", "You are a careful programmer."), *turns]


def _tool(name: str) -> dict[str, Any]:
    text = {"type": "string", "description": "As the operating system spells it."}
    parameters = {
        "type": "object",
        "properties": {"path": text, "pattern": text, "recursive": {"type": "boolean"}},
        "required": ["path"],
    }
    function = {
        "name": name,
        "description": f"To {name.replace('_', ' ')} in the user's working copy.",
        "parameters": parameters,
    }
    return {"type": "function", "function": function}


CHUNKS = ("cpu_us_chunk", "chunks_s")
PACED = ("cpu_us_chunk", "lat_p50", "lat_p99", "gap_p99")
REPLIES = ("cpu_ms_reply", "replies_s", "ttft_p50", "ttft_p99")
FIRST_TOKEN = ("ttft_p50", "ttft_p99", "cpu_ms_reply")
LATENCY = ("lat_p50", "lat_p99", "lat_max")
FULL_SPEED = Load(8, 1000)
DIALECTS = ("native", "openai", "anthropic")

SCENARIOS = {
    "pace": Scenario(
        "Natural pace: 8 streams at 500 tokens/s",
        paced(8, 500),
        PACED,
        plotted_tokens_s=4000,
    ),
    "pace3000": Scenario(
        "8 streams at 3,000 tokens/s on one worker",
        paced(8, 3000, 1.2),
        ("carried", *PACED),
        plotted_tokens_s=24000,
    ),
    "pace125": Scenario(
        "8 streams at 125 tokens/s",
        paced(8, 125),
        PACED,
        targets=RELAYS,
        plotted_tokens_s=1000,
    ),
    "pace1500": Scenario(
        "8 streams at 1,500 tokens/s",
        paced(8, 1500),
        PACED,
        targets=RELAYS,
        plotted_tokens_s=12000,
    ),
    "fast": Scenario(
        "Full speed: 8 clients, replies of 1,000 tokens", FULL_SPEED, CHUNKS
    ),
    "short": Scenario(
        "Short replies: 32 clients, 20 tokens",
        Load(32, 20),
        (*REPLIES, "connections"),
    ),
    "agent": Scenario(
        "Agent requests: 8 clients, 20 messages, 5 tools, 20 tokens",
        Load(8, 20, agent=True),
        REPLIES,
        targets=RELAYS,
    ),
    "first1": Scenario("First token, 1 client", Load(1, 20), FIRST_TOKEN),
    "first32": Scenario("First token, 32 clients", Load(32, 1), FIRST_TOKEN),
    "neighbours": Scenario(
        "8 streams at 500 tokens/s beside a client at full speed",
        paced(8, 500, 1.0),
        LATENCY,
        neighbour=Load(1, 20000),
    ),
    "bodies": Scenario(
        "8 streams at 1,000 tokens/s beside a client of 2 MB replies",
        paced(8, 1000, 1.2),
        LATENCY,
        neighbour=Load(1, 90000, stream=False),
    ),
    "dialects": Scenario(
        "Dialects at natural pace: 8 streams at 500 tokens/s",
        paced(8, 500),
        PACED,
        targets=("cerellama",),
        dialects=DIALECTS,
    ),
    "dialects_fast": Scenario(
        "Dialects at full speed: 8 clients, replies of 1,000 tokens",
        FULL_SPEED,
        CHUNKS,
        targets=("cerellama",),
        dialects=DIALECTS,
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
