"""The sweep sees to whom a crash left waiting, and nobody's backlog stands in another's way."""

from bot import conversations, inbox, outbox
from bot.runtime import Runtime
from flows.engine.events import Started
from tests.people import Guest

BACKLOG = outbox.SWEPT_AT_ONCE + 10


async def _wait(rt: Runtime, guest: Guest, rows: int) -> None:
    """Give somebody rows that nobody sends."""
    row = outbox.Row("send", inbox.apology(rt, "ru"))
    async with rt.pool.connection() as session:
        held, _fresh, _now = await conversations.claim(rt, session, guest.inbound(Started()))
        assert held is not None
        await outbox.post(session, held.person, "web", (row,) * rows)


async def _lease_oldest(rt: Runtime) -> None:
    """As if each person's oldest waiting row were being sent by a process that is alive."""
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE messages SET state = 'sending', attempt = 1,"
            " lease_until = kosh_now() + interval '1 minute' WHERE id IN"
            " (SELECT min(id) FROM messages WHERE state = 'pending' GROUP BY person_id)"
        )


async def _open(rt: Runtime, guest: Guest) -> int:
    return sum(state in ("pending", "sending") for _id, _act, state in await guest.rows())


async def test_a_backlog_that_waits_for_a_lease_keeps_nobody_else_waiting(rt: Runtime) -> None:
    busy, other = Guest(rt), Guest(rt)
    await busy.consent()
    await other.consent()
    await _wait(rt, busy, BACKLOG)
    await _lease_oldest(rt)
    await _wait(rt, other, 1)
    assert await outbox.sweep(rt) == 1
    assert await _open(rt, other) == 0
    assert await _open(rt, busy) == BACKLOG


async def test_people_who_wait_for_a_lease_are_not_counted_as_seen_to(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.consent()
    await _wait(rt, guest, 2)
    await _lease_oldest(rt)
    assert await outbox.sweep(rt) == 0
