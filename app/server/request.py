"""gunicorn's request, but one of the usual kind is read at once.

Its head is read by one pattern, its body is what came with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from gunicorn.http import message
from gunicorn.http.unreader import Unreader

from app.web.body import SMALL

# A path that needs no decoding, names that nothing can be made of but themselves, and
# one line for each.
PATH = rb"/|(?:/[\w.:@~-]+)+"
FIELD = rb"[A-Za-z0-9-]+:[\t -~\x80-\xff]*"
FIELDS = rb"%b(?:\r\n%b)*" % (FIELD, FIELD)
USUAL = re.compile(rb"([A-Z]{3,20}) (%b) HTTP/1\.1\r\n(%b)\r\n\r\n" % (PATH, FIELDS))

SPECIAL = {"EXPECT"}  # to gunicorn, whatever the settings


class Whole(BytesIO):
    """A body that has come; read in one, as it mostly is, it is kept no longer."""

    failed = False

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._size = len(data)

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        if len(data) == self._size:
            super().__init__(b"")  # nothing less gives its room back
        return data


class Request(message.Request):
    """`is_usual`: its fields are named once each, and its path is all of its target."""

    is_usual = False
    body: Any
    cfg: Any  # the stubs say of nothing that it is there
    limit_request_line: int
    limit_request_fields: int
    limit_request_field_size: int

    def parse(self, unreader: Unreader) -> bytes:
        """A head that is long, repeats itself or means more to it is gunicorn's."""
        data = unreader.read()
        head = USUAL.match(data)
        fields = self._fields(head) if head else None
        if not (head and fields):
            unreader.unread(data)
            return super().parse(unreader)
        self.is_usual = True
        self.method = head[1].decode()
        self.uri = self.path = head[2].decode()
        self.query = self.fragment = ""
        self.version = 1, 1
        self.headers = list(fields.items())
        return self._take_body(data[head.end() :], fields)

    def set_body_reader(self) -> None:
        if self.body is None:
            super().set_body_reader()

    def _fields(self, head: re.Match[bytes]) -> dict[str, str] | None:
        longest = min(self.limit_request_line, self.limit_request_field_size)
        lines = head[3].decode("latin-1").split("\r\n")
        if head.end() > longest or len(lines) > self.limit_request_fields:
            return None
        parts = [line.partition(":") for line in lines]
        fields = {name.upper(): value.strip(" \t") for name, _, value in parts}
        special = SPECIAL.union(self.cfg.secure_scheme_headers)
        once = len(fields) == len(lines)
        return fields if once and special.isdisjoint(fields) else None

    def _take_body(self, data: bytes, fields: Mapping[str, str]) -> bytes:
        """What follows it: all of this, if a part is still to come."""
        told = fields.get("CONTENT-LENGTH", "0")
        if "TRANSFER-ENCODING" in fields or not SMALL.fullmatch(told):
            return data
        size = int(told)
        if len(data) < size:
            return data
        self.body = Whole(data[:size])
        return data[size:]
