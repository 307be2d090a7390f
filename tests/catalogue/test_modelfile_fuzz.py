"""Modelfiles beside Ollama's own way of reading them, whatever is in them."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from app.catalogue import modelfile
from app.catalogue.derive import derive
from app.catalogue.metadata import TABLE
from app.catalogue.presets import bare
from app.domain.presets import Preset
from tests.catalogue import reading
from tests.fuzzing import at_least

GPT, QWEN = TABLE.values()

words = st.sampled_from(
    [
        "FROM",
        "from",
        "SYSTEM",
        "PARAMETER",
        "MESSAGE",
        "LICENSE",
        "TEMPLATE",
        "NONSENSE",
    ]
    + ["user", "assistant", "robot", "stop", "temperature", "gpt-oss-120b", "1", "7 8"]
    + ['"', '"""', '""', "#", "# no", "é", "_a", "x y", "true", ": ", "\\", "FROMage"]
)
blanks = st.sampled_from([" ", "\n", " ", "\n", "\r\n", "\t", "  ", "\r", ""])
texts = st.lists(st.tuples(words, blanks), max_size=10).map(
    lambda pairs: "".join(word + blank for word, blank in pairs)
)

# A quote before a line end would end its own quotes: Ollama cannot write such a text.
printable = st.text(
    st.sampled_from('"ab #\n\té\\{}.:') | st.characters(categories=["L", "N", "P"]),
    max_size=30,
).map(lambda text: re.sub(r'"(\s*[\r\n])', r"'\1", text))
filled = printable.filter(bool)


@at_least(200)
@given(texts)
def test_what_ollama_refuses_is_refused_and_all_else_read_alike(text: str) -> None:
    try:
        expected = reading.read(text)
    except reading.Refused:
        expected = None

    try:
        found = spelt(text)
    except ValueError:
        found = None

    assert found == expected


def spelt(text: str) -> list[tuple[str, str, str]]:
    modelfile.parse(text)
    return [
        (word.lower(), name, value) for word, name, value in modelfile.commands(text)
    ]


@st.composite
def presets(draw: st.DrawFn) -> Preset:
    base = bare(draw(st.sampled_from([GPT, QWEN])))
    roles = st.sampled_from(["user", "assistant", "system"])
    said = st.fixed_dictionaries({"role": roles, "content": printable})
    return replace(
        base,
        system=draw(printable),
        template=draw(filled),
        parameters={
            **base.parameters,
            "temperature": draw(st.floats(0, 2).filter(lambda f: not f.is_integer())),
            "seed": draw(st.integers(-(2**31), 2**31)),
            "stop": draw(st.lists(filled, min_size=1, max_size=3)),
        },
        messages=tuple(draw(st.lists(said, min_size=1, max_size=3))),
        licenses=tuple(draw(st.lists(filled, min_size=1, max_size=2, unique=True))),
    )


@given(presets())
def test_what_is_rendered_is_read_back_by_ollama_and_by_us(preset: Preset) -> None:
    text = modelfile.render("x:latest", preset)
    base = bare(GPT if preset.base == GPT.id else QWEN)

    body = modelfile.parse(text)

    assert derive(replace(base, licenses=()), "x", body).digest == preset.digest
    assert reading.read(text) == spelt(text)
