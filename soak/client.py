"""One client: its requests one after the other, over a connection that it may keep."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from typing import Any

from soak.checks import OK, Broken
from soak.dialects import DIALECTS, request
from soak.heard import Heard
from soak.misspeaking import spoilt
from soak.plan import Plan

TIMEOUT_S = 60.0  # more is a hang
SIP = 8 << 10  # bytes that a dawdling client takes at a time
SIP_S = 0.02
PLACES = ("/", "/api/tags", "/api/ps", "/api/version", "/v1/models")
JSON = {"Content-Type": "application/json"}
LOST = (OSError, http.client.HTTPException)


class Client:
    def __init__(self, netloc: str) -> None:
        self._netloc = netloc
        self._connection: HTTPConnection | None = None

    def perform(self, plan: Plan) -> Heard:
        """Do as planned; what no client should meet is a broken promise."""
        try:
            heard = self._perform(plan)
        except TimeoutError as error:
            raise Broken(f"nothing came for {TIMEOUT_S:g} s") from error
        except LOST as error:
            raise Broken(f"the connection broke: {error!r}") from error
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise Broken(f"an illegible answer: {error!r}") from error
        if not plan.keeps or heard.left:
            self.close()
        return heard

    def close(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None

    def _perform(self, plan: Plan) -> Heard:
        if plan.manner == "looks around":
            return self._look(plan)
        body = json.dumps(request(plan)).encode()
        if plan.manner == "misspeaks":
            body = spoilt(plan)
        heard = Heard()
        if plan.manner == "leaves" and plan.patience == 0:
            self._send(plan, body)
            time.sleep(0.05)
            heard.left = True
            return heard
        began = time.monotonic()
        answer = self._send(plan, body).getresponse()
        heard.status, heard.head_s = answer.status, time.monotonic() - began
        hear(plan, heard, answer)
        return heard

    def _send(self, plan: Plan, body: bytes) -> HTTPConnection:
        connection = self._connected(plan)
        connection.request("POST", DIALECTS[plan.dialect].path, body, JSON)
        return connection

    def _look(self, plan: Plan) -> Heard:
        """At what every client looks at now and then."""
        connection = self._connected(plan)
        connection.request("GET", PLACES[plan.number % len(PLACES)])
        answer = connection.getresponse()
        return Heard(answer.status, text=answer.read().decode(), ended=True)

    def _connected(self, plan: Plan) -> HTTPConnection:
        if self._connection is None:
            self._connection = HTTPConnection(self._netloc, timeout=TIMEOUT_S)
            self._connection.connect()
            if plan.manner == "dawdles":  # nor does its system read much ahead
                option = (socket.SOL_SOCKET, socket.SO_RCVBUF, SIP)
                self._connection.sock.setsockopt(*option)
        return self._connection


def hear(plan: Plan, heard: Heard, answer: HTTPResponse) -> None:
    dialect = DIALECTS[plan.dialect]
    if plan.manner == "leaves":
        answer.read(plan.patience)
        heard.left = True
    elif heard.status != OK:
        heard.fail(dialect.error(json.loads(answer.read())))
    elif plan.stream:
        hear_stream(plan, heard, dialect.events(lines(answer, plan)))
    else:
        dialect.hear_whole(heard, json.loads(answer.read()))


def hear_stream(plan: Plan, heard: Heard, events: Iterator[Any]) -> None:
    for event in events:
        heard.after_end = heard.after_end or heard.ended
        DIALECTS[plan.dialect].hear(heard, event)


def lines(answer: HTTPResponse, plan: Plan) -> Iterator[bytes]:
    """As they come, or by and by."""
    taken = 0
    for line in answer:
        yield line
        taken += len(line)
        if plan.manner == "dawdles" and taken > SIP:
            time.sleep(SIP_S)
            taken = 0


@contextlib.contextmanager
def connected(netloc: str) -> Iterator[Client]:
    client = Client(netloc)
    try:
        yield client
    finally:
        client.close()
