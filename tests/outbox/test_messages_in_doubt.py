"""Messages in doubt: a call was sent to the platform, but the response was lost.

Kosh counts each of these calls, because it resends the message, which may then arrive twice.
"""

from dataclasses import replace
from typing import Any

import pytest

from bot import outbox
from bot.channels import CannotEdit, ChannelCall, Message, Refused, SendError, Unreachable
from bot.channels.webchat import WebChat
from bot.observability import metrics
from bot.outbox import sender
from bot.runtime import Runtime
from tests.clock import advance_database_clock
from tests.emulators.telegram import Cut
from tests.telegram_member import consented_member

HELLO = Message(("A word of ours",), language="ru")


class _Channel:
    """A channel that raises the given error for every call."""

    def __init__(self, error: SendError) -> None:
        self._error = error

    async def send(self, _call: ChannelCall) -> str:
        raise self._error

    async def ping(self) -> None:
        return None


def _counted() -> float:
    return float(metrics.EVENTS.labels("message.in_doubt", "")._value.get())


@pytest.mark.requirement("S-12")
@pytest.mark.parametrize(
    ("error", "kind", "expected"),
    [
        (Unreachable(), "send", 1),
        (Unreachable(certain=True), "send", 0),
        (Unreachable(), "delete", 0),
        (Refused(), "send", 0),
    ],
)
@pytest.mark.requirement("S-88")
async def test_message_with_a_lost_response_is_counted_as_possibly_delivered(
    rt: Runtime, error: SendError, kind: Any, expected: int
) -> None:
    channels: Any = {WebChat.name: _Channel(error)}
    before = _counted()
    call = ChannelCall(kind, "somebody", HELLO if kind == "send" else None, "1")
    with pytest.raises(type(error)):
        await sender._call(replace(rt, channels=channels), WebChat.name, call)
    assert _counted() - before == expected


class _Uneditable(_Channel):
    """A channel that rejects an edit, and loses the response to the message that replaces it."""

    async def send(self, call: ChannelCall) -> str:
        raise CannotEdit if call.kind == "edit" else Unreachable


async def test_message_sent_instead_of_an_edit_is_counted_when_response_is_lost(
    rt: Runtime,
) -> None:
    channels: Any = {WebChat.name: _Uneditable(Refused())}
    before = _counted()
    with pytest.raises(Unreachable):
        await sender._call(
            replace(rt, channels=channels), WebChat.name, ChannelCall("edit", "x", HELLO, "1")
        )
    assert _counted() - before == 1


@pytest.mark.requirement("S-12")
@pytest.mark.requirement("S-88")
async def test_edit_with_a_lost_response_creates_no_second_message(rt: Runtime) -> None:
    async with consented_member(rt) as member:
        await member.gets(HELLO)
        await outbox.sweep(rt)
        (shown,) = member.phone.received
        member.telegram.fail(Cut(delivered=True), method="editMessageText")
        await member.gets(Message(("Another word",), language="ru"), str(shown.id))
        before = _counted()
        for _attempt in range(2):
            await outbox.sweep(rt)
            await advance_database_clock(rt, "301 seconds")
        assert member.texts == ["Another word"]
        assert len(member.telegram.journal.calls("editMessageText")) == 2
        assert _counted() == before
