"""The soak's check accepts the planned reply and nothing else."""

import random
from dataclasses import replace

import pytest

from soak.plan import (
    DISCONNECTED,
    FAULTS,
    INTERRUPTED,
    NO_FAULT,
    REFUSED,
    SUCCESS,
    Plan,
    make_plan,
)
from soak.reply import Reply, Violation, check_reply

PLAN = replace(
    make_plan(random.Random(1), 1),
    dialect="chat",
    behaviour="normal",
    stream=True,
    content="text",
    fault=NO_FAULT,
    text="as planned",
)
CUT = replace(PLAN, fault=next(f for f in FAULTS if f.name == "cut midway"))
CALL = replace(PLAN, content="tool call")
INVALID = replace(PLAN, behaviour="sends an invalid body")
GOOD = Reply(200, "as planned", finish_reason="stop", tokens=3, ended=True)


def reply(**changes: object) -> Reply:
    return replace(GOOD, **changes)


@pytest.mark.parametrize(
    ("plan", "received", "outcome"),
    [
        (PLAN, reply(), SUCCESS),
        (CALL, reply(calls=[["look", '{"place": "as planned"}']]), SUCCESS),
        (CALL, reply(calls=[["look", {"place": "as planned"}]]), SUCCESS),
        (CUT, reply(text="as pl", error="lost"), INTERRUPTED),
        (
            replace(PLAN, behaviour="disconnects"),
            reply(disconnected=True),
            DISCONNECTED,
        ),
        (INVALID, Reply(400, error="no", ended=True), REFUSED),
    ],
)
def test_planned_reply_has_its_outcome(
    plan: Plan, received: Reply, outcome: str
) -> None:
    assert check_reply(plan, received) == outcome


@pytest.mark.parametrize(
    ("plan", "received"),
    [
        (PLAN, reply(text="as plann")),
        (PLAN, reply(text="of another")),
        (PLAN, reply(ended=False)),
        (PLAN, reply(finish_reason=None)),
        (PLAN, reply(finish_reason="length")),
        (PLAN, reply(tokens=0)),
        (PLAN, reply(events_after_end=True)),
        (PLAN, reply(error="lost")),
        (PLAN, Reply(503, error="busy", ended=True)),
        (CUT, reply()),
        (CUT, reply(text="of another", error="lost")),
        (CUT, reply(text="as pl", ended=False)),
        (CALL, reply(calls=[])),
        (CALL, reply(calls=[["look", {"place": "elsewhere"}]])),
        (INVALID, reply()),
        (INVALID, Reply(400)),
        (replace(PLAN, behaviour="sends a GET"), Reply(500, "oh")),
    ],
)
def test_other_reply_is_a_violation(plan: Plan, received: Reply) -> None:
    with pytest.raises(Violation):
        check_reply(plan, received)


def test_every_fault_has_a_name_and_outcomes() -> None:
    assert all(fault.streamed and fault.whole for fault in FAULTS)
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
