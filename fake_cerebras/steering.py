"""What tests set from outside: scripts that wait for their request, and gates."""

from __future__ import annotations

from gevent.event import Event

from fake_cerebras.script import Script


class Steering:
    """A queue of scripts, and gates by name at which answers hold."""

    def __init__(self) -> None:
        self._scripts: list[Script] = []
        self._gates: dict[str, Event] = {}

    def add(self, script: Script, times: int) -> None:
        self._scripts += [script] * times

    def take(self, last_words: str) -> Script | None:
        """The first script in the queue that is for this request."""
        for place, script in enumerate(self._scripts):
            if script.match is None or script.match in last_words:
                return self._scripts.pop(place)
        return None

    def gate(self, name: str) -> Event:
        return self._gates.setdefault(name, Event())

    def release(self, name: str) -> None:
        self.gate(name).set()

    def clear(self) -> None:
        """Forget all; what still holds goes on."""
        for gate in self._gates.values():
            gate.set()
        self._gates = {}
        self._scripts = []
