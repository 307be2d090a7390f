"""Requests that wait for quota, with a clock that the test sets."""

from app.upstream.key_pool import KeyPool
from app.upstream.quota import Opening
from app.upstream.quota_queue import QuotaQueue, Waiter
from tests.upstream.test_quota import rate_headers

MODEL = "m"
BUCKET = Opening(12, interval_s=12, reset_s=50, size=5)


class World:
    """A queue, its key pool and its clock."""

    def __init__(self, keys: int = 1) -> None:
        self.now = 0.0
        self.pool = KeyPool([f"csk-{n}" for n in range(keys)])
        self.queue = QuotaQueue(MODEL, self.pool, lambda: self.now)

    def refuse(self, opening: Opening, number: int = 1) -> None:
        self.queue.record_refusal(self.pool.keys[number - 1], opening)

    def respond(self, headers: dict[str, str], sent_at: float) -> None:
        self.queue.record_response(self.pool.keys[0], headers, sent_at)

    def enter(
        self, caller: str = "", until: float = 100, *, again: bool = False
    ) -> Waiter:
        waiter = Waiter(caller, tokens=1000, until=until)
        assert self.queue.enter(waiter, again=again)
        return waiter

    def fits(self, until: float) -> bool:
        return self.queue.enter(Waiter("", 1000, until), again=False)

    def poll_all(self, *waiters: Waiter) -> list[int]:
        """Return which of the waiters have their turn."""
        return [n for n, each in enumerate(waiters) if self.queue.poll(each) == 0]


def test_one_request_is_released_per_refill_of_the_bucket() -> None:
    world = World()
    world.refuse(BUCKET)
    waiters = [world.enter() for _ in range(3)]

    released = []
    for world.now in (0, 11.9, 12, 12.1, 23.9, 24, 36):
        released.append(world.poll_all(*waiters))

    assert released == [[], [], [0], [0], [0], [0, 1], [0, 1, 2]]


def test_poll_returns_the_seconds_until_the_next_poll() -> None:
    world = World()
    world.refuse(BUCKET)
    first, second = world.enter(until=30), world.enter(until=40)
    world.now = 2

    assert [world.queue.poll(each) for each in (first, second)] == [10, 38]


def test_response_releases_as_many_as_its_headers_allow() -> None:
    world = World()
    world.refuse(BUCKET)
    waiters = [world.enter() for _ in range(5)]
    world.now = 12
    world.poll_all(*waiters)

    world.respond(rate_headers(requests_minute=(3, 5, 40)), sent_at=12)

    assert world.poll_all(*waiters) == [0, 1, 2, 3]


def test_response_without_headers_releases_two() -> None:
    world = World()
    world.refuse(Opening(1))
    waiters = [world.enter() for _ in range(9)]
    world.now = 1
    assert world.poll_all(*waiters) == [0]

    world.now = 1.2
    world.respond({}, sent_at=1)

    assert world.poll_all(*waiters) == [0, 1, 2]


def test_response_to_a_request_sent_before_the_refusal_is_ignored() -> None:
    world = World()
    world.now = 1
    world.refuse(BUCKET)
    waiter = world.enter()

    world.respond(rate_headers(requests_minute=(4, 5, 40)), sent_at=0.5)

    assert world.poll_all(waiter) == []


def test_too_few_tokens_for_the_first_request_release_none() -> None:
    world = World()
    world.refuse(BUCKET)
    waiter = world.enter()
    world.now = 1

    world.respond(rate_headers(tokens_minute=(500, 30_000, 40)), sent_at=1)

    assert world.poll_all(waiter) == []
    world.now = 2
    assert world.poll_all(waiter) == [0]


def test_request_whose_turn_would_be_too_late_is_not_queued() -> None:
    world = World()
    world.refuse(BUCKET)

    assert not world.fits(until=11)
    assert world.fits(until=20)
    assert not world.fits(until=20)
    assert world.fits(until=24)


def test_as_many_as_the_window_holds_may_wait_for_its_reset() -> None:
    world = World()
    world.refuse(Opening(12, interval_s=12, reset_s=15, size=5))

    assert [world.fits(until=20) for _ in range(7)] == [True] * 5 + [False] * 2


def test_waiter_gives_up_at_its_time_limit() -> None:
    world = World()
    world.refuse(Opening(5))
    first, second = world.enter(until=6), world.enter(until=6)
    world.now = 5
    world.refuse(Opening(60))

    assert world.queue.poll(first) == 1
    world.now = 6
    assert [world.queue.poll(each) for each in (first, second)] == [None, None]
    assert world.queue.poll(first) is None


def test_callers_take_turns() -> None:
    world = World()
    world.refuse(BUCKET)
    greedy = [world.enter("greedy") for _ in range(4)]
    modest = world.enter("modest")

    for world.now in (12, 24):
        world.poll_all(*greedy, modest)

    assert world.poll_all(*greedy, modest) == [0, 4]


def test_request_that_was_refused_again_is_next() -> None:
    world = World()
    world.refuse(BUCKET)
    others = [world.enter("a") for _ in range(3)]
    again = world.enter("b", again=True)
    world.now = 12

    assert world.poll_all(*others, again) == [3]


def test_leaving_wakes_the_next_waiter() -> None:
    world = World()
    world.refuse(BUCKET)
    first, second = world.enter(), world.enter()
    second.wakeup.clear()

    world.queue.leave(first)

    assert second.wakeup.is_set()
    assert world.queue.poll(second) == 12


def test_turn_of_a_waiter_that_left_is_passed_on() -> None:
    world = World()
    world.refuse(BUCKET)
    first, second = world.enter(), world.enter()
    world.now = 12
    world.poll_all(first)

    world.queue.leave(first)

    assert world.poll_all(second) == [0]


def test_each_request_gets_the_key_that_is_open() -> None:
    world = World(keys=2)
    world.refuse(Opening(9, interval_s=12), number=1)
    world.refuse(Opening(4, interval_s=12), number=2)
    waiters = [world.enter() for _ in range(2)]
    for world.now in (4, 9):
        world.poll_all(*waiters)

    assert [each.key and each.key.number for each in waiters] == [2, 1]
    assert [key.opens_at(MODEL) for key in world.pool.keys] == [21, 16]


def test_response_with_quota_left_opens_the_key() -> None:
    world = World()
    world.refuse(BUCKET)
    world.now = 13
    world.respond(rate_headers(requests_minute=(4, 5, 40)), sent_at=12)

    assert world.pool.keys[0].opens_at(MODEL) == 0


def test_response_without_quota_left_closes_the_key() -> None:
    world = World()

    world.respond(rate_headers(requests_minute=(0, 5, 40)), sent_at=0)

    assert world.pool.keys[0].opens_at(MODEL) == 6
