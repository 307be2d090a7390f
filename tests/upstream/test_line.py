"""Those that wait for quota, played with a clock that the test turns."""

from __future__ import annotations

from typing import Any

from app.upstream.keys import Keys
from app.upstream.line import Line, Ticket
from app.upstream.quota import Opening
from tests.upstream.test_quota import told

MODEL = "m"
BUCKET = Opening(12, interval_s=12, reset_s=50, size=5)


class Played:
    """A line, its keys and its clock."""

    def __init__(self, keys: int = 1) -> None:
        self.now = 0.0
        self.keys = Keys([f"csk-{n}" for n in range(keys)])
        self.line = Line(MODEL, self.keys, lambda: self.now)

    def refuse(self, opening: Opening, place: int = 1) -> None:
        self.line.refuse(self.keys.all[place - 1], opening)

    def learn(self, headers: dict[str, str], sent: float, place: int = 1) -> None:
        self.line.learn(self.keys.all[place - 1], headers, sent)

    def join(self, caller: str = "", until: float = 100, **more: Any) -> Ticket:
        ticket = Ticket(caller, tokens=1000, until=until)
        assert self.line.join(ticket, again=more.get("again", False))
        return ticket

    def fits(self, until: float) -> bool:
        return self.line.join(Ticket("", 1000, until), again=False)

    def who_goes(self, *tickets: Ticket) -> list[int]:
        """Which tickets may go now."""
        return [n for n, each in enumerate(tickets) if self.line.look(each) == 0]


def test_one_goes_each_time_the_bucket_holds_another() -> None:
    played = Played()
    played.refuse(BUCKET)
    waiting = [played.join() for _ in range(3)]

    gone = []
    for played.now in (0, 11.9, 12, 12.1, 23.9, 24, 36):
        gone.append(played.who_goes(*waiting))

    assert gone == [[], [], [0], [0], [0], [0, 1], [0, 1, 2]]


def test_it_is_told_when_to_look_again() -> None:
    played = Played()
    played.refuse(BUCKET)
    head, second = played.join(until=30), played.join(until=40)
    played.now = 2

    assert [played.line.look(each) for each in (head, second)] == [10, 38]


def test_as_many_go_as_an_answer_has_room_for() -> None:
    played = Played()
    played.refuse(BUCKET)
    waiting = [played.join() for _ in range(5)]
    played.now = 12
    played.who_goes(*waiting)

    played.learn(told(requests_minute=(3, 5, 40)), sent=12)

    assert played.who_goes(*waiting) == [0, 1, 2, 3]


def test_an_answer_that_tells_nothing_lets_two_go() -> None:
    played = Played()
    played.refuse(Opening(1))
    waiting = [played.join() for _ in range(9)]
    played.now = 1
    assert played.who_goes(*waiting) == [0]

    played.now = 1.2
    played.learn({}, sent=1)

    assert played.who_goes(*waiting) == [0, 1, 2]


def test_an_answer_to_what_was_sent_before_the_refusal_is_old_news() -> None:
    played = Played()
    played.now = 1
    played.refuse(BUCKET)
    waiting = played.join()

    played.learn(told(requests_minute=(4, 5, 40)), sent=0.5)

    assert played.who_goes(waiting) == []


def test_room_that_the_next_cannot_use_lets_nobody_go() -> None:
    played = Played()
    played.refuse(BUCKET)
    waiting = played.join()
    played.now = 1

    played.learn(told(tokens_minute=(500, 30_000, 40)), sent=1)

    assert played.who_goes(waiting) == []
    played.now = 2
    assert played.who_goes(waiting) == [0]


def test_a_wait_that_would_not_fit_is_not_begun() -> None:
    played = Played()
    played.refuse(BUCKET)

    assert not played.fits(until=11)
    assert played.fits(until=20)
    assert not played.fits(until=20)
    assert played.fits(until=24)


def test_all_that_a_window_holds_may_wait_for_its_reset() -> None:
    played = Played()
    played.refuse(Opening(12, interval_s=12, reset_s=15, size=5))

    assert [played.fits(until=20) for _ in range(7)] == [True] * 5 + [False] * 2


def test_nobody_waits_longer_than_its_limit() -> None:
    played = Played()
    played.refuse(Opening(5))
    first, second = played.join(until=6), played.join(until=6)
    played.now = 5
    played.refuse(Opening(60))

    assert played.line.look(first) == 1
    played.now = 6
    assert [played.line.look(each) for each in (first, second)] == [None, None]
    assert played.line.look(first) is None


def test_callers_take_turns() -> None:
    played = Played()
    played.refuse(BUCKET)
    greedy = [played.join("greedy") for _ in range(4)]
    modest = played.join("modest")

    for played.now in (12, 24):
        played.who_goes(*greedy, modest)

    assert played.who_goes(*greedy, modest) == [0, 4]


def test_one_that_was_refused_again_is_next() -> None:
    played = Played()
    played.refuse(BUCKET)
    others = [played.join("a") for _ in range(3)]
    again = played.join("b", again=True)
    played.now = 12

    assert played.who_goes(*others, again) == [3]


def test_one_that_leaves_lets_the_next_one_look() -> None:
    played = Played()
    played.refuse(BUCKET)
    first, second = played.join(), played.join()
    second.turn.clear()

    played.line.leave(first)

    assert second.turn.is_set()
    assert played.line.look(second) == 12


def test_a_turn_that_comes_to_one_who_has_left_is_passed_on() -> None:
    played = Played()
    played.refuse(BUCKET)
    first, second = played.join(), played.join()
    played.now = 12
    played.who_goes(first)

    played.line.leave(first)

    assert played.who_goes(second) == [0]


def test_each_goes_with_the_key_that_is_due() -> None:
    played = Played(keys=2)
    played.refuse(Opening(9, interval_s=12), place=1)
    played.refuse(Opening(4, interval_s=12), place=2)
    waiting = [played.join() for _ in range(2)]
    for played.now in (4, 9):
        played.who_goes(*waiting)

    assert [each.key and each.key.place for each in waiting] == [2, 1]
    assert [key.due(MODEL) for key in played.keys.all] == [21, 16]


def test_a_key_that_has_room_again_rests_no_longer() -> None:
    played = Played()
    played.refuse(BUCKET)
    played.now = 13
    played.learn(told(requests_minute=(4, 5, 40)), sent=12)

    assert played.keys.all[0].due(MODEL) == 0


def test_a_key_that_has_used_its_last_rests_before_it_is_refused() -> None:
    played = Played()

    played.learn(told(requests_minute=(0, 5, 40)), sent=0)

    assert played.keys.all[0].due(MODEL) == 6
