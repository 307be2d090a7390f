from app.errors import UpstreamError
from app.translate.ollama.dialect import DIALECT


def test_a_batch_leaves_as_lines() -> None:
    events = [{"response": "é\u2028"}, b'{"made":"before"}\n', {"done": True}]

    assert DIALECT.encode_all(events) == (
        '{"response":"é\\u2028"}\n{"made":"before"}\n{"done":true}\n'.encode()
    )


def test_an_empty_batch_is_no_line() -> None:
    assert DIALECT.encode_all([]) == b""


def test_an_error_is_told_in_one_key() -> None:
    assert DIALECT.mimetype == "application/x-ndjson"
    assert DIALECT.from_error(UpstreamError("it broke")) == {"error": "it broke"}
