"""The order in which a fair queue returns its items."""

from app.upstream.fair_queue import FairQueue


def pop_all(queue: FairQueue[str]) -> str:
    return " ".join(queue.pop() for _ in range(len(queue)))


def make_queue(*items: str) -> FairQueue[str]:
    """Return a queue of the items; the first letter of an item is its caller."""
    queue = FairQueue[str]()
    for item in items:
        queue.append(item[0], item)
    return queue


def test_items_of_one_caller_are_fifo() -> None:
    assert pop_all(make_queue("a1", "a2", "a3")) == "a1 a2 a3"


def test_callers_take_turns() -> None:
    queue = make_queue("a1", "a2", "a3", "b1", "b2", "c1")

    assert pop_all(queue) == "a1 b1 c1 a2 b2 a3"


def test_new_caller_comes_after_one_item_of_each_other() -> None:
    queue = make_queue("a1", "a2", "a3", "b1")
    queue.pop()
    queue.append("c", "c1")

    assert pop_all(queue) == "b1 a2 c1 a3"


def test_removed_item_is_skipped() -> None:
    queue = make_queue("a1", "b1", "a2")

    assert queue.remove("b", "b1")
    assert not queue.remove("b", "b1")
    assert not queue.remove("a", "a3")
    assert len(queue) == 2
    assert pop_all(queue) == "a1 a2"


def test_prepended_item_is_next() -> None:
    queue = make_queue("a1", "b1", "a2")

    queue.prepend("c", "c1")
    queue.prepend("a", "a0")

    assert queue.peek() == "a0"
    assert pop_all(queue) == "a0 c1 b1 a1 a2"


def test_count_ahead() -> None:
    queue = make_queue("a1", "a2", "a3", "b1")

    assert [queue.count_ahead(caller) for caller in "abc"] == [4, 3, 2]
    assert FairQueue[str]().count_ahead("a") == 0


def test_peek_of_an_empty_queue_is_none() -> None:
    assert FairQueue[str]().peek() is None
