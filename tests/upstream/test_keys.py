"""Which key goes next."""

from __future__ import annotations

import math

from app import metrics
from app.upstream.keys import PACE_S, Allowance, Key, Keys
from app.upstream.quota import Opening

MODEL = "m"


def pool(number: int) -> Keys:
    return Keys([f"csk-secret-{n}" for n in range(number)])


def places(*keys: Key) -> list[int]:
    return [key.place for key in keys]


def test_idle_keys_take_turns() -> None:
    keys, chosen = pool(3), []
    for _ in range(5):
        chosen.append(keys.choose(MODEL, (), now=0))
        keys.use(chosen[-1])
        chosen[-1].active -= 1

    assert places(*chosen) == [1, 2, 3, 1, 2]


def test_the_least_loaded_goes_first() -> None:
    keys = pool(2)
    keys.use(keys.all[1])
    assert places(keys.choose(MODEL, (), 0)) == [1]

    keys.use(keys.all[0])
    keys.all[1].active -= 1
    assert places(keys.choose(MODEL, (), 0)) == [2]


def test_one_that_rests_goes_after_the_others_and_for_its_model_only() -> None:
    keys = pool(2)
    keys.all[0].allowances[MODEL].rest(Opening(5), now=10)
    keys.all[1].active = 9

    assert places(keys.choose(MODEL, (), 14)) == [2]
    assert places(keys.choose("other", (), 14)) == [1]
    assert places(keys.choose(MODEL, (), 15)) == [1]


def test_when_all_rest_the_one_due_soonest_goes() -> None:
    keys = pool(3)
    keys.all[0].refused_until = 300
    keys.all[1].allowances[MODEL].rest(Opening(9), now=0)
    keys.all[2].allowances[MODEL].rest(Opening(8), now=0)

    assert places(keys.choose(MODEL, (), 1)) == [3]
    assert places(keys.choose(MODEL, keys.all[1:], 1)) == [1]
    assert places(keys.choose(MODEL, keys.all, 1)) == [3]


def test_whoever_is_refused_meanwhile_postpones_nobody() -> None:
    allowance = Allowance()

    allowance.rest(Opening(12), now=0)
    allowance.rest(Opening(12), now=5)
    assert allowance.due == 12

    allowance.rest(Opening(3), now=6)
    assert allowance.due == 9

    allowance.rest(Opening(12), now=9)
    assert allowance.due == 21


def test_a_guess_gives_way_to_what_is_told() -> None:
    allowance = Allowance()
    allowance.rest(Opening(1), now=0)

    allowance.spend(now=1)
    assert allowance.due == 1 + PACE_S

    allowance.rest(Opening(4), now=1.1)
    assert allowance.due == 5.1


def test_a_bucket_lets_one_go_each_time_it_has_refilled() -> None:
    allowance = Allowance()
    allowance.rest(Opening(12, interval_s=12, reset_s=50, size=5), now=0)

    assert [allowance.capacity(until) for until in (11, 12, 24, 50)] == [0, 1, 2, 5]

    allowance.spend(now=12)
    assert allowance.due == 24


def test_what_is_not_told_has_room_for_all() -> None:
    allowance = Allowance()
    allowance.rest(Opening(1), now=0)

    assert allowance.capacity(until=0.9) == 0
    assert allowance.capacity(until=1) == math.inf


def test_a_key_is_told_by_its_place() -> None:
    keys = pool(2)

    assert "csk" not in repr(keys.all)
    assert "place=2" in repr(keys.all[1])


def test_states_are_counted() -> None:
    keys = pool(4)
    keys.all[0].refused_until = 300
    keys.all[1].allowances[MODEL].rest(Opening(9), now=0)

    keys.tell(now=5)

    states = metrics.KEYS.collect()[0].samples
    counted = {each.labels["state"]: each.value for each in states}
    assert counted == {"ready": 2, "resting": 1, "refused": 1}
