import pytest

from app.catalogue.metadata import TABLE
from app.errors import CerellamaError
from app.translate.ollama import progress

GPT = TABLE["gpt-oss-120b"].listed


def test_pull_of_a_model_succeeds() -> None:
    layer = {
        "status": f"pulling {GPT.digest[:12]}",
        "digest": f"sha256:{GPT.digest}",
        "total": GPT.size,
    }
    assert sum(progress.pull(GPT), []) == [
        {"status": "pulling manifest"},
        layer,
        {**layer, "completed": GPT.size},
        {"status": "verifying sha256 digest"},
        {"status": "writing manifest"},
        {"status": "success"},
    ]


@pytest.mark.parametrize("is_known", [True, False])
def test_error_of_push_does_not_mention_permissions(is_known: bool) -> None:
    """The CLI replaces such a text by advice about namespaces."""
    with pytest.raises(CerellamaError) as refusal:
        list(progress.push("mine", is_known=is_known))

    assert "access denied" not in refusal.value.message
    assert "unauthorized" not in refusal.value.message
