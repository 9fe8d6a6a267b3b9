"""Web chat channel: messages wait on the server until the page fetches them.

For a person with stored data, the outbox row holds the message, and sending only notifies the page.
For an anonymous person, the encrypted message is added to a short-lived stream in Valkey.
"""

from collections.abc import AsyncIterator
from contextlib import suppress
from hashlib import sha256

import msgspec

from bot.cache import Cache, CacheUnavailable
from bot.channels import ChannelCall, IncomingUpdate, Message, Rates, Refused, Unreachable
from bot.security.vault import Vault
from flows.engine.events import Page

STREAM_SECONDS = 1800
MAX_WAITING = 100
DEMO_TOPIC = "demo-registry"


class Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event for an open web chat page: a message `say`, or the ids of deleted messages.

    If `say` is an edit, `replaces` is the id of the message that it replaces. `officer` is True if
    an officer wrote the message. `news` is True if a hint (an e-mail or SMS) can be planned for the
    message. `at` is in Unix milliseconds; 0 if unknown.
    """

    say: Message | None = None
    replaces: str = ""
    gone: tuple[str, ...] = ()
    officer: bool = False
    news: bool = False
    at: int = 0


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Note).decode


class WebChat:
    """The channel of the page at /chat; a chat's address is its secret id."""

    name = "web"
    edits = True
    deletes = True
    joins = False
    page = Page.NEVER
    window = 0
    notifies = False
    protects = False
    gathers = False
    rates = Rates()

    def __init__(self, live: Cache, vault: Vault) -> None:
        self._live = live
        self._vault = vault

    def parse(self, body: bytes) -> tuple[IncomingUpdate, ...]:
        """Raise NotImplementedError.

        The web chat has no webhook: the routes of the page build updates from its forms.
        """
        raise NotImplementedError

    async def send(self, act: ChannelCall) -> str:
        if act.row:
            try:
                await self._live.publish(topic(act.address), b"")
            except CacheUnavailable:
                raise Unreachable from None
            return act.external_id or act.row.partition(".")[0]
        stream = _stream(act.address)
        entry = (stream, self._vault.seal_transient(_encode(_note(act)), stream))
        try:
            external_id = await self._live.append(*entry, STREAM_SECONDS, MAX_WAITING)
        except CacheUnavailable:
            external_id = self._live.append_local(*entry, STREAM_SECONDS, MAX_WAITING)
        # A lost notification is harmless, since the page's next request fetches the message anyway.
        with suppress(CacheUnavailable):
            await self._live.publish(topic(act.address), b"")
        return external_id

    async def ping(self) -> None:
        """Do nothing, because there is no external platform."""

    async def fetch(self, ref: str) -> AsyncIterator[bytes]:
        """Raise Refused, because files of the web chat are uploaded over a route of their own."""
        raise Refused
        yield


def _note(act: ChannelCall) -> Note:
    if act.kind == "delete":
        return Note(gone=tuple(act.external_id.split(",")))
    return Note(act.message, act.external_id if act.kind == "edit" else "")


async def waiting(live: Cache, vault: Vault, address: str, last: str) -> list[tuple[str, Note]]:
    """Return the messages that an anonymous chat has not fetched yet, each with its id.

    `last` is the id of the last fetched message. Raises CacheUnavailable.
    """
    stream = _stream(address)
    found = await live.read_after(stream, last)
    return [
        (note_id, msgspec.structs.replace(_decode(vault.unseal_transient(sealed, stream)), at=at))
        for note_id, sealed in found
        # An id in a stream of Valkey begins with the entry's time in Unix milliseconds.
        for at in [int(note_id.partition("-")[0])]
    ]


def topic(address: str) -> str:
    """Return the pub/sub topic of a chat, to which its open page subscribes."""
    return f"web:{_address_hash(address)}"


def _stream(address: str) -> str:
    return f"web-ask:{_address_hash(address)}"


def _address_hash(address: str) -> str:
    """Return the hash of a chat's address, for use in names of keys in Valkey.

    The address itself must not appear there, as it grants access to the chat.
    """
    return sha256(address.encode()).hexdigest()
