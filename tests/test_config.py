"""Good and bad values of every setting."""

import pytest

from app.config import VARIABLES, Config, ConfigError, from_env
from app.settings import Address

SECOND = 1_000_000_000

GOOD = [
    ("CEREBRAS_API_KEY", "csk-1", ("csk-1",)),
    ("CEREBRAS_API_KEY", " csk-1 , csk-2,", ("csk-1", "csk-2")),
    ("CEREBRAS_BASE_URL", "http://127.0.0.1:9/v1/", "http://127.0.0.1:9/v1"),
    ("CAI_MODEL", "gpt-oss-120b", "gpt-oss-120b"),
    ("CAI_MODEL", "gpt-oss:120b-cloud", "gpt-oss:120b-cloud"),
    ("FALLBACK_MODELS", " qwen-3.8-27b, b:1 ", ("qwen-3.8-27b", "b:1")),
    ("OLLAMA_PASSTHROUGH_URL", "http://gpu:11434/", "http://gpu:11434"),
    ("OLLAMA_PASSTHROUGH_URL", "https://a.example/ollama", "https://a.example/ollama"),
    ("PORT", "0", 0),
    ("PORT", " '8080' ", 8080),
    ("HOST", "::", "::"),
    ("HOST", "[::1]", "::1"),
    ("HOST", "my-host.example", "my-host.example"),
    ("WEB_CONCURRENCY", "3", 3),
    ("ACCESS_TOKENS", "one,two", ("one", "two")),
    ("ALLOWED_HOSTS", "Chat.Example.com, other", ("chat.example.com", "other")),
    ("ALLOWED_HOSTS", "*", ("*",)),
    ("OLLAMA_ORIGINS", "https://a.example,*.b", ("https://a.example", "*.b")),
    ("OLLAMA_ORIGINS", "chrome-extension://abc", ("chrome-extension://abc",)),
    ("OLLAMA_KEEP_ALIVE", "5m", 300 * SECOND),
    ("OLLAMA_KEEP_ALIVE", "1.5h", 5400 * SECOND),
    ("OLLAMA_KEEP_ALIVE", "90", 90 * SECOND),
    ("OLLAMA_KEEP_ALIVE", "0", 0),
    ("OLLAMA_KEEP_ALIVE", "-1", -1),
    ("OLLAMA_KEEP_ALIVE", "-5m", -1),
    ("OLLAMA_MAX_QUEUE", "0", 0),
    ("DATABASE_URL", "sqlite:////tmp/store.db", "sqlite:////tmp/store.db"),
    ("DATABASE_URL", "postgres://me:pw@db:5432/x", "postgres://me:pw@db:5432/x"),
    ("DATABASE_URL", "postgresql+psycopg://db/x", "postgresql+psycopg://db/x"),
    ("MAX_UPSTREAM_REQUESTS", "1", 1),
    ("CONNECT_TIMEOUT_S", "0.5", 0.5),
    ("RETRY_WAIT_S", "0", 0.0),
    ("DEFAULT_NUM_PREDICT", "4096", 4096),
    ("LOG_LEVEL", "DEBUG", "debug"),
]

BAD = [
    ("CEREBRAS_BASE_URL", "api.cerebras.ai"),
    ("CEREBRAS_BASE_URL", "https://user:word@host/v1"),
    ("CEREBRAS_BASE_URL", "http://host:notaport"),
    ("CAI_MODEL", "my model!"),
    ("FALLBACK_MODELS", "a,my model!"),
    ("FALLBACK_MODELS", ","),
    ("OLLAMA_PASSTHROUGH_URL", "127.0.0.1:11434"),
    ("OLLAMA_PASSTHROUGH_URL", "http://me:secret@gpu:11434"),
    ("OLLAMA_PASSTHROUGH_URL", "http://gpu:11434?x"),
    ("CONNECT_TIMEOUT_S", "soon"),
    ("PORT", "http"),
    ("PORT", "65536"),
    ("PORT", "-1"),
    ("PORT", "6_000"),
    ("HOST", "http://0.0.0.0"),
    ("OLLAMA_HOST", "not a host"),
    ("OLLAMA_HOST", "a:b:c"),
    ("WEB_CONCURRENCY", "0"),
    ("ALLOWED_HOSTS", ", ,"),
    ("ALLOWED_HOSTS", "https://chat.example.com"),
    ("ALLOWED_HOSTS", "chat.example.com:8080"),
    ("OLLAMA_ORIGINS", "chat.example.com"),
    ("OLLAMA_ORIGINS", "https://*.example.*"),
    ("OLLAMA_KEEP_ALIVE", "1d"),
    ("OLLAMA_MAX_QUEUE", "many"),
    ("MAX_UPSTREAM_REQUESTS", "0"),
    ("CONNECT_TIMEOUT_S", "0"),
    ("CONNECT_TIMEOUT_S", "nan"),
    ("IDLE_TIMEOUT_S", "inf"),
    ("RETRY_WAIT_S", "-1"),
    ("RETRY_WAIT_S", "soon"),
    ("DEFAULT_NUM_PREDICT", "0"),
    ("MAX_BODY_MB", "1.5"),
    ("GRACE_S", "25s"),
    ("LOG_LEVEL", "loud"),
]

