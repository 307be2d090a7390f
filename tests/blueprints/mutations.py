"""Hypothesis strategies that damage the sample requests of every route."""

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import zstandard
from hypothesis import strategies as st

from tests.blueprints.samples import SAMPLES

# Literals that `json.dumps` does not write: encode() replaces their marked text.
BARE = ("NaN", "-Infinity", "1e999", "9" * 5000, "-0", "0.0", "[" * 2000, "nul")
MARK = "\x01bare:"
TEXTS = [
    *("", " ", "x", "\x00", "\ud800", "\udfff\ud800", "a\u2028b\u0085", "\ufeff", "5m"),
    *("9" * 400, "é" * 300, "%s%n{0}", "../../etc/passwd", "{{ .X }}", "{{ if", "null"),
    *("data:;base64,", "data:image/png;base64,AAAA", "http://127.0.0.1:9/", "user"),
    *("system", "tool", "assistant", "developer", "function", "text", "image", "input"),
    *("gpt-oss-120b", "qwen-3.8-27b", "made", "a/b/c:d", "json", "none", "required"),
]
NUMBERS = [0, 1, -1, 2**31, 2**53 + 1, 2**63, -(2**64), 1e300, -1e-300, 0.5, 8192.0]

texts = st.sampled_from(TEXTS) | st.text(max_size=8)
bare = st.sampled_from(BARE).map(lambda text: MARK + text)
scalars = st.none() | st.booleans() | st.sampled_from(NUMBERS) | texts | bare
keys = st.sampled_from(["type", "name", "text", "content", "", "$ref", "id"]) | texts
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3)
    ),
    max_leaves=6,
)

HEADERS: Mapping[str, list[str]] = {
    "Content-Type": ["", "text/plain", "application/json", "x/y; charset=\xff", "\t"]
    + ["multipart/form-data", "multipart/form-data; boundary=b", "a/b;boundary*=x"],
    "Content-Encoding": ["", "gzip", "zstd", "ZSTD ", "zstd, zstd", "identity", "\xff"],
    "Accept": ["", "*/*", "text/event-stream", "application/json;q=x"],
    "Authorization": ["", "Bearer", "Bearer \xff", "Basic !!!", "Basic Og==", "Digest"],
    "X-Api-Key": ["", "\xff", "x" * 300],
    "Anthropic-Version": ["", "2023-06-01", "\xff", "x" * 300],
    "Anthropic-Beta": ["", "a,b", ",,,"],
    "Origin": ["null", "http://localhost", "https://evil.example", "\xff", "://"],
    "Host": ["", "localhost", "[::1", "evil.example", "a:b:c", "\xff", "127.0.0.1:x"],
    "User-Agent": ["", "GitHubCopilotChat/1", "\xff"],
    "X-Request-Id": ["", "\xff", "x" * 500],
    "X-Forwarded-For": ["", "::::", "1.2.3.4, x"],
    "Range": ["bytes=0-", "x"],
    "Expect": ["100-continue", "x"],
    "If-None-Match": ["*", "\xff"],
    "Cookie": ["a=b; \xff", "=;=;"],
    "Transfer-Encoding": ["identity", "gzip"],
}
QUERIES = [
    "",
    "a",
    "a=b",
    "%",
    "%00",
    "%ff=%fe",
    "a=" + "b" * 3000,
    "=&=&&",
    "stream=1",
]
PATHS = ["", "/", "/..", "/%2e%2e/", "//", "/%00", "/\xff", "?", ";x", "/" + "a" * 3000]
NAMES = [
    "x",
    "..",
    "%2e%2e",
    "a/b",
    "%00",
    "\xff",
    "sha256:" + "0" * 64,
    "a" * 3000,
    " ",
]


