"""The web chat: the platform is ourselves, and a message waits where the page will fetch it.

For somebody known the row of the outbox is the message, and sending is a wake-up. For somebody who
just asks it goes to a short-lived stream in Valkey.
"""

from collections.abc import AsyncIterator

import msgspec

from bot.channels import Act, Arrival, Message, Rates, Refused, Unreachable
from bot.live import Live, LiveUnavailable
from flows.engine.events import Page

STREAM_SECONDS = 1800
MOST_WAITING = 100
DEMO_TOPIC = "demo-registry"

_encode = msgspec.json.Encoder().encode


class Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something for an open page: a message, or ids of messages that go."""

    say: Message | None = None
    replaces: str = ""
    gone: tuple[str, ...] = ()


class WebChat:
    """The channel of the page at /chat; an address is the chat's secret name."""

    name = "web"
    edits = True
    deletes = True
    joins = False
    page = Page.NEVER
    window = 0
    rates = Rates()

    def __init__(self, live: Live) -> None:
        self._live = live

    def parse(self, body: bytes) -> tuple[Arrival, ...]:
        """Never called: the page's own routes make arrivals out of its forms."""
        raise NotImplementedError

    async def send(self, act: Act) -> str:
        try:
            if act.row:
                await self._live.publish(topic(act.address), b"")
                return act.external_id or act.row
            note = _note(act)
            external_id = await self._live.append(
                stream(act.address), _encode(note), STREAM_SECONDS, MOST_WAITING
            )
            await self._live.publish(topic(act.address), b"")
        except LiveUnavailable:
            raise Unreachable from None
        return external_id

    async def ping(self) -> None:
        """Nobody is to be asked: the platform is ourselves."""

    async def fetch(self, ref: str) -> AsyncIterator[bytes]:
        """Never called: the page brings its files itself."""
        raise Refused
        yield


def _note(act: Act) -> Note:
    if act.kind == "delete":
        return Note(gone=tuple(act.external_id.split(",")))
    return Note(act.message, act.external_id if act.kind == "edit" else "")


def topic(address: str) -> str:
    """Where a page listens for wake-ups."""
    return f"web:{address}"


def stream(address: str) -> str:
    """Where messages to somebody unknown wait."""
    return f"web-ask:{address}"