# From the tests of Ollama's parser, envconfig.Host.
OLLAMA_HOSTS = [
    ("1.2.3.4", Address("1.2.3.4", 11434)),
    ("example.com", Address("example.com", 11434)),
    ("1.2.3.4:80", Address("1.2.3.4", 80)),
    (":1234", Address("0.0.0.0", 1234)),
    ("[::1]", Address("::1", 11434)),
    ("::1", Address("::1", 11434)),
    ("[::1]:1234", Address("::1", 1234)),
    ("http://1.2.3.4", Address("1.2.3.4", 80)),
    ("https://1.2.3.4", Address("1.2.3.4", 443)),
    ("https://1.2.3.4:1234", Address("1.2.3.4", 1234)),
    ("https://example.com/ollama", Address("example.com", 443)),
    ("http://", Address("127.0.0.1", 80)),
    ("example.com/", Address("example.com", 11434)),
    (":66000", Address("0.0.0.0", 11434)),
    (":-1", Address("0.0.0.0", 11434)),
    ("1.2.3.4:", Address("1.2.3.4", 11434)),
    ("ollama.com", Address("ollama.com", 443)),
]


@pytest.mark.parametrize(("name", "value", "expected"), GOOD)
def test_good_value_is_parsed(name: str, value: str, expected: object) -> None:
    (field,) = [field for field, variable in VARIABLES.items() if variable == name]

    assert getattr(from_env({name: value}), field) == expected


@pytest.mark.parametrize(("name", "value"), BAD)
def test_bad_value_raises_one_sentence(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_env({name: value})

    sentence = str(caught.value)
    assert sentence.startswith(f"{name} is {value!r}: it must be ")
    assert sentence.endswith(".")
    assert "\n" not in sentence


@pytest.mark.parametrize("name", ["CEREBRAS_API_KEY", "ACCESS_TOKENS"])
@pytest.mark.parametrize("value", [",", "csk-1 csk-2", "csk-\u2713"])
def test_error_for_a_bad_secret_does_not_contain_it(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_env({name: value})

    assert str(caught.value).startswith(f"{name} must be ")
    assert value.strip(",") == "" or value not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://me:pw@db/x",
        "postgresql://me:pw@db:port/x",
        "store.db",
        "postgresql+asyncpg://db/x",
    ],
)
def test_error_for_a_bad_database_url_does_not_contain_it(value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_env({"DATABASE_URL": value})

    assert str(caught.value).startswith("DATABASE_URL must be sqlite:///<path of a ")
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("value", ["", "  ", '""', "' '"])
def test_empty_value_counts_as_unset(value: str) -> None:
    assert from_env(dict.fromkeys(VARIABLES.values(), value)) == Config()


def test_repr_hides_secrets() -> None:
    config = Config(
        cerebras_api_keys=("csk-hidden",),
        access_tokens=("hush",),
        database_url="secret",
    )

    assert "csk-hidden" not in repr(config)
    assert "hush" not in repr(config)
    assert "secret" not in repr(config)


@pytest.mark.parametrize(("value", "expected"), OLLAMA_HOSTS)
def test_ollama_host_is_parsed_as_in_ollama(value: str, expected: Address) -> None:
    assert from_env({"OLLAMA_HOST": value}).ollama_host == expected
