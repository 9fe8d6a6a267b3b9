"""The outbox (queue of messages to people) is swept: messages that a crash left are sent.

One person's backlog does not delay other people's messages.
"""

import asyncio
import time
from dataclasses import replace
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from bot import outbox
from bot.channels import (
    ChannelCall,
    ChannelSuspended,
    DeliveryReport,
    Refused,
    SendError,
    Throttled,
    Unreachable,
    WindowClosed,
)
from bot.channels.webchat import WebChat
from bot.conversations import quarantine
from bot.conversations import store as conversation_store
from bot.db.connection import Connection
from bot.embedded import Databases
from bot.outbox import channel_probe, sender
from bot.runtime import Runtime
from flows.engine.events import Started
from tests.clock import advance_database_clock
from tests.person_client import Guest

BACKLOG = outbox.SWEPT_AT_ONCE + 10


async def _wait(rt: Runtime, guest: Guest, rows: int) -> None:
    """Enqueue `rows` messages to a person without sending them."""
    row = outbox.Row("send", quarantine.apology(rt, "ru"))
    async with rt.pool.connection() as session:
        held, _fresh, _now = await conversation_store.claim(rt, session, guest.inbound(Started()))
        assert held is not None
        await outbox.enqueue(session, held.person, "web", (row,) * rows)


async def _lease_oldest(rt: Runtime) -> None:
    """Lease each person's oldest queued row, as if a running process were sending it."""
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE messages SET state = 'sending', attempt = 1,"
            " lease_until = kosh_now() + interval '1 minute' WHERE id IN"
            " (SELECT min(id) FROM messages WHERE state = 'pending' GROUP BY person_id)"
        )


async def _open(rt: Runtime, guest: Guest) -> int:
    return sum(state in ("pending", "sending") for _id, _act, state in await guest.rows())


async def test_outbox_backlog_of_one_person_delays_no_other_person(rt: Runtime) -> None:
    busy, other = Guest(rt), Guest(rt)
    await busy.consent()
    await other.consent()
    await _wait(rt, busy, BACKLOG)
    await _lease_oldest(rt)
    await _wait(rt, other, 1)
    assert await outbox.sweep(rt) == 1
    assert await _open(rt, other) == 0
    assert await _open(rt, busy) == BACKLOG


async def test_outbox_sweep_skips_a_person_whose_message_is_being_sent(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.consent()
    await _wait(rt, guest, 2)
    await _lease_oldest(rt)
    assert await outbox.sweep(rt) == 0


async def test_outbox_stores_the_outcome_of_the_later_of_two_attempts(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.consent()
    await _wait(rt, guest, 1)
    async with rt.pool.connection() as session:
        held, _fresh, _now = await conversation_store.claim(rt, session, guest.inbound(Started()))
    assert held is not None
    first = await sender._claim(rt, held.person)
    async with rt.pool.connection() as session:
        await session.execute("UPDATE messages SET lease_until = kosh_now() WHERE attempt = 1")
    second = await sender._claim(rt, held.person)
    assert first is not None
    assert second is not None
    assert (first.id, first.attempt + 1) == (second.id, second.attempt)
    await asyncio.gather(
        *(
            sender._outcome(rt, each, "sent", external_id=f"by-{each.attempt}")
            for each in (second, first)
        )
    )
    async with rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT state, external_id FROM messages WHERE id = %s", (first.id,)
        )
        assert await cursor.fetchone() == ("sent", f"by-{second.attempt}")


async def test_outbox_gives_up_an_unreadable_message_and_sends_the_next(
    rt: Runtime,
) -> None:
    guest = Guest(rt)
    await guest.consent()
    await _wait(rt, guest, 2)
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE messages SET body = 'nonsense'::bytea WHERE id ="
            " (SELECT min(id) FROM messages WHERE state = 'pending')"
        )
    with capture_logs() as lines:
        for _try in range(outbox.MAX_ATTEMPTS):
            assert await _open(rt, guest) == 2
            await outbox.sweep(rt)
            await advance_database_clock(rt, "61 seconds")
    assert await _open(rt, guest) == 0
    *_before, (first, _send, given_up), (_second, _act, sent) = await guest.rows()
    assert (given_up, sent) == ("failed", "sent")
    unreadable = [each["message"] for each in lines if each["event"] == "message.unreadable"]
    assert unreadable == [first] * outbox.MAX_ATTEMPTS


async def test_outbox_row_ids_are_not_reused_after_a_restore(
    rt: Runtime, databases: Databases
) -> None:
    """Check that ids continue far above the backup's newest id.

    Platforms may already have messages with ids that were assigned after the backup.
    """
    guest = Guest(rt)
    await guest.consent()
    *_before, (newest, _act, _state) = await guest.rows()
    url = databases.owner
    async with await Connection.connect(url, autocommit=True) as owner:
        await outbox.after_restore(owner)
    await _wait(rt, guest, 1)
    *_before, (later, _act, _state) = await guest.rows()
    assert later > newest + 1_000_000