class Request(NamedTuple):
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@st.composite
def requests(draw: st.DrawFn, method: str, rule: str) -> Request:
    """Draw a request of a route: mostly a valid body with a small damage."""
    head, _, parameter = rule.partition("<")
    path = head + (draw(st.sampled_from(NAMES)) if parameter else "")
    is_odd_path = draw(st.integers(0, 9)) == 0
    names = draw(st.lists(st.sampled_from(sorted(HEADERS)), max_size=2, unique=True))
    return Request(
        method,
        path + (draw(st.sampled_from(PATHS)) if is_odd_path else ""),
        draw(st.sampled_from(QUERIES)) if is_odd_path else "",
        *draw(
            compressed(
                {name: draw(st.sampled_from(HEADERS[name])) for name in names},
                draw(bodies(method, rule)),
            )
        ),
    )


@st.composite
def compressed(
    draw: st.DrawFn, headers: dict[str, str], body: bytes
) -> tuple[dict[str, str], bytes]:
    """Draw a body, compressed and damaged now and then, and its headers."""
    if draw(st.integers(0, 7)):
        return headers, body
    body = zstandard.compress(body)
    if draw(st.booleans()):
        body = body[: draw(st.integers(0, len(body)))] + draw(st.binary(max_size=4))
    return {**headers, "Content-Encoding": "zstd"}, body


@st.composite
def bodies(draw: st.DrawFn, method: str, rule: str) -> bytes:
    kind = draw(st.integers(0, 19))
    if kind == 0:
        return draw(st.binary(max_size=60))
    if kind == 1:
        return encode(draw(values))
    sample = draw(st.sampled_from(SAMPLES.get((method, rule), [{}])))
    data = (
        sample.encode() if isinstance(sample, str) else encode(draw(distorted(sample)))
    )
    if kind == 2:
        return data[: draw(st.integers(0, len(data)))]
    if kind == 3:
        place = draw(st.integers(0, len(data)))
        return data[:place] + draw(st.binary(max_size=4)) + data[place + 1 :]
    return data


def encode(value: Any) -> bytes:
    text = json.dumps(value)
    for each in BARE:
        text = text.replace(json.dumps(MARK + each), each)
    return text.encode()


@st.composite
def distorted(draw: st.DrawFn, sample: Any) -> Any:
    """Draw a copy of the sample with up to three changes."""
    value = copy.deepcopy(sample)
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3]))):
        all_places = list(places(value))
        if not all_places:
            return draw(values)
        holder, key = draw(st.sampled_from(all_places))
        DISTORTIONS[draw(st.sampled_from(sorted(DISTORTIONS)))](draw, holder, key)
    return value


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the container and the key or index of every value in a document."""
    for key, inner in list(
        value.items() if isinstance(value, dict) else enumerate(value)
    ):
        yield value, key
        if isinstance(inner, dict | list):
            yield from places(inner)


def replace(draw: st.DrawFn, holder: Any, key: Any) -> None:
    holder[key] = draw(values)


def drop(draw: st.DrawFn, holder: Any, key: Any) -> None:
    del holder[key]


def wrap(draw: st.DrawFn, holder: Any, key: Any) -> None:
    inner = holder[key]
    holder[key] = draw(st.sampled_from([[inner], [[inner]], {"type": inner}]))


def rename(draw: st.DrawFn, holder: Any, key: Any) -> None:
    if isinstance(holder, dict):
        other = draw(st.sampled_from([key.upper(), key.title(), key + "\x00", "type"]))
        holder[other] = holder.pop(key)


def add(draw: st.DrawFn, holder: Any, key: Any) -> None:
    if isinstance(holder, dict):
        holder[draw(keys)] = draw(values)
    else:
        holder.insert(0, draw(values))


def repeat(draw: st.DrawFn, holder: Any, key: Any) -> None:
    if isinstance(holder, list):
        holder += [copy.deepcopy(holder[key])] * draw(st.sampled_from([1, 2, 40]))


def deepen(draw: st.DrawFn, holder: Any, key: Any) -> None:
    inner = holder[key]
    for _ in range(draw(st.sampled_from([5, 60, 120]))):
        inner = [inner]
    holder[key] = inner


DISTORTIONS = {
    "add": add,
    "deepen": deepen,
    "drop": drop,
    "rename": rename,
    "repeat": repeat,
    "replace": replace,
    "wrap": wrap,
}
