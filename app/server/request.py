"""gunicorn's request, but a head of the usual kind is read by one pattern."""

from __future__ import annotations

import re
from typing import Any

from gunicorn.http import message
from gunicorn.http.parser import RequestParser

# Names that nothing can be made of but themselves, and one line for each.
FIELD = rb"[A-Za-z0-9-]+:[\t -~\x80-\xff]*"
USUAL = re.compile(rb"%b(?:\r\n%b)*" % (FIELD, FIELD))

SPECIAL = {"EXPECT"}  # to gunicorn, whatever the settings


class Request(message.Request):
    cfg: Any  # the stubs say of nothing that it is there
    limit_request_fields: int
    limit_request_field_size: int

    def parse_headers(
        self, data: bytes, from_trailer: bool = False
    ) -> list[tuple[str, str]]:
        """What is repeated, long, or means something to gunicorn is gunicorn's."""
        if from_trailer or not self._is_usual(data):
            return super().parse_headers(data, from_trailer)
        lines = [line.partition(":") for line in data.decode("latin-1").split("\r\n")]
        fields = {name.upper(): value.strip(" \t") for name, _, value in lines}
        special = SPECIAL.union(self.cfg.secure_scheme_headers)
        if len(fields) < len(lines) or not special.isdisjoint(fields):
            return super().parse_headers(data)
        return list(fields.items())

    def _is_usual(self, data: bytes) -> bool:
        short = len(data) + len("\r\n") <= self.limit_request_field_size
        few = data.count(b"\n") < self.limit_request_fields
        return short and few and USUAL.fullmatch(data) is not None


class Parser(RequestParser):
    mesg_class = Request
