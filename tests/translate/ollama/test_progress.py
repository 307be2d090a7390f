import itertools
from collections.abc import Iterable

import pytest

from app.catalogue.metadata import TABLE
from app.errors import CerellamaError
from app.translate.dialect import Event
from app.translate.ollama import progress

GPT = TABLE["gpt-oss-120b"].listed


def read_lines(batches: Iterable[list[Event]]) -> tuple[list[Event], str]:
    """Return the lines and the text of the error that ends them, or ""."""
    lines: list[Event] = []
    try:
        for batch in batches:
            lines += batch
    except CerellamaError as error:
        assert error.status == 500
        return lines, error.message
    return lines, ""


def test_pull_of_a_model_succeeds() -> None:
    lines, error_text = read_lines(progress.pull(GPT))

    layer = {
        "status": f"pulling {GPT.digest[:12]}",
        "digest": f"sha256:{GPT.digest}",
        "total": GPT.size,
    }
    assert error_text == ""
    assert lines == [
        {"status": "pulling manifest"},
        layer,
        {**layer, "completed": GPT.size},
        {"status": "verifying sha256 digest"},
        {"status": "writing manifest"},
        {"status": "success"},
    ]


def test_status_of_a_layer_begins_its_digest() -> None:
    _, layer, *_ = itertools.chain.from_iterable(progress.pull(GPT))

    assert isinstance(layer, dict)
    assert layer["status"] == f"pulling {layer['digest'][7:19]}"


def test_pull_of_an_unknown_model_fails_with_ollamas_error() -> None:
    lines, error_text = read_lines(progress.pull(None))

    assert lines == [{"status": "pulling manifest"}]
    assert error_text == "pull model manifest: file does not exist"


@pytest.mark.parametrize("is_known", [True, False])
def test_push_fails_after_its_first_line(is_known: bool) -> None:
    (first, *rest), error_text = read_lines(progress.push("mine", is_known=is_known))

    assert first == {"status": "retrieving manifest"}
    assert bool(rest) is not is_known
    assert ("mine" in error_text) is not is_known


def test_errors_of_push_do_not_mention_permissions() -> None:
    """The CLI replaces such a text by advice about namespaces."""
    for is_known in (True, False):
        _, error_text = read_lines(progress.push("mine", is_known=is_known))
        assert not any(text in error_text for text in ("access denied", "unauthorized"))
