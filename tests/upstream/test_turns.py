"""Who is next."""

from __future__ import annotations

from app.upstream.turns import Turns


def drained(turns: Turns[str]) -> str:
    return "".join(turns.take() for _ in range(len(turns)))


def waiting(*joined: str) -> Turns[str]:
    """Each is told as its caller and a number."""
    turns = Turns[str]()
    for one in joined:
        turns.join(one[0], one + " ")
    return turns


def test_one_callers_requests_come_in_order() -> None:
    assert drained(waiting("a1", "a2", "a3")) == "a1 a2 a3 "


def test_callers_take_turns() -> None:
    assert drained(waiting("a1", "a2", "a3", "b1", "b2", "c1")) == "a1 b1 c1 a2 b2 a3 "


def test_a_caller_who_comes_later_waits_for_one_of_each() -> None:
    turns = waiting("a1", "a2", "a3", "b1")
    turns.take()
    turns.join("c", "c1 ")

    assert drained(turns) == "b1 a2 c1 a3 "


def test_one_that_leaves_is_passed_over() -> None:
    turns = waiting("a1", "b1", "a2")

    assert turns.leave("b", "b1 ")
    assert not turns.leave("b", "b1 ")
    assert not turns.leave("a", "a3 ")
    assert len(turns) == 2
    assert drained(turns) == "a1 a2 "


def test_one_whose_turn_was_in_vain_is_next() -> None:
    turns = waiting("a1", "b1", "a2")

    turns.rejoin("c", "c1 ")
    turns.rejoin("a", "a0 ")

    assert turns.next() == "a0 "
    assert drained(turns) == "a0 c1 b1 a1 a2 "


def test_it_can_be_told_how_many_come_first() -> None:
    turns = waiting("a1", "a2", "a3", "b1")

    assert [turns.ahead_of(caller) for caller in "abc"] == [4, 3, 2]
    assert Turns[str]().next() is None
    assert Turns[str]().ahead_of("a") == 0
