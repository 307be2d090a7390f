"""A client that sends requests one after the other, over a connection it may keep."""

import contextlib
import http.client
import json
import socket
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse

from soak.dialects import DIALECTS, request_body
from soak.plan import Plan
from soak.reply import OK, Reply, Violation

TIMEOUT_S = 60.0
SLOW_READ = 8 << 10  # bytes that a slow client reads between two pauses
SLOW_PAUSE_S = 0.02
GET_PATHS = ("/", "/api/tags", "/api/ps", "/api/version", "/v1/models")
JSON = {"Content-Type": "application/json"}


class Client:
    def __init__(self, netloc: str) -> None:
        self._netloc = netloc
        self._connection: HTTPConnection | None = None

    def send(self, plan: Plan) -> Reply:
        """Send the planned request and return its reply; raise `Violation`."""
        try:
            reply = self._send_get(plan) if is_get(plan) else self._send_post(plan)
        except TimeoutError as error:
            raise Violation(f"nothing received for {TIMEOUT_S:g} s") from error
        except (OSError, http.client.HTTPException) as error:
            raise Violation(f"the connection broke: {error!r}") from error
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise Violation(f"an unreadable reply: {error!r}") from error
        if not plan.keep_alive or reply.disconnected:
            self.close()
        return reply

    def close(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None

    def _send_get(self, plan: Plan) -> Reply:
        connection = self._connect(plan)
        connection.request("GET", GET_PATHS[plan.number % len(GET_PATHS)])
        response = connection.getresponse()
        return Reply(response.status, text=response.read().decode(), ended=True)

    def _send_post(self, plan: Plan) -> Reply:
        started = time.monotonic()
        connection = self._connect(plan)
        path = DIALECTS[plan.dialect].path
        connection.request("POST", path, request_body(plan), JSON)
        if plan.behaviour == "disconnects" and plan.bytes_read == 0:
            time.sleep(0.05)
            return Reply(disconnected=True)
        response = connection.getresponse()
        reply = Reply(response.status, head_s=time.monotonic() - started)
        read_reply(plan, reply, response)
        return reply

    def _connect(self, plan: Plan) -> HTTPConnection:
        if self._connection is None:
            self._connection = HTTPConnection(self._netloc, timeout=TIMEOUT_S)
            self._connection.connect()
            if plan.behaviour == "reads slowly":
                option = (socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_READ)
                self._connection.sock.setsockopt(*option)
        return self._connection


def is_get(plan: Plan) -> bool:
    return plan.behaviour == "sends a GET"


def read_reply(plan: Plan, reply: Reply, response: HTTPResponse) -> None:
    dialect = DIALECTS[plan.dialect]
    if plan.behaviour == "disconnects":
        response.read(plan.bytes_read)
        reply.disconnected = True
    elif reply.status != OK:
        reply.fail(dialect.error_text(json.loads(response.read())))
    elif plan.stream:
        for event in dialect.events(read_lines(response, plan)):
            reply.events_after_end = reply.events_after_end or reply.ended
            dialect.read_event(reply, event)
    else:
        dialect.read_whole(reply, json.loads(response.read()))


def read_lines(response: HTTPResponse, plan: Plan) -> Iterator[bytes]:
    size = 0
    for line in response:
        yield line
        size += len(line)
        if plan.behaviour == "reads slowly" and size > SLOW_READ:
            time.sleep(SLOW_PAUSE_S)
            size = 0


@contextlib.contextmanager
def open_client(netloc: str) -> Iterator[Client]:
    client = Client(netloc)
    try:
        yield client
    finally:
        client.close()
