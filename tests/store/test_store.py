"""The store on SQLite and on a real PostgreSQL."""

import logging
import re
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import make_url

from app.domain.presets import Preset
from app.errors import StoreUnavailable
from app.store import database
from app.store.store import Store
from app.wire import names
from tests.databases import installed
from tests.processes import PROJECT

HERE = Path(__file__).parent
MARIO = names.parse("Mario")
GPT = "gpt-oss-120b"
FULL = Preset(
    GPT,
    parent="gpt-oss-120b:latest",
    system="You are Mario.\0\u2028ö",
    template="{{ .Prompt }}",
    parameters={"temperature": 0.7, "stop": ["a", "b"]},
    messages=({"role": "user", "content": "hi", "images": ["AAAA"]},),
    licenses=("MIT",),
    requires="0.14.0",
)


@pytest.fixture
def store(database_url: str) -> Store:
    return Store(database_url)


def test_stored_model_is_found_by_any_spelling_of_its_name(store: Store) -> None:
    store.put(MARIO, FULL, 1_800_000_000_123_456)

    model = store.find(names.parse("registry.ollama.ai/library/MARIO:Latest"))

    assert model is not None
    assert model.preset == FULL
    assert (model.name, model.modified_us) == ("Mario:latest", 1_800_000_000_123_456)
    assert store.list_all() == [model]


def test_put_replaces_all_but_the_spelling_of_the_name(store: Store) -> None:
    store.put(MARIO, FULL, 1)

    store.put(names.parse("mario"), Preset(GPT), 2)

    [model] = store.list_all()
    assert model == ("Mario:latest", 2, Preset(GPT))


def test_removed_model_is_gone(store: Store) -> None:
    store.put(MARIO, FULL, 1)
    store.put(names.parse("luigi"), FULL, 1)

    assert store.remove(names.parse("mario:LATEST")) is True
    assert store.remove(MARIO) is False
    assert store.find(MARIO) is None
    assert [model.name for model in store.list_all()] == ["luigi:latest"]


def test_blob_exists_until_it_expires_or_is_put_again(store: Store) -> None:
    store.put_blob("sha256:a", 100, 10)
    store.put_blob("sha256:b", 100, 10)
    assert store.has_blob("sha256:a", 109)
    assert not store.has_blob("sha256:a", 110)
    assert not store.has_blob("sha256:c", 100)

    store.put_blob("sha256:a", 110, 10)

    assert store.has_blob("sha256:a", 119)
    assert not store.has_blob("sha256:b", 105)


def test_change_is_seen_by_another_store_at_once(
    store: Store, database_url: str
) -> None:
    neighbour = Store(database_url)
    assert neighbour.find(MARIO) is None

    store.put(MARIO, FULL, 1)
    seen = neighbour.find(MARIO)
    neighbour.remove(MARIO)

    assert seen is not None
    assert store.find(MARIO) is None


def test_unknown_fields_of_a_later_release_are_ignored(
    store: Store, database_url: str
) -> None:
    store.put(MARIO, FULL, 1)
    other = database.Database(database_url)
    other.write(
        lambda db: db.exec_driver_sql(
            """UPDATE models SET definition = '{"base":"x","colour":"red"}'"""
        )
    )

    model = store.find(MARIO)

    assert model is not None
    assert model.preset == Preset("x")


