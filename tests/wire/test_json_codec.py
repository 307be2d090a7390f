"""One object a line, and no line break inside it that any client could see."""

from __future__ import annotations

import json

from app.wire import json_codec


def test_an_object_is_one_line() -> None:
    assert json_codec.encode_line({"a": 1, "b": "x\ny"}) == b'{"a":1,"b":"x\\ny"}\n'


def test_line_breaks_that_only_unicode_knows_are_escaped() -> None:
    text = "a\u0085b\u2028c\u2029d"

    line = json_codec.encode_line({"text": text})

    assert line.isascii()
    assert len(line.decode().splitlines()) == 1
    assert json.loads(line) == {"text": text}
