"""A message whose answer was lost is counted: it is sent again, and may arrive twice."""

from dataclasses import replace
from typing import Any

import pytest

from bot.channels import ChannelCall, Message, Refused, SendError, Unreachable
from bot.channels.webchat import WebChat
from bot.observability import metrics
from bot.outbox import sender
from bot.runtime import Runtime

HELLO = Message(("A word of ours",), language="ru")


class _Channel:
    """A platform that answers every call with one error."""

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
async def test_message_in_doubt_is_counted_once_for_each_lost_answer(
    rt: Runtime, error: SendError, kind: Any, expected: int
) -> None:
    channels: Any = {WebChat.name: _Channel(error)}
    before = _counted()
    call = ChannelCall(kind, "somebody", HELLO if kind == "send" else None, "1")
    with pytest.raises(type(error)):
        await sender._call(replace(rt, channels=channels), WebChat.name, call)
    assert _counted() - before == expected
