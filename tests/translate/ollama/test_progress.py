from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest

from app.catalogue.metadata import TABLE
from app.errors import CerellamaError
from app.translate.dialect import Event
from app.translate.ollama import progress

GPT = TABLE["gpt-oss-120b"].listed


def told(batches: Iterable[list[Event]]) -> tuple[list[Event], str]:
    """The lines, and the text of the failure that ends them."""
    lines: list[Event] = []
    try:
        for batch in batches:
            lines += batch
    except CerellamaError as error:
        assert error.status == 500
        return lines, error.message
    return lines, ""


def test_a_pull_succeeds_at_once() -> None:
    lines, failure = told(progress.pull(GPT))

    layer = {
        "status": f"pulling {GPT.digest[:12]}",
        "digest": f"sha256:{GPT.digest}",
        "total": GPT.size,
    }
    assert failure == ""
    assert lines == [
        {"status": "pulling manifest"},
        layer,
        {**layer, "completed": GPT.size},
        {"status": "verifying sha256 digest"},
        {"status": "writing manifest"},
        {"status": "success"},
    ]


def test_the_digest_of_a_layer_is_as_long_as_clients_cut_it() -> None:
    _, layer, *_ = itertools.chain.from_iterable(progress.pull(GPT))

    assert isinstance(layer, dict)
    assert layer["status"] == f"pulling {layer['digest'][7:19]}"


def test_a_pull_of_an_unknown_model_fails_in_ollamas_words() -> None:
    lines, failure = told(progress.pull(None))

    assert lines == [{"status": "pulling manifest"}]
    assert failure == "pull model manifest: file does not exist"


@pytest.mark.parametrize("is_known", [True, False])
def test_a_push_fails_after_its_first_line(is_known: bool) -> None:
    (first, *rest), failure = told(progress.push("mine", is_known=is_known))

    assert first == {"status": "retrieving manifest"}
    assert bool(rest) is not is_known
    assert ("mine" in failure) is not is_known


def test_no_refusal_of_a_push_speaks_of_rights() -> None:
    """The CLI replaces such a text by advice on namespaces."""
    for is_known in (True, False):
        _, failure = told(progress.push("mine", is_known=is_known))
        assert not any(text in failure for text in ("access denied", "unauthorized"))