def test_undecodable_model_is_logged_and_left_out_of_lists(
    store: Store, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    store.put(MARIO, FULL, 1)
    store.put(names.parse("luigi"), FULL, 1)
    other = database.Database(database_url)
    other.write(
        lambda db: db.exec_driver_sql(
            "UPDATE models SET definition = '{}' WHERE name = 'Mario:latest'"
        )
    )

    with caplog.at_level(logging.INFO, "app"):
        assert store.find(MARIO) is None
        assert [model.name for model in store.list_all()] == ["luigi:latest"]

    assert "Mario:latest cannot be read" in caplog.text


def test_processes_that_start_together_migrate_once(
    database_url: str,
) -> None:
    moment = str(time.time() + 3)
    started = [
        subprocess.Popen(
            [
                *(sys.executable, "-W", "error", str(HERE / "start_together.py")),
                *(database_url, moment, f"model{number}"),
            ],
            cwd=PROJECT,
            env={"PYTHONPATH": str(PROJECT), "NO_PROXY": "*"},
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(10)
    ]
    errors = [process.communicate(timeout=30)[1] for process in started]

    names_stored = {model.name for model in Store(database_url).list_all()}
    assert errors == [""] * 10
    assert names_stored == {f"model{number}:latest" for number in range(10)}


def test_killed_create_leaves_the_old_or_the_new_model(
    database_url: str,
) -> None:
    Store(database_url).put(MARIO, Preset(GPT, system="old"), 1)
    systems = []
    for last in range(20):
        command = [sys.executable, str(HERE / "create_and_die.py"), database_url, "new"]
        done = subprocess.run(
            [*command, str(last)],
            cwd=PROJECT,
            env={"PYTHONPATH": str(PROJECT)},
            capture_output=True,
            text=True,
            check=False,
        )
        model = Store(database_url).find(MARIO)
        assert model is not None
        systems.append(model.preset.system)
        if done.returncode == 0:
            assert done.stdout.strip() == '{"status":"success"}'
            break

    assert systems == ["old"] * (len(systems) - 1) + ["new"]
    assert len(systems) > 3


def test_equal_definitions_are_decoded_once(store: Store) -> None:
    store.put(MARIO, FULL, 1)
    first, second = store.find(MARIO), store.find(MARIO)

    assert first is not None
    assert second is not None
    assert first.preset is second.preset


def test_start_without_the_database_migrates_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "new").touch()
    store = Store(f"sqlite:///{tmp_path}/new/store.db")

    with caplog.at_level(logging.INFO, "app"):
        store.start()
        with pytest.raises(StoreUnavailable, match="cannot be reached; try again"):
            store.find(MARIO)
        (tmp_path / "new").unlink()
        store.put(MARIO, FULL, 1)

    levels = [r.levelname for r in caplog.records if "store can" in r.getMessage()]
    assert store.find(MARIO) is not None
    assert levels == ["ERROR", "INFO"]


def test_locked_sqlite_is_read_at_once_but_writing_fails(
    tmp_path: Path,
) -> None:
    store = Store(f"sqlite:///{tmp_path}/store.db")
    store.put(MARIO, FULL, 1)
    holder = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    began = time.monotonic()
    model = store.find(MARIO)
    read_s = time.monotonic() - began
    with pytest.raises(StoreUnavailable, match="busy"):
        store.remove(MARIO)
    waited_s = time.monotonic() - began
    holder.execute("COMMIT")
    holder.close()

    assert model is not None
    assert read_s < 0.1
    assert 1.9 < waited_s < 3
    assert store.remove(MARIO)


def test_relative_path_begins_at_the_project() -> None:
    engine = database.sqlite.make_engine(make_url("sqlite:///instance/some.db"))

    assert engine.url.database == str(PROJECT / "instance" / "some.db")


@pytest.mark.parametrize("host", ["127.0.0.1:1", "nowhere.invalid"])
def test_address_and_password_are_neither_logged_nor_in_the_error(
    caplog: pytest.LogCaptureFixture, host: str
) -> None:
    store = Store(f"postgresql+psycopg://mario:secret@{host}/cerellama")

    with (
        caplog.at_level(logging.INFO, "app"),
        pytest.raises(StoreUnavailable) as caught,
    ):
        store.list_all()

    assert "secret" not in caplog.text
    assert not re.search(r"secret|127\.0\.0\.1|nowhere|mario", caught.value.message)


def test_postgres_is_used_again_after_a_restart() -> None:
    with installed() as instance:
        with instance.serving():
            store = Store(instance.url.replace("postgres:", "postgresql+psycopg:", 1))
            store.put(MARIO, FULL, 1)
        with pytest.raises(StoreUnavailable):
            store.find(MARIO)
        with instance.serving():
            model = store.find(MARIO)

    assert model is not None
