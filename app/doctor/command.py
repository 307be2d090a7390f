"""The command `flask doctor`: run every check and print one line for each result."""

from collections.abc import Iterator

import click

from app.config import Config
from app.doctor import FAILED, Finding, machine, ok
from app.doctor.upstream import check_upstream
from app.server.addresses import is_free, listen_addresses
from app.store.store import Store


def command(config: Config, store: Store) -> click.Command:
    """Return the command; its exit code is 1 if a check fails."""

    @click.command("doctor", help="Check the settings, the network, keys and ports.")
    def doctor() -> None:
        states = []
        for finding in examine(config, store):
            click.echo(str(finding))
            states.append(finding.state)
        if FAILED in states:
            raise SystemExit(1)

    return doctor


def examine(config: Config, store: Store) -> Iterator[Finding]:
    """Yield the result of each check; a bad setting ends the program before."""
    yield ok("settings", "Settings are valid.")
    yield from check_upstream(config)
    yield machine.check_store(config, store)
    addresses = listen_addresses(config, is_free)
    for address in addresses:
        yield machine.check_port(address)
    yield from machine.check_default_port(addresses)
    yield machine.check_access(config, addresses)
