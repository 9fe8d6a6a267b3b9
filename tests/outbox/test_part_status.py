"""Retries of a message in two parts on a platform that cannot delete messages.

A part that was delivered is not sent again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
import pytest

from bot import outbox
from bot.channels import (
    BlockedByUser,
    ChannelCall,
    DeliveryReport,
    Refused,
    SendError,
    Throttled,
    Unreachable,
)
from bot.channels.webchat import WebChat
from bot.conversations import quarantine
from bot.conversations import store as conversation_store
from bot.outbox import delivery_reports, part_status
from bot.outbox.part_status import Part
from bot.people import identities
from bot.runtime import Runtime
from flows.engine.events import Started
from tests.clock import advance_database_clock
from tests.person_client import Guest

type Meets = Callable[[], Awaitable[None]]


class _TwoPartWebChat(WebChat):
    """A channel that sends each message in two parts.

    `meets` has, for the next calls, the error to raise or the function to await; `posted` has the
    numbers of the sent parts.
    """

    edits = deletes = False
    many = 2

    def __init__(self, rt: Runtime) -> None:
        super().__init__(rt.valkey, rt.vault)
        self.meets: list[Meets | SendError | None] = []
        self.posted: list[int] = []
        self.mark = ""

    async def send(self, act: ChannelCall) -> str:
        self.mark = act.row
        for part in range(act.sent + 1, self.many + 1):
            try:
                await self._post(part)
            except SendError as error:
                error.sent = part - 1
                raise
        return ",".join("12"[act.sent : self.many])

    async def _post(self, part: int) -> None:
        met = self.meets.pop(0) if self.meets else None
        if isinstance(met, SendError):
            raise met
        self.posted.append(part)
        if met is not None:
            await met()


@dataclass
class _Row:
    """A message in the outbox to a new person; the channel `page` replaces the web channel."""

    rt: Runtime
    page: _TwoPartWebChat
    id: int = 0
    guest: Guest = field(init=False)

    def __post_init__(self) -> None:
        self.guest = Guest(self.rt)

    async def begin(self) -> None:
        await self.guest.consent()
        inbound = self.guest.inbound(Started())
        async with self.rt.pool.connection() as session:
            held, _fresh, _now = await conversation_store.claim(self.rt, session, inbound)
            assert held is not None
            row = outbox.Row("send", quarantine.apology(self.rt, "ru"))
            [self.id] = await outbox.enqueue(session, held.person, "web", (row,))
        self.rt = replace(
            self.rt, channels={**self.rt.channels, "web": self.page}, suspected_channels={}
        )

    async def go(self, times: int = 1) -> None:
        for _time in range(times):
            await outbox.sweep(self.rt)
            await advance_database_clock(self.rt, "301 seconds")

    async def receive_report(self, state: Any, part: int, attempt: int, code: str = "") -> None:
        row = f"{self.id}.{attempt}"
        report = DeliveryReport("web", state, 1, code, row, part=part, parts=self.page.many)
        await outbox.record_reports(self.rt, [report])

    def failing(self, part: int, attempt: int) -> Meets:
        return lambda: self.receive_report("failed", part, attempt, Unreachable.code)

    async def notices(self) -> list[str]:
        """Return the texts that were sent after the message."""
        async with self.rt.pool.connection() as session:
            person = await identities.find(self.rt, session, "web", self.guest.name)
        assert person is not None
        found = await outbox.waiting(self.rt, person, "web", self.id)
        return ["\n".join(each.message.lines) for each in found if each.message]

    async def look(self) -> tuple[Any, ...]:
        async with self.rt.pool.connection() as session:
            cursor = await session.execute(
                "SELECT state, delivery_status, body IS NULL FROM messages WHERE id = %s",
                (self.id,),
            )
            row: tuple[Any, ...] | None = await cursor.fetchone()
            assert row is not None
            return row


@pytest.fixture
async def row(rt: Runtime) -> _Row:
    made = _Row(rt, _TwoPartWebChat(rt))
    await made.begin()
    return made


async def test_delivery_report_of_a_message_part_counts_before_the_rest_is_sent(row: _Row) -> None:
    row.page.meets = [lambda: row.receive_report("delivered", 1, 1), Throttled(6)]
    await row.go(2)
    assert row.page.posted == [1, 2]
    assert await row.look() == ("sent", None, False)
    await row.receive_report("delivered", 2, 1)
    assert await row.look() == ("sent", "sent", False)
    await row.receive_report("delivered", 2, 2)
    assert await row.look() == ("sent", "delivered", True)


@pytest.mark.parametrize("state", ["sent", "delivered", "read"])
async def test_message_part_reported_before_a_crash_hides_no_unsent_rest(
    row: _Row, state: str
) -> None:
    async def crash() -> None:
        await row.receive_report(state, 1, 1)
        raise RuntimeError

    row.page.meets = [crash]
    await row.go(2)
    assert row.page.posted in ([1, 2], [1, 1, 2])
    assert (await row.look())[0] == "sent"


async def test_message_is_resent_when_a_part_fails_while_the_rest_is_sent(row: _Row) -> None:
    row.page.meets = [None, row.failing(1, 1)]
    await row.go(3)
    assert row.page.posted == [1, 2, 1, 2]
    assert await row.look() == ("sent", None, False)


async def test_failed_message_part_is_resent_before_the_unsent_parts(row: _Row) -> None:
    row.page.meets = [None, Throttled(6)]
    await row.go()
    assert await row.look() == ("pending", None, False)
    await row.receive_report("failed", 1, 1, Unreachable.code)
    await row.go()
    assert row.page.posted == [1, 1, 2]


async def test_message_is_resent_once_when_a_part_fails_during_a_retry(row: _Row) -> None:
    row.page.meets = [None, Throttled(6), row.failing(1, 1)]
    await row.go(3)
    assert row.page.posted == [1, 2, 1, 2]
    await row.receive_report("failed", 1, 1, Unreachable.code)
    await row.go()
    assert row.page.posted == [1, 2, 1, 2]
    await row.receive_report("read", 2, 3)
    await row.receive_report("read", 1, 3)
    assert await row.look() == ("sent", "read", True)


async def test_message_part_is_resent_once_when_it_fails_before_the_others(row: _Row) -> None:
    row.page.meets = [row.failing(1, 1), Throttled(6)]
    await row.go(4)
    assert row.page.posted == [1, 1, 2]
    assert await row.look() == ("sent", None, False)


async def test_message_part_failure_reported_twice_is_counted_once(row: _Row) -> None:
    await row.go()
    for _time in range(2):
        await row.receive_report("failed", 2, 1, Unreachable.code)
        await row.go(2)
    assert row.page.posted == [1, 2, 2]


@pytest.mark.parametrize("many", [1, 2])
async def test_failure_report_is_processed_again_when_the_process_ended(
    row: _Row, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    row.page.many = many
    await row.go()
    before = row.page.posted[:]

    async def end(*_args: object) -> None:
        raise psycopg.OperationalError

    with monkeypatch.context() as broken:
        broken.setattr(delivery_reports, "report", end)
        with pytest.raises(psycopg.OperationalError):
            await row.receive_report("failed", many, 1, Unreachable.code)
    assert await row.look() == ("sent", "failed", False)
    if many > 1:
        await row.receive_report("delivered", 1, 1)
    for _time in range(2):
        await row.receive_report("failed", many, 1, Unreachable.code)
        await row.go(2)
    assert row.page.posted == [*before, many]
    assert await row.look() == ("sent", None, False)


async def test_failure_report_that_cannot_be_processed_keeps_no_other_back(
    row: _Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = _Row(row.rt, row.page)
    await second.begin()
    row.page.many = 1
    await row.go(3)
    mark = identities.mark_unreachable

    async def fail_once(*args: Any, **values: Any) -> bool:
        monkeypatch.setattr(identities, "mark_unreachable", mark)
        raise RuntimeError

    monkeypatch.setattr(identities, "mark_unreachable", fail_once)
    reports = [
        DeliveryReport("web", "failed", 1, BlockedByUser.code, f"{each.id}.1")
        for each in (row, second)
    ]
    await outbox.record_reports(row.rt, reports)
    assert {(await each.look())[0] for each in (row, second)} == {"sent", "undeliverable"}
    await outbox.record_reports(row.rt, reports)
    assert {(await each.look())[0] for each in (row, second)} == {"undeliverable"}


@pytest.mark.parametrize("part", [1, 2])
async def test_person_reads_which_message_part_was_refused_later(row: _Row, part: int) -> None:
    await row.go()
    await row.receive_report("failed", part, 1, Refused.code)
    await row.go()
    [notice] = await row.notices()
    assert [each for each in notice if each.isdigit()] == [str(part)]
    # The notice fails, too: a second notice would not arrive either.
    async with row.rt.pool.connection() as session:
        cursor = await session.execute("SELECT max(id) FROM messages")
        ((notice_id,),) = await cursor.fetchall()
    report = DeliveryReport("web", "failed", 1, Refused.code, f"{notice_id}.1")
    await outbox.record_reports(row.rt, [report])
    await row.go()
    assert len(await row.notices()) == 0


async def test_person_reads_which_message_part_was_refused_meanwhile(row: _Row) -> None:
    row.page.meets = [None, lambda: row.receive_report("failed", 1, 1, Refused.code)]
    await row.go(2)
    [notice] = await row.notices()
    assert [each for each in notice if each.isdigit()] == ["1"]


async def test_delivery_report_of_an_earlier_attempt_is_ignored(row: _Row) -> None:
    row.page.many = 1
    row.page.meets = [lambda: _lost(row)]
    await row.go(4)
    assert row.page.posted == [1, 1]
    assert await row.look() == ("sent", None, False)


async def _lost(row: _Row) -> None:
    await row.receive_report("failed", 1, 1, Unreachable.code)
    raise Unreachable(certain=True)


@pytest.mark.parametrize(
    ("notes", "found", "there"),
    [
        (None, [], 0),
        ("wamid.SGVsbG8,wamid.MWQ", [], 0),
        ("1d,1a", [Part(1, "d"), Part(1, "a")], 2),
        ("1d,1f,1d", [Part(1, "d"), Part(1, "f"), Part(1, "d")], 1),
        ("+1-2.1", [Part(1, "a")] * 2, 2),
        ("1d,1f,1d,+2-3.2", [Part(1, "d"), Part(2, "a"), Part(2, "a")], 3),
        ("1d,2d,+2-3.2", [Part(1, "d"), Part(2, "d"), Part(2, "a")], 3),
        ("1f,1a,+2-2.2", [Part(1, "f"), Part(2, "a")], 0),
        (",+1-1.3", [Part(3, "a")], 1),
    ],
)
def test_message_part_status_round_trips_and_counts_the_parts_sent(
    notes: str | None, found: list[Part], there: int
) -> None:
    assert part_status.parse(notes) == found
    assert part_status.count_sent(notes) == there
    assert part_status.parse(part_status.serialize(found)) == found
