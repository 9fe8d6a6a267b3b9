"""A long message is sent in parts; after a failure between two parts, Kosh sends the rest later.

If that is impossible, the person reads that the message is incomplete.
"""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from bot import outbox
from bot.channels import Message
from bot.observability import logging
from bot.runtime import Runtime
from flows.engine.events import Said
from tests.clock import advance_database_clock
from tests.emulators.telegram import Flooded, Slow
from tests.telegram_member import Member, consented_member

pytestmark = pytest.mark.requirement("S-12")
FIRST, SECOND, THIRD = "а" * 4096, "б" * 4096, "в"
LONG = Message((FIRST, SECOND, THIRD), language="ru")


@pytest_asyncio.fixture
async def member(rt: Runtime) -> AsyncIterator[Member]:
    async with consented_member(rt) as found:
        yield found


async def _try(rt: Runtime) -> None:
    await outbox.sweep(rt)
    await advance_database_clock(rt, "301 seconds")


@pytest.mark.parametrize("edited", ["", "999999"])
async def test_partly_sent_message_is_continued_without_deleting_parts(
    rt: Runtime, member: Member, edited: str
) -> None:
    await member.gets(LONG, edited)
    for arrived in (1, 2, 3):
        if arrived < 3:
            member.telegram.fail(Slow(0), method="sendMessage")
            member.telegram.fail(Flooded(3), method="sendMessage")
        await _try(rt)
        assert member.texts == [FIRST, SECOND, THIRD][:arrived]
    assert member.telegram.journal.calls("deleteMessages") == []
    await member.do(Said("выход"))
    assert not {FIRST, SECOND, THIRD} & {*member.texts}


async def test_partly_sent_message_is_reported_incomplete_after_all_attempts(
    rt: Runtime, member: Member
) -> None:
    await member.gets(LONG)
    member.telegram.fail(Slow(0), method="sendMessage")
    member.telegram.fail(Flooded(3), times=outbox.MAX_ATTEMPTS, method="sendMessage")
    with capture_logs() as lines:
        for _attempt in range(outbox.MAX_ATTEMPTS):
            await _try(rt)
    await _try(rt)
    first, notice = member.texts
    assert first == FIRST
    assert "2" in notice
    assert "3" in notice
    [line] = [each for each in lines if each["event"] == "message.incomplete"]
    assert (line["log_level"], line["code"], line["count"]) == ("warning", "E_SEND_THROTTLED", 1)
    assert {*line} - {"log_level"} <= logging.ALLOWED
    await member.do(Said("выход"))
    assert FIRST not in member.texts
