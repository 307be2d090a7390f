"""The command: every check, one line each, as they come."""

from __future__ import annotations

from collections.abc import Iterator

import click

from app.config import Config
from app.doctor import machine
from app.doctor.finding import FAILED, Finding, ok
from app.doctor.upstream import check_upstream
from app.store.store import Store


def command(config: Config, store: Store) -> click.Command:
    """A bad setting has ended the start before, with a sentence."""

    @click.command("doctor", help="Say what keeps the server from working.")
    def doctor() -> None:
        states = []
        for finding in examine(config, store):
            click.echo(str(finding))
            states.append(finding.state)
        if FAILED in states:
            raise SystemExit(1)

    return doctor


def examine(config: Config, store: Store) -> Iterator[Finding]:
    yield ok("settings", "All can be read.")
    yield from check_upstream(config)
    yield machine.check_store(config, store)
    bound = machine.addresses(config)
    for address in bound:
        yield machine.check_port(address)
    yield from machine.check_ollamas_port(bound)
    yield machine.check_access(config, bound)
