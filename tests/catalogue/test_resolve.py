import logging
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from app.catalogue import listing
from app.catalogue.metadata import TABLE
from app.catalogue.models import Catalogue
from app.catalogue.resolve import announce, is_on_passthrough, resolve
from app.domain.models import ModelName
from app.domain.presets import Preset
from app.errors import (
    InvalidRequest,
    ModelGone,
    ModelNotFound,
    StoreUnavailable,
    UpstreamError,
)
from app.store.store import Store
from app.wire import names

GPT, QWEN = TABLE


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(f"sqlite:///{tmp_path}/store.db")


def catalogue_of(*ids: str) -> Catalogue:
    """Return a catalogue that serves these ids; without ids, fetching fails."""

    def fetch_ids() -> tuple[str, ...]:
        if not ids:
            raise UpstreamError("down")
        return ids

    return Catalogue(fetch_ids, lambda: [], spawn=lambda work: work())


@pytest.mark.parametrize(
    ("name", "model_id"),
    [
        ("gpt-oss-120b", GPT),
        ("GPT-OSS-120B", GPT),
        ("gpt-oss:120b", GPT),
        ("gpt-oss:120b-cloud", GPT),
        ("registry.ollama.ai/library/gpt-oss:120b", GPT),
        (" gpt-oss-120b ", GPT),
        ("qwen-3.8-27b", QWEN),
        ("Qwen3.8:27B-Cloud", QWEN),
        ("llama-3.3:70b-cloud", "llama-3.3-70b"),
    ],
)
def test_every_spelling_resolves_to_its_model(
    name: str, model_id: str, store: Store
) -> None:
    target = resolve(name, catalogue_of(*TABLE, "llama-3.3-70b"), store)

    assert target.model.id == model_id
    assert target.name == name


@pytest.mark.parametrize(
    "name", ["zz", "gpt-oss", "gpt-oss:20b", "me/gpt-oss-120b", "gpt-oss-120b-cloud"]
)
def test_unknown_name_raises_ollamas_error(name: str, store: Store) -> None:
    with pytest.raises(ModelNotFound) as raised:
        resolve(name, catalogue_of(*TABLE), store)

    assert raised.value.message == f"model '{name}' not found"


@pytest.mark.parametrize("name", ["", "  "])
def test_blank_name_is_not_found_even_with_a_default_model(
    name: str, store: Store
) -> None:
    with pytest.raises(ModelNotFound, match="^model '' not found$"):
        resolve(name, catalogue_of(*TABLE), store, GPT)


def test_illegal_name_is_refused_even_with_a_default_model(store: Store) -> None:
    with pytest.raises(InvalidRequest, match=r"^invalid model name$"):
        resolve("a b", catalogue_of(*TABLE), store, GPT)


@pytest.mark.parametrize(
    ("name", "default", "served", "model_id"),
    [
        ("llama3.2", QWEN, TABLE, QWEN),
        ("llama3.2", "qwen3.8:27b", TABLE, QWEN),
        ("llama3.2", "QWEN-3.8-27b:latest", TABLE, QWEN),
        ("gpt-oss:120b", QWEN, TABLE, GPT),
        ("llama3.2", "kimi-k9", (), "kimi-k9"),  # before the first list
        ("llama3.2", "qwen3.8:27b", (), QWEN),
    ],
)
def test_unknown_name_resolves_to_the_default_model(
    name: str, default: str, served: Iterable[str], model_id: str, store: Store
) -> None:
    target = resolve(name, catalogue_of(*served), store, default)

    assert (target.name, target.model.id) == (name, model_id)


def test_default_model_that_is_not_served_is_not_used(store: Store) -> None:
    with pytest.raises(ModelNotFound):
        resolve("llama3.2", catalogue_of(*TABLE), store, "retired")


