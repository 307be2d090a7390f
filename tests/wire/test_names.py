import pytest

from app.errors import InvalidRequest
from app.wire import names


@pytest.mark.parametrize(
    ("text", "display", "full"),
    [
        ("llama3", "llama3:latest", "registry.ollama.ai/library/llama3:latest"),
        ("llama3:8b", "llama3:8b", "registry.ollama.ai/library/llama3:8b"),
        ("me/x", "me/x:latest", "registry.ollama.ai/me/x:latest"),
        ("library/x", "x:latest", "registry.ollama.ai/library/x:latest"),
        ("hf.co/me/x:q4", "hf.co/me/x:q4", "hf.co/me/x:q4"),
        ("h:5000/me/x", "h:5000/me/x:latest", "h:5000/me/x:latest"),
        ("https://hf.co/me/x", "hf.co/me/x:latest", "hf.co/me/x:latest"),
        ("registry.ollama.ai/library/x:1", "x:1", "registry.ollama.ai/library/x:1"),
        (" llama3\n", "llama3:latest", "registry.ollama.ai/library/llama3:latest"),
        ("_x", "_x:latest", "registry.ollama.ai/library/_x:latest"),
        ("x:" + "t" * 80, "x:" + "t" * 80, "registry.ollama.ai/library/x:" + "t" * 80),
    ],
)
def test_name_gets_defaults(text: str, display: str, full: str) -> None:
    name = names.parse(text)

    assert name.display == display
    assert name.full == full


@pytest.mark.parametrize(
    ("text", "display"),
    [
        ("gpt-oss:120b-cloud", "gpt-oss:120b"),
        ("gpt-oss:120b:cloud", "gpt-oss:120b"),
        ("gpt-oss-120b:cloud", "gpt-oss-120b:latest"),
        ("gpt-oss-120b:CLOUD", "gpt-oss-120b:latest"),
        ("gpt-oss:120b-Cloud", "gpt-oss:120b"),
        ("gpt-oss-120b:local", "gpt-oss-120b:latest"),
        ("gpt-oss:120b:local", "gpt-oss:120b"),
        ("my-cloud-model", "my-cloud-model:latest"),
        ("my-model-cloud", "my-model-cloud:latest"),
        ("x:cloudy", "x:cloudy"),
    ],
)
def test_source_suffix_is_removed(text: str, display: str) -> None:
    assert names.parse(text).display == display


@pytest.mark.parametrize(
    "text", ["foo:cloud:local", "foo:local:cloud", "foo:8b-cloud:local"]
)
def test_two_source_suffixes_raise_ollamas_error(text: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        names.parse(text)

    assert raised.value.message == f'use either :local or :cloud, not both: "{text}"'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "foo:",
        ":tag",
        "/foo",
        "foo/",
        "a b",
        "-foo",
        ".foo",
        "foo:-tag",
        "foo@sha256",
        "foo:a:b",
        "my.space/foo",
        "modèle",
        "a/b/c/d",
        "m" * 81,
        "foo:bar\nbaz",
        f"{'h' * 351}/ns/model",
    ],
    ids=repr,
)
def test_illegal_name_raises_ollamas_error(text: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^invalid model name$"):
        names.parse(text)


@pytest.mark.parametrize(
    "text", ["GPT-OSS-120B", "gpt-oss-120b:latest", "library/gpt-oss-120b:Latest"]
)
def test_key_ignores_case_and_includes_defaults(text: str) -> None:
    assert names.parse(text).key == names.parse("gpt-oss-120b").key


def test_parsed_names_are_cached_unless_they_are_long() -> None:
    """Long names of hostile clients must not fill the memory."""
    tail = "/me/x"
    longest = "h" * (names.MAX_CACHED_LENGTH - len(tail)) + tail

    assert names.parse(longest) is names.parse(longest)
    assert names.parse(f"h{longest}") is not names.parse(f"h{longest}")
