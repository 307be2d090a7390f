import logging
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from app.catalogue.loaded import FOREVER_NS, Loaded
from app.catalogue.metadata import TABLE

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
START = 1_800_000_000 * SECOND
GPT, QWEN = TABLE.values()


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def loaded(tmp_path: Path, clock: Clock) -> Loaded:
    return Loaded(tmp_path / "loaded", 5 * MINUTE, clock)


def expiries(loaded: Loaded) -> dict[str, int]:
    return {model.id: expiry for model, expiry in loaded.listing(TABLE.values())}


def test_nothing_is_loaded_before_the_first_use(loaded: Loaded) -> None:
    assert loaded.listing(TABLE.values()) == []


@pytest.mark.parametrize(
    ("keep_alive_ns", "lasts_ns"),
    [
        (None, 5 * MINUTE),
        (30 * SECOND, 30 * SECOND),
        (1_500_000, 1_500_000),
        (-1, FOREVER_NS),
        (10**30, FOREVER_NS),
    ],
    ids=["default", "seconds", "milliseconds", "forever", "huge"],
)
def test_a_used_model_is_loaded_for_its_keep_alive(
    loaded: Loaded, keep_alive_ns: int | None, lasts_ns: int
) -> None:
    loaded.use(GPT.id, keep_alive_ns)

    assert expiries(loaded) == {GPT.id: START + lasts_ns}


def test_a_use_without_keep_alive_goes_on_with_the_previous_one(
    loaded: Loaded, clock: Clock
) -> None:
    loaded.use(GPT.id, 30 * SECOND)
    clock.now += 20 * SECOND

    loaded.use(GPT.id)

    assert expiries(loaded) == {GPT.id: clock.now + 30 * SECOND}


def test_an_expired_model_is_not_listed_and_starts_afresh(
    loaded: Loaded, clock: Clock
) -> None:
    loaded.use(GPT.id, 30 * SECOND)
    clock.now += 30 * SECOND

    assert expiries(loaded) == {}

    loaded.use(GPT.id)

    assert expiries(loaded) == {GPT.id: clock.now + 5 * MINUTE}


@pytest.mark.parametrize(
    "unload", [lambda x: x.unload(GPT.id), lambda x: x.use(GPT.id, 0)]
)
def test_an_unloaded_model_is_gone_and_starts_afresh(
    loaded: Loaded, unload: Callable[[Loaded], None]
) -> None:
    loaded.use(GPT.id, 30 * SECOND)
    unload(loaded)

    assert expiries(loaded) == {}

    loaded.use(GPT.id)

    assert expiries(loaded) == {GPT.id: START + 5 * MINUTE}


def test_unloading_what_is_not_loaded_is_fine(loaded: Loaded) -> None:
    loaded.unload(GPT.id)


def test_the_latest_expiry_is_listed_first(loaded: Loaded) -> None:
    loaded.use(GPT.id, 1 * MINUTE)
    loaded.use(QWEN.id, 2 * MINUTE)

    assert [model for model, _ in loaded.listing(TABLE.values())] == [QWEN, GPT]


def test_only_models_asked_for_are_listed(loaded: Loaded) -> None:
    loaded.use("retired")

    assert loaded.listing(TABLE.values()) == []


def test_any_id_is_a_file_of_the_folder(loaded: Loaded, tmp_path: Path) -> None:
    loaded.use("../me/x:1")

    assert [path.name for path in (tmp_path / "loaded").iterdir()] == [
        "..%2Fme%2Fx%3A1"
    ]


def test_workers_agree_through_the_folder(
    loaded: Loaded, tmp_path: Path, clock: Clock
) -> None:
    neighbour = Loaded(tmp_path / "loaded", MINUTE, clock)
    neighbour.use(GPT.id, -1)

    loaded.use(GPT.id)

    assert expiries(loaded) == expiries(neighbour) == {GPT.id: START + FOREVER_NS}


def test_racing_workers_never_raise(loaded: Loaded) -> None:
    failures = []

    def race(step: Callable[[], object]) -> None:
        try:
            for _ in range(300):
                step()
        except Exception as error:
            failures.append(error)

    steps = (
        lambda: loaded.use(GPT.id),
        lambda: loaded.unload(GPT.id),
        lambda: loaded.listing(TABLE.values()),
    )
    threads = [threading.Thread(target=race, args=(step,)) for step in steps * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []


def test_a_useless_folder_is_said_once_and_fails_nothing(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    loaded = Loaded(tmp_path / "file" / "loaded", MINUTE, clock)

    with caplog.at_level(logging.WARNING):
        loaded.use(GPT.id)
        loaded.use(GPT.id, MINUTE)

    assert loaded.listing(TABLE.values()) == []
    assert len(caplog.records) == 1