@pytest.mark.parametrize(
    ("name", "is_looked_up", "expected"),
    [
        ("gpt-oss:120b-cloud", False, False),
        ("GPT-OSS-120B", False, False),
        ("Mario", False, False),
        ("a b", False, False),
        ("", False, False),
        ("llama3", True, True),
        ("zz", True, False),
    ],
)
def test_passthrough_is_looked_up_last(
    name: str, is_looked_up: bool, expected: bool, store: Store
) -> None:
    store.put(names.parse("mario"), Preset(GPT), 1)
    looked_up = []

    def has(parsed: ModelName) -> bool:
        looked_up.append(parsed)
        return parsed.model == "llama3"

    assert is_on_passthrough(name, catalogue_of(*TABLE), store, has) == expected
    assert bool(looked_up) == is_looked_up


@pytest.mark.parametrize(
    ("default", "fallbacks", "warning"),
    [
        (None, (), ""),
        ("gpt-oss:120b", (), ""),
        ("retired", (), "retired.*qwen-3.8-27b"),
        (
            None,
            ("qwen3.8:27b", "retired"),
            "^FALLBACK_MODELS names retired, which is not served$",
        ),
    ],
)
def test_announce_warns_of_a_model_that_is_not_served(
    default: str | None,
    fallbacks: tuple[str, ...],
    warning: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        announce(list(TABLE.values()), default, fallbacks)

    warnings = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert "gpt-oss-120b, qwen-3.8-27b" in caplog.text
    assert len(warnings) == bool(warning)
    assert all(re.search(warning, text) for text in warnings)


def test_derived_model_ranks_between_served_and_default_model(
    store: Store,
) -> None:
    for name in ("mario", "kimi-k9"):
        store.put(names.parse(name), Preset(GPT, system="You are Mario."), 1)
    catalogue = catalogue_of(*TABLE, "kimi-k9")

    derived = resolve("Mario", catalogue, store, QWEN)
    served = resolve("kimi-k9", catalogue, store, QWEN)

    assert (derived.name, derived.own_name) == ("Mario", "mario:latest")
    assert derived.model.id == GPT
    assert derived.preset == Preset(GPT, system="You are Mario.")
    assert (served.model.id, served.preset) == ("kimi-k9", None)


def test_derived_model_of_a_retired_base_raises_model_gone(store: Store) -> None:
    store.put(names.parse("mario"), Preset("retired"), 1)

    with pytest.raises(ModelGone, match="mario' is derived from 'retired', which"):
        resolve("mario", catalogue_of(*TABLE), store, QWEN)


def test_retired_models_are_found_if_allowed(store: Store) -> None:
    store.put(names.parse("mario"), Preset("retired", system="Mario."), 1)
    catalogue = catalogue_of(GPT)

    served_once = resolve("qwen3.8:27b", catalogue, store, allow_retired=True)
    derived = resolve("mario", catalogue, store, allow_retired=True)
    default = resolve("any", catalogue, store, "retired", allow_retired=True)

    assert served_once.model == TABLE[QWEN]
    assert (derived.model.id, derived.own_name) == ("retired", "mario:latest")
    assert default.model.id == "retired"
    with pytest.raises(ModelNotFound):
        resolve("any", catalogue, store, allow_retired=True)
    with pytest.raises(ModelNotFound):
        resolve("qwen3.8:27b", catalogue, store)


def test_base_counts_as_served_before_the_first_list(store: Store) -> None:
    store.put(names.parse("mario"), Preset("kimi-k9"), 1)

    assert resolve("mario", catalogue_of(), store).model.id == "kimi-k9"


def test_only_served_models_are_known_while_the_store_is_down(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = Store(f"sqlite:///{tmp_path}/file/store.db")
    catalogue = catalogue_of(*TABLE)

    assert resolve("gpt-oss:120b", catalogue, store, QWEN).model.id == GPT
    with pytest.raises(StoreUnavailable):
        resolve("mario", catalogue, store, QWEN)
    listed = listing.list_models(catalogue, store)
    assert {model.name for model in listed} == {f"{GPT}:latest", f"{QWEN}:latest"}
