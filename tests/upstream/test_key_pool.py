"""Which key is used next, and what a key's allowance knows about quota."""

import math

from app import metrics
from app.upstream.key_pool import UNKNOWN_INTERVAL_S, Allowance, Key, KeyPool
from app.upstream.quota import Opening

MODEL = "m"


def make_pool(size: int) -> KeyPool:
    return KeyPool([f"csk-secret-{n}" for n in range(size)])


def numbers(*keys: Key) -> list[int]:
    return [key.number for key in keys]


def test_idle_keys_take_turns() -> None:
    pool, chosen = make_pool(3), []
    for _ in range(5):
        chosen.append(pool.choose(MODEL, (), now=0))
        pool.use(chosen[-1])
        chosen[-1].active -= 1

    assert numbers(*chosen) == [1, 2, 3, 1, 2]


def test_key_with_fewest_active_requests_is_chosen() -> None:
    pool = make_pool(2)
    pool.use(pool.keys[1])
    assert numbers(pool.choose(MODEL, (), 0)) == [1]

    pool.use(pool.keys[0])
    pool.keys[1].active -= 1
    assert numbers(pool.choose(MODEL, (), 0)) == [2]


def test_closed_key_is_avoided_for_its_model_only() -> None:
    pool = make_pool(2)
    pool.keys[0].allowances[MODEL].close(Opening(5), now=10)
    pool.keys[1].active = 9

    assert numbers(pool.choose(MODEL, (), 14)) == [2]
    assert numbers(pool.choose("other", (), 14)) == [1]
    assert numbers(pool.choose(MODEL, (), 15)) == [1]


def test_first_to_open_is_chosen_if_all_are_closed() -> None:
    pool = make_pool(3)
    pool.keys[0].refused_until = 300
    pool.keys[1].allowances[MODEL].close(Opening(9), now=0)
    pool.keys[2].allowances[MODEL].close(Opening(8), now=0)

    assert numbers(pool.choose(MODEL, (), 1)) == [3]
    assert numbers(pool.choose(MODEL, pool.keys[1:], 1)) == [1]
    assert numbers(pool.choose(MODEL, pool.keys, 1)) == [3]


def test_further_refusal_does_not_push_back_a_known_opening() -> None:
    allowance = Allowance()

    allowance.close(Opening(12), now=0)
    allowance.close(Opening(12), now=5)
    assert allowance.opens_at == 12

    allowance.close(Opening(3), now=6)
    assert allowance.opens_at == 9

    allowance.close(Opening(12), now=9)
    assert allowance.opens_at == 21


def test_guess_gives_way_to_a_known_opening() -> None:
    allowance = Allowance()
    allowance.close(Opening(1), now=0)

    allowance.spend(now=1)
    assert allowance.opens_at == 1 + UNKNOWN_INTERVAL_S

    allowance.close(Opening(4), now=1.1)
    assert allowance.opens_at == 5.1


def test_bucket_has_capacity_for_one_request_per_interval() -> None:
    allowance = Allowance()
    allowance.close(Opening(12, interval_s=12, reset_s=50, size=5), now=0)

    assert [allowance.capacity(until) for until in (11, 12, 24, 50)] == [0, 1, 2, 5]

    allowance.spend(now=12)
    assert allowance.opens_at == 24


def test_unknown_interval_has_unlimited_capacity() -> None:
    allowance = Allowance()
    allowance.close(Opening(1), now=0)

    assert allowance.capacity(until=0.9) == 0
    assert allowance.capacity(until=1) == math.inf


def test_repr_shows_the_number_and_no_secret() -> None:
    pool = make_pool(2)

    assert "csk" not in repr(pool.keys)
    assert "number=2" in repr(pool.keys[1])


def test_states_are_published() -> None:
    pool = make_pool(4)
    pool.keys[0].refused_until = 300
    pool.keys[1].allowances[MODEL].close(Opening(9), now=0)

    pool.publish_states(now=5)

    samples = metrics.KEYS.collect()[0].samples
    counts = {each.labels["state"]: each.value for each in samples}
    assert counts == {"ready": 2, "resting": 1, "refused": 1}
