"""A recipient who is retried while the announcement (broadcast) ends still gets a final state."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import pytest

from bot import broadcasts
from bot.broadcasts import Doubt, State, lifecycle, model, scheduler, sender, sending_statements
from bot.channels import DeliveryReport, Throttled, Unreachable
from bot.db.statements import execute
from bot.runtime import Runtime
from tests.clock import advance_database_clock
from tests.database_locks import wait_for_blocked_session
from tests.subscribers import (
    BroadcastOfficers,
    ScriptedPlatform,
    count_states,
    create_officers,
    create_subscribers,
    new_draft,
    snapshot_all,
    start,
    with_platforms,
)

# `bot.broadcasts` exports a function named like the module, so a normal import would bind the
# function.
receiving = import_module("bot.broadcasts.delivery_reports")


@dataclass
class CommitBarrier:
    """A pause before a commit: a wrapped function runs, then waits until `opened` is set."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    passed: int = 0

    @classmethod
    def before_commit(cls, patch: pytest.MonkeyPatch, module: Any, name: str) -> "CommitBarrier":
        gate, step = cls(), getattr(module, name)

        async def wait_after_step(*args: Any, **kwargs: Any) -> Any:
            gate.passed += 1
            done = await step(*args, **kwargs)
            gate.reached.set()
            await gate.opened.wait()
            return done

        patch.setattr(module, name, wait_after_step)
        return gate


@dataclass
class LatePost(ScriptedPlatform):
    """A platform that waits for `until`, and then reports that it has not sent the message."""

    until: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, call: Any) -> str:
        await super().send(call)
        await self.until.wait()
        raise Unreachable(certain=True)


@dataclass
class LastRecipient:
    """A broadcast whose only recipient has a final state, so that it ends at its next run.

    `plan` makes the recipient pending again.
    """

    rt: Runtime
    found: broadcasts.Broadcast
    plan: Callable[[], Awaitable[object]]
    step: tuple[Any, str]


async def _send_all(
    rt: Runtime, post: ScriptedPlatform
) -> tuple[Runtime, BroadcastOfficers, broadcasts.Broadcast]:
    rt = with_platforms(rt, post)
    await create_subscribers(rt, 1, channel=post.name)
    officers = await create_officers(rt)
    found = await start(rt, officers, new_draft())
    await snapshot_all(rt, found)
    return rt, officers, found


async def _reported(rt: Runtime) -> LastRecipient:
    """Return a broadcast whose `plan` reports that the platform could not deliver the message."""
    post = ScriptedPlatform("whatsapp")
    rt, _who, found = await _send_all(rt, post)
    await broadcasts.send_shard(rt, found.id, 0)
    report = DeliveryReport("whatsapp", "failed", 0, Throttled.code, post.sent[0].row)
    return LastRecipient(
        rt, found, lambda: broadcasts.record_reports(rt, [report]), (receiving, "consequence")
    )


async def _decided(rt: Runtime) -> LastRecipient:
    """Return a broadcast whose `plan` lets an officer resend a message with unknown outcome."""
    rt, officers, found = await _send_all(rt, ScriptedPlatform())
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE broadcast_recipients SET state = 'in_doubt', reason = 'crash'"
        )

    def plan() -> Awaitable[object]:
        return broadcasts.decide_in_doubt(rt, officers.lead, found.id, Doubt.AGAIN)

    return LastRecipient(rt, found, plan, (lifecycle, "append_audit"))


async def _reported_late(rt: Runtime) -> LastRecipient:
    """Return a broadcast whose `plan` lets a worker with an expired lease report a failure."""
    post = LatePost()
    rt, _who, found = await _send_all(rt, post)
    sending = asyncio.create_task(broadcasts.send_shard(rt, found.id, 0))
    await post.tried.wait()
    await advance_database_clock(rt, "2 minutes")
    async with rt.pool.connection() as session:
        await execute(session, sending_statements.DOUBT_CRASHED, id=found.id)

    def plan() -> Awaitable[object]:
        post.until.set()
        return sending

    return LastRecipient(rt, found, plan, (sender, "consequence"))


PLANNERS = pytest.mark.parametrize("planner", [_reported, _decided, _reported_late])


async def _until_it_waits(task: asyncio.Task[Any], rt: Runtime, admin_url: str) -> None:
    """Wait until the task waits for a database lock, or ends without waiting."""
    waiting = asyncio.create_task(wait_for_blocked_session(rt, admin_url))
    await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


async def _check_running(last: LastRecipient) -> None:
    async with last.rt.pool.connection() as session:
        now = await model.find(session, last.found.id)
    (outcome,) = await count_states(last.rt, last.found)
    assert (now.state, outcome.partition(" ")[0]) == (State.RUNNING, "planned")


@PLANNERS
async def test_broadcast_end_waits_for_a_concurrent_retry_of_a_recipient(
    rt: Runtime,
    admin_url: str,
    monkeypatch: pytest.MonkeyPatch,
    planner: Callable[[Runtime], Awaitable[LastRecipient]],
) -> None:
    last = await planner(rt)
    gate = CommitBarrier.before_commit(monkeypatch, *last.step)
    planning = asyncio.ensure_future(last.plan())
    await gate.reached.wait()
    ending = asyncio.create_task(broadcasts.run_due(last.rt))
    await _until_it_waits(ending, rt, admin_url)
    gate.opened.set()
    await asyncio.gather(planning, ending)
    await _check_running(last)


@PLANNERS
async def test_broadcast_does_not_end_when_a_recipient_is_retried_meanwhile(
    rt: Runtime,
    admin_url: str,
    monkeypatch: pytest.MonkeyPatch,
    planner: Callable[[Runtime], Awaitable[LastRecipient]],
) -> None:
    last = await planner(rt)
    gate = CommitBarrier.before_commit(monkeypatch, scheduler, "_end")
    ending = asyncio.create_task(broadcasts.run_due(last.rt))
    await gate.reached.wait()
    planning = asyncio.ensure_future(last.plan())
    await _until_it_waits(planning, rt, admin_url)
    gate.opened.set()
    await asyncio.gather(planning, ending)
    await _check_running(last)


async def test_broadcast_error_handling_does_not_deadlock_with_a_retry(
    rt: Runtime, admin_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = ScriptedPlatform()
    members = await create_subscribers(rt, 12)
    post.answers = {each.address: Unreachable() for each in members}
    rt = with_platforms(rt, post)
    officers = await create_officers(rt)
    found = await start(rt, officers, new_draft())
    await snapshot_all(rt, found)
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE broadcast_recipients SET state = 'in_doubt', reason = 'unreachable' WHERE"
            " seq = 0"
        )
    gate = CommitBarrier.before_commit(monkeypatch, lifecycle, "_lock_started")
    written = CommitBarrier.before_commit(monkeypatch, sender, "_consequences")
    written.opened.set()
    deciding = asyncio.create_task(
        broadcasts.decide_in_doubt(rt, officers.lead, found.id, Doubt.AGAIN, [0])
    )
    await gate.reached.wait()
    sending = asyncio.create_task(broadcasts.send_shard(rt, found.id, 0))
    await _until_it_waits(sending, rt, admin_url)
    gate.opened.set()
    await asyncio.gather(deciding, sending)
    assert written.passed == 1, "neither was turned back for a deadlock"
    assert await count_states(rt, found) == {"planned": 1, "in_doubt unreachable": 11}