class _UnreachableWebChat(WebChat):
    """A web channel that raises Unreachable except for the addresses in `reached`."""

    def __init__(self, rt: Runtime) -> None:
        super().__init__(rt.valkey, rt.vault)
        self.reached = frozenset[str]()

    async def send(self, act: ChannelCall) -> str:
        if act.address in self.reached:
            return await super().send(act)
        raise Unreachable


async def test_outbox_gives_up_a_message_only_when_the_channel_works_for_others(
    rt: Runtime,
) -> None:
    guest, other, channel = Guest(rt), Guest(rt), _UnreachableWebChat(rt)
    await guest.consent()
    await other.consent()
    rt = replace(rt, channels={**rt.channels, "web": channel}, accepted_at={})
    await _wait(rt, guest, 1)
    for _try in range(2 * outbox.MAX_ATTEMPTS):
        await outbox.sweep(rt)
        await advance_database_clock(rt, "301 seconds")
    assert await _open(rt, guest) == 1
    channel.reached = frozenset({other.name})
    await _wait(rt, other, 1)
    for _try in range(outbox.MAX_ATTEMPTS + 1):
        await outbox.sweep(rt)
        await advance_database_clock(rt, "301 seconds")
    *_before, (_first, _send, given_up), (_second, _act, notice) = await guest.rows()
    assert (await _open(rt, other), given_up, notice) == (0, "failed", "pending")


async def _report_failed(rt: Runtime, guest: Guest, code: str) -> None:
    """Report that the last attempt to send the person's newest message failed."""
    async with rt.pool.connection() as session:
        row_id, *_rest = (await guest.rows())[-1]
        cursor = await session.execute("SELECT attempt FROM messages WHERE id = %s", (row_id,))
        found = await cursor.fetchone()
    assert found is not None
    row = f"{row_id}.{found[0]}"
    await outbox.record_reports(rt, [DeliveryReport("web", "failed", 1, code, row)])


