"""The soak's judge lets nothing pass that a client could not use."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from soak.checks import Broken, judge
from soak.faults import BROKEN_OFF, FAULTS, LEFT, NONE, REFUSED, SUCCESS
from soak.heard import Heard
from soak.plan import Plan, make

PLAN = replace(
    make(random.Random(1), 1),
    dialect="chat",
    manner="reads",
    stream=True,
    talk="say",
    fault=NONE,
    text="as planned",
)
CUT = replace(PLAN, fault=next(f for f in FAULTS if f.name == "cut midway"))
CALL = replace(PLAN, talk="call")
GOOD = Heard(200, "as planned", reason="stop", tokens=3, ended=True)


def heard(**changes: object) -> Heard:
    return replace(GOOD, **changes)


def test_the_text_that_was_planned_is_a_success() -> None:
    assert judge(PLAN, heard()) == SUCCESS


def test_a_call_is_judged_whether_it_came_as_text_or_as_an_object() -> None:
    text = heard(calls=[["look", '{"place": "as planned"}']])
    value = heard(calls=[["look", {"place": "as planned"}]])

    assert judge(CALL, text) == judge(CALL, value) == SUCCESS


def test_a_planned_fault_ends_in_an_error_after_part_of_the_text() -> None:
    assert judge(CUT, heard(text="as pl", error="lost")) == BROKEN_OFF


def test_a_client_that_leaves_as_planned_has_left() -> None:
    assert judge(replace(PLAN, manner="leaves"), heard(left=True)) == LEFT


def test_a_bad_body_ends_in_a_refusal() -> None:
    spoilt = replace(PLAN, manner="misspeaks")

    assert judge(spoilt, Heard(400, error="no", ended=True)) == REFUSED


@pytest.mark.parametrize(
    ("plan", "answer"),
    [
        (PLAN, heard(text="as plann")),
        (PLAN, heard(text="of another")),
        (PLAN, heard(ended=False)),
        (PLAN, heard(reason=None)),
        (PLAN, heard(reason="length")),
        (PLAN, heard(tokens=0)),
        (PLAN, heard(after_end=True)),
        (PLAN, heard(error="lost")),
        (PLAN, Heard(503, error="busy", ended=True)),
        (CUT, heard()),
        (CUT, heard(text="of another", error="lost")),
        (CUT, heard(text="as pl", ended=False)),
        (CALL, heard(calls=[])),
        (CALL, heard(calls=[["look", {"place": "elsewhere"}]])),
        (replace(PLAN, manner="misspeaks"), heard()),
        (replace(PLAN, manner="misspeaks"), Heard(400)),
        (replace(PLAN, manner="looks around"), Heard(500, "oh")),
    ],
)
def test_anything_else_is_a_broken_promise(plan: Plan, answer: Heard) -> None:
    with pytest.raises(Broken):
        judge(plan, answer)


@pytest.mark.parametrize("read", [lambda e: e.streamed, lambda e: e.whole])
def test_every_fault_has_an_end(read: Callable[..., frozenset[str]]) -> None:
    assert all(read(fault) for fault in FAULTS)
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
