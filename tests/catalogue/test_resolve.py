import logging
from pathlib import Path

import pytest

from app.catalogue import listing
from app.catalogue.metadata import TABLE
from app.catalogue.models import Catalogue
from app.catalogue.resolve import Target, announce, is_elsewhere, resolve
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
    """A catalogue with this list; without ids, one to which no list has come."""

    def fetch_ids() -> tuple[str, ...]:
        if not ids:
            raise UpstreamError("down")
        return ids

    return Catalogue(fetch_ids, lambda: [], spawn=lambda work: work())


@pytest.mark.parametrize(
    ("name", "model_id"),
    [
        ("gpt-oss-120b", GPT),
        ("gpt-oss-120b:latest", GPT),
        ("GPT-OSS-120B", GPT),
        ("gpt-oss:120b", GPT),
        ("gpt-oss:120b-cloud", GPT),
        ("gpt-oss-120b:cloud", GPT),
        ("gpt-oss:120b:cloud", GPT),
        ("gpt-oss:120b:local", GPT),
        ("registry.ollama.ai/library/gpt-oss:120b", GPT),
        (" gpt-oss-120b ", GPT),
        ("qwen-3.8-27b", QWEN),
        ("qwen3.8:27b", QWEN),
        ("Qwen3.8:27B-Cloud", QWEN),
        ("qwen-3.8:27b", QWEN),
        ("llama3.3:70b", "llama-3.3-70b"),
        ("llama-3.3:70b-cloud", "llama-3.3-70b"),
    ],
)
def test_every_spelling_leads_to_its_model(
    name: str, model_id: str, store: Store
) -> None:
    target = resolve(name, catalogue_of(*TABLE, "llama-3.3-70b"), store)

    assert target.model.id == model_id
    assert target.name == name


@pytest.mark.parametrize(
    "name", ["zz", "gpt-oss", "gpt-oss:20b", "me/gpt-oss-120b", "gpt-oss-120b-cloud"]
)
def test_an_unknown_name_is_not_found_in_ollamas_words(name: str, store: Store) -> None:
    with pytest.raises(ModelNotFound) as raised:
        resolve(name, catalogue_of(*TABLE), store)

    assert raised.value.message == f"model '{name}' not found"


@pytest.mark.parametrize("name", ["", "  "])
def test_a_blank_name_is_not_found_whatever_the_default(
    name: str, store: Store
) -> None:
    with pytest.raises(ModelNotFound) as raised:
        resolve(name, catalogue_of(*TABLE), store, GPT)

    assert raised.value.message == "model '' not found"


def test_an_illegal_name_is_refused_whatever_the_default(store: Store) -> None:
    with pytest.raises(InvalidRequest, match=r"^invalid model name$"):
        resolve("a b", catalogue_of(*TABLE), store, GPT)


@pytest.mark.parametrize("default", [QWEN, "qwen3.8:27b", "QWEN-3.8-27b:latest"])
def test_the_default_model_answers_for_an_unknown_name(
    default: str, store: Store
) -> None:
    target = resolve("llama3.2", catalogue_of(*TABLE), store, default)

    assert target.name == "llama3.2"
    assert target.model.id == QWEN


def test_a_served_name_is_never_the_defaults(store: Store) -> None:
    assert resolve("gpt-oss:120b", catalogue_of(*TABLE), store, QWEN).model.id == GPT


def test_a_default_model_that_is_not_served_answers_for_nothing(store: Store) -> None:
    with pytest.raises(ModelNotFound):
        resolve("llama3.2", catalogue_of(*TABLE), store, "retired")


def test_a_default_model_is_believed_while_no_list_has_come(store: Store) -> None:
    assert resolve("llama3.2", catalogue_of(), store, "kimi-k9").model.id == "kimi-k9"
    assert resolve("llama3.2", catalogue_of(), store, "qwen3.8:27b").model.id == QWEN


@pytest.mark.parametrize(
    ("name", "asked", "expected"),
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
def test_the_passthrough_is_asked_last(
    name: str, asked: bool, expected: bool, store: Store
) -> None:
    store.put(names.parse("mario"), Preset(GPT), 1)
    seen = []

    def has(parsed: ModelName) -> bool:
        seen.append(parsed)
        return parsed.model == "llama3"

    assert is_elsewhere(name, catalogue_of(*TABLE), store, has) == expected
    assert bool(seen) == asked


def test_a_full_name_is_spelt_as_ollama_spells_it() -> None:
    target = Target("gpt-oss-120b", TABLE[GPT])

    assert target.full_name == "registry.ollama.ai/library/gpt-oss-120b:latest"


@pytest.mark.parametrize(
    ("default", "warned"), [(None, False), ("gpt-oss:120b", False), ("retired", True)]
)
def test_a_default_model_that_is_not_served_is_warned_of(
    default: str | None, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        announce(list(TABLE.values()), default)

    warnings = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert "gpt-oss-120b, qwen-3.8-27b" in caplog.text
    assert bool(warnings) == warned
    assert all("retired" in text and "qwen-3.8-27b" in text for text in warnings)


def test_a_fallback_that_is_not_served_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    announce(list(TABLE.values()), None, ("qwen3.8:27b", "retired"))

    warnings = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert warnings == ["FALLBACK_MODELS names retired, which is not served"]


def test_a_derived_model_comes_after_those_served_and_before_the_default(
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


def test_a_derived_model_whose_base_is_gone_says_so(store: Store) -> None:
    store.put(names.parse("mario"), Preset("retired"), 1)

    with pytest.raises(ModelGone, match="mario' stands on 'retired', which was not"):
        resolve("mario", catalogue_of(*TABLE), store, QWEN)


def test_what_is_gone_counts_when_others_stand_in_for_it(store: Store) -> None:
    store.put(names.parse("mario"), Preset("retired", system="Mario."), 1)
    catalogue = catalogue_of(GPT)

    served_once = resolve("qwen3.8:27b", catalogue, store, trusting=True)
    derived = resolve("mario", catalogue, store, trusting=True)
    default = resolve("any", catalogue, store, "retired", trusting=True)

    assert served_once.model == TABLE[QWEN]
    assert (derived.model.id, derived.own_name) == ("retired", "mario:latest")
    assert default.model.id == "retired"
    with pytest.raises(ModelNotFound):
        resolve("any", catalogue, store, trusting=True)
    with pytest.raises(ModelNotFound):
        resolve("qwen3.8:27b", catalogue, store)


def test_a_base_is_believed_in_while_no_list_has_come(store: Store) -> None:
    store.put(names.parse("mario"), Preset("kimi-k9"), 1)

    assert resolve("mario", catalogue_of(), store).model.id == "kimi-k9"


def test_without_the_store_only_served_names_are_resolved(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = Store(f"sqlite:///{tmp_path}/file/store.db")
    catalogue = catalogue_of(*TABLE)

    assert resolve("gpt-oss:120b", catalogue, store, QWEN).model.id == GPT
    with pytest.raises(StoreUnavailable):
        resolve("mario", catalogue, store, QWEN)


def test_lists_go_on_without_the_store(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = Store(f"sqlite:///{tmp_path}/file/store.db")

    listed = listing.listed(catalogue_of(*TABLE), store)

    assert {model.name for model in listed} == {f"{GPT}:latest", f"{QWEN}:latest"}