async def test_person_reads_of_a_message_that_was_refused_later(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.consent()
    await _wait(rt, guest, 1)
    assert await outbox.sweep(rt) == 1
    with capture_logs() as lines:
        await _report_failed(rt, guest, Refused.code)
    assert "message.incomplete" in [each["event"] for each in lines]
    assert [state for _id, _act, state in await guest.rows()][-2:] == ["failed", "pending"]
    assert await outbox.sweep(rt) == 1
    # The notice fails, too: a second notice would not arrive either.
    await _report_failed(rt, guest, Refused.code)
    assert [state for _id, _act, state in await guest.rows()][-2:] == ["failed", "failed"]


async def test_outbox_keeps_a_message_while_reports_say_the_account_is_locked(
    rt: Runtime,
) -> None:
    guest = Guest(rt)
    await guest.consent()
    await _wait(rt, guest, 1)
    for _try in range(2 * outbox.MAX_ATTEMPTS):
        assert await outbox.sweep(rt) == 1
        await _report_failed(rt, guest, ChannelSuspended.code)
        await advance_database_clock(rt, "301 seconds")
    assert [state for _id, _act, state in await guest.rows()][-1] == "pending"
    await outbox.sweep(rt)
    assert await _open(rt, guest) == 0


class _RefusingWebChat(WebChat):
    """A web channel that raises `error`, or accepts everything if `error` is None."""

    def __init__(self, rt: Runtime) -> None:
        super().__init__(rt.valkey, rt.vault)
        self.error: SendError | None = None

    async def send(self, act: ChannelCall) -> str:
        if self.error:
            raise self.error
        return await super().send(act)


@pytest.mark.parametrize("reported", [True, False])
async def test_outbox_limits_attempts_only_after_the_account_is_unlocked(
    rt: Runtime, reported: bool
) -> None:
    guest, channel = Guest(rt), _RefusingWebChat(rt)
    await guest.consent()
    rt = replace(rt, channels={**rt.channels, "web": channel})
    await _wait(rt, guest, 1)
    at = len(await guest.rows()) - 1
    locked: list[SendError] = [ChannelSuspended()] * (outbox.MAX_ATTEMPTS + 1)
    for error in [*locked, *[Throttled(0)] * (outbox.MAX_ATTEMPTS - 1)]:
        assert (await guest.rows())[at][2] == "pending"
        channel.error = None if reported else error
        await outbox.sweep(rt)
        if reported:
            await _report_failed(rt, guest, error.code)
        await advance_database_clock(rt, "301 seconds")
    assert (await guest.rows())[at][2] == "failed"


async def test_outbox_pauses_longer_after_each_failure_that_is_reported_later(
    rt: Runtime,
) -> None:
    guest = Guest(rt)
    await guest.consent()
    await _wait(rt, guest, 1)
    pauses = []
    for _try in range(7):
        assert await outbox.sweep(rt) == 1
        await _report_failed(rt, guest, Throttled.code)
        async with rt.pool.connection() as session:
            cursor = await session.execute(
                "SELECT extract(epoch FROM due_at - kosh_now())::int FROM messages"
                " WHERE state = 'pending'"
            )
            pauses += [each for (each,) in await cursor.fetchall()]
        await advance_database_clock(rt, "301 seconds")
    assert pauses == [pytest.approx(each, abs=2) for each in (10, 20, 40, 80, 160, 300, 300)]


async def test_outbox_names_a_case_of_waiting_replies_when_another_was_deleted(
    rt: Runtime,
) -> None:
    guest, case_id, officer = Guest(rt), uuid4(), uuid4()
    await guest.consent()
    await _wait(rt, guest, 2)
    async with rt.pool.connection() as session:
        cursor = await session.execute("SELECT id FROM people")
        ((person_id,),) = await cursor.fetchall()
        await session.execute(
            "INSERT INTO cases (id, person_id, mission, topic, urgent, language, state)"
            " VALUES (%s, %s, 'astana', 'other', false, 'ru', 'open')",
            (case_id, person_id),
        )
        await session.execute(
            "UPDATE messages SET state = 'waiting', officer = %s, reason = %s,"
            " case_id = CASE WHEN id = (SELECT max(id) FROM messages) THEN %s::uuid END"
            " WHERE state = 'pending'",
            (officer, WindowClosed.code, case_id),
        )
        assert await outbox.take_unannounced(session, person_id, "web") == case_id
        assert await outbox.take_unannounced(session, person_id, "web") is None


class _ResponseLosingWebChat(WebChat):
    """A web channel that gets all calls; responses are lost while `loses_responses` is set."""

    def __init__(self, rt: Runtime) -> None:
        super().__init__(rt.valkey, rt.vault)
        self.loses_responses = True
        self.arrived: list[str] = []

    async def send(self, act: ChannelCall) -> str:
        self.arrived.append(act.row.partition(".")[0])
        if self.loses_responses:
            raise Unreachable
        return await super().send(act)

    async def ping(self) -> None:
        if self.loses_responses:
            raise Unreachable


async def test_outbox_pauses_a_channel_after_a_lost_response_until_it_responds(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel_probe, "MAX_WAIT_SECONDS", 0.05)
    first, *others = guests = [Guest(rt) for _ in range(4)]
    for each in guests:
        await each.consent()
    page = _ResponseLosingWebChat(rt)
    rt = replace(rt, channels={**rt.channels, "web": page}, suspected_channels={})
    await _wait(rt, first, 1)
    await outbox.sweep(rt)
    assert len(page.arrived) == 1
    for each in others:
        await _wait(rt, each, 1)
    await outbox.sweep(rt)
    assert len(page.arrived) == 1
    assert [await _open(rt, each) for each in guests] == [1] * 4
    page.loses_responses = False
    await asyncio.gather(*(asking for _since, asking in rt.suspected_channels.values()))
    await advance_database_clock(rt, "5 seconds")
    await outbox.sweep(rt)
    assert [await _open(rt, each) for each in guests] == [0] * 4
    assert len(page.arrived) == 1 + 4
    assert page.arrived.count(page.arrived[0]) == 2


async def test_channel_probe_delay_grows_with_the_outage(
    rt: Runtime,
) -> None:
    never: asyncio.Task[None] = asyncio.create_task(asyncio.sleep(3600))
    for missing, minimum in ((40, 40), (4000, channel_probe.MAX_SECONDS)):
        rt.suspected_channels["web"] = (time.monotonic() - missing, never)
        assert (
            minimum
            <= await channel_probe.wait_until_reachable(rt, "web")
            <= channel_probe.MAX_SECONDS
        )
    never.cancel()
    del rt.suspected_channels["web"]


async def test_outbox_resumes_at_once_when_the_channel_responds(rt: Runtime) -> None:
    first, second = Guest(rt), Guest(rt)
    await first.consent()
    await second.consent()
    page = _ResponseLosingWebChat(rt)
    rt = replace(rt, channels={**rt.channels, "web": page}, suspected_channels={})
    await _wait(rt, first, 1)
    await outbox.sweep(rt)
    assert rt.suspected_channels
    page.loses_responses = False
    await _wait(rt, second, 1)
    await outbox.sweep(rt)
    assert not rt.suspected_channels
    assert await _open(rt, second) == 0
    assert len(page.arrived) == 2
