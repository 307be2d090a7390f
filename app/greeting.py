"""What is told at start: where the server listens, how to use it, what to beware of."""

from __future__ import annotations

from collections.abc import Sequence

from app import listen
from app.config import Config
from app.settings import Address

EXAMPLE_MODEL = "gpt-oss-120b"


def lines(config: Config, addresses: Sequence[Address]) -> list[str]:
    reachable = [listen.reachable(address) for address in addresses]
    urls = " and ".join(f"http://{address}" for address in reachable)
    model = config.cai_model or EXAMPLE_MODEL
    return [
        f"Cerellama listens at {urls}",
        f"Try it: OLLAMA_HOST={reachable[0]} ollama run {model}",
    ]


def warnings(config: Config, addresses: Sequence[Address]) -> list[str]:
    found = []
    exposed = [str(a) for a in addresses if not listen.is_loopback(a)]
    if exposed and not config.access_tokens:
        found.append(
            f"ANYONE WHO REACHES {' OR '.join(exposed)} SPENDS YOUR CEREBRAS CREDIT: "
            "set ACCESS_TOKENS, or listen on 127.0.0.1 only."
        )
    if not config.cerebras_api_keys:
        found.append(
            "CEREBRAS_API_KEY is not set: every chat is answered 503 "
            "until you put the key into .env and start again."
        )
    return found
