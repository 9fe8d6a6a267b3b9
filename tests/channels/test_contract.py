"""Contract tests for every channel of any platform; add a new channel to the list `DESKS`."""

import json
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, get_args

import aiohttp
import pytest

from bot.cache import Cache
from bot.channels import (
    Blocked,
    BroadcastsStopped,
    Channel,
    ChannelCall,
    DeliveryReport,
    DoesNotFit,
    GroupChat,
    HandleChanged,
    Ignored,
    Inbound,
    IncomingUpdate,
    Message,
    Rates,
    Refused,
    RenderedButton,
    SendError,
    Unparseable,
    Unreachable,
    Unreadable,
)
from bot.channels.limits import LIMITS
from bot.channels.telegram.client import Telegram
from bot.channels.webchat import WebChat, waiting
from bot.channels.whatsapp.client import WhatsApp
from bot.i18n import Languages
from bot.security.key_files import Keys
from bot.security.vault import Vault
from flows.engine.events import Kind, Page, Said
from tests.emulators import telegram as tg
from tests.emulators import whatsapp as wa

WORDS = Languages()
CODES = {"E_EMPTY", "E_JSON", "E_SHAPE", "E_DEPTH", "E_NUMBER", "E_DUPKEY", "E_ENCODING", "E_STALE"}
TEXT = "Құпия сөздер: Testova"
MESSAGE = Message(
    (TEXT, "Екінші абзац."),
    (
        RenderedButton("1:yes", "Иә", Kind.OPTION),
        RenderedButton("1:no", "Жоқ", Kind.OPTION),
        RenderedButton("!exit", "Жабу", Kind.EXIT),
    ),
    "kk",
    (2, 9),
)


@dataclass
class Setup:
    """A channel and one user of it, as the test sees them.

    `seen` returns the texts that the user sees. `body` returns the body of a webhook with a text;
    None if the channel has no webhook. `fail` makes the next call of the platform fail; None if the
    channel makes no calls.
    """

    channel: Channel
    address: str
    seen: Callable[[], Awaitable[list[str]]]
    secrets: tuple[str, ...] = ()
    body: Callable[[str], bytes] | None = None
    fail: Callable[[], None] | None = None


@dataclass
class FakeChannel:
    """The smallest implementation of a channel, to test the contract itself."""

    name = "fake"
    edits = False
    deletes = False
    joins = False
    page = Page.NEVER
    window = 0
    notifies = True
    protects = False
    gathers = False
    rates = Rates()
    sent: list[str] = field(default_factory=list)

    def parse(self, body: bytes) -> tuple[IncomingUpdate, ...]:
        try:
            text = json.loads(body)["text"]
        except (ValueError, RecursionError):
            raise Unreadable("E_JSON") from None
        except (KeyError, TypeError):
            raise Unreadable("E_SHAPE") from None
        if not isinstance(text, str):
            raise Unreadable("E_SHAPE")
        return (Inbound(self.name, "1", "somebody", "somebody", Said(text)),)

    async def send(self, act: ChannelCall) -> str:
        if act.kind != "send" or act.message is None:
            raise Refused
        self.sent.append("\n\n".join(act.message.paragraphs))
        return str(len(self.sent))

    async def ping(self) -> None:
        return

    async def fetch(self, ref: str) -> AsyncIterator[bytes]:
        raise Refused
        yield


@asynccontextmanager
async def _fake(_redis_url: str) -> AsyncIterator[Setup]:
    channel = FakeChannel()

    async def seen() -> list[str]:
        return channel.sent

    yield Setup(channel, "somebody", seen, body=lambda text: json.dumps({"text": text}).encode())


@asynccontextmanager
async def _web(redis_url: str) -> AsyncIterator[Setup]:
    live, address = Cache.at(redis_url), f"chat-{time.monotonic_ns()}"
    vault = Vault(Keys(*({1: bytes(32)},) * 3))

    async def seen() -> list[str]:
        notes = [note for _id, note in await waiting(live, vault, address, "")]
        return ["\n\n".join(note.say.paragraphs) for note in notes if note.say]

    yield Setup(WebChat(live, vault), address, seen, (address,))
    await live.close()


@asynccontextmanager
async def _telegram(_redis_url: str) -> AsyncIterator[Setup]:
    async with tg.Emulator(limits=False) as emulator, aiohttp.ClientSession() as http:
        user = emulator.user(501)
        await user.start("")
        updates = count(9)

        def body(text: str) -> bytes:
            chat = {"id": 501, "type": "private"}
            sender = {"id": 501, "is_bot": False}
            message = {"message_id": 3, "from": sender, "chat": chat, "date": 1, "text": text}
            return json.dumps({"update_id": next(updates), "message": message}).encode()

        async def seen() -> list[str]:
            return [each.text for each in user.chat if each.from_bot]

        yield Setup(
            Telegram(http, emulator.token, emulator.url, rate=30),
            "501",
            seen,
            (emulator.token,),
            body,
            lambda: emulator.fail(tg.Broken(502)),
        )


@asynccontextmanager
async def _whatsapp(_redis_url: str) -> AsyncIterator[Setup]:
    async with wa.Emulator(limits=False) as emulator, aiohttp.ClientSession() as http:
        user = emulator.user("77010000001")
        await user.say("Сәлем")

        def body(text: str) -> bytes:
            message = {"from": user.phone, "id": f"wamid.{time.monotonic_ns()}", "type": "text"}
            now = {"timestamp": str(int(time.time())), "text": {"body": text}}
            value = emulator.world.value(messages=[message | now])
            change = {"field": "messages", "value": value}
            return json.dumps({"object": "x", "entry": [{"changes": [change]}]}).encode()

        async def seen() -> list[str]:
            return [each.text for each in user.received]

        channel = WhatsApp(
            http,
            WORDS,
            token=emulator.token,
            number_id=wa.NUMBER_ID,
            api=f"{emulator.url}/v26.0",
            auth_header="Authorization: Bearer",
            rate=80,
        )
        yield Setup(
            channel,
            user.user_id,
            seen,
            (emulator.token, user.phone, user.user_id),
            body,
            lambda: emulator.fail(wa.Broken(502)),
        )


DESKS: dict[str, Callable[[str], AbstractAsyncContextManager[Setup]]] = {
    "telegram": _telegram,
    "whatsapp": _whatsapp,
    "web": _web,
    "fake": _fake,
}


@pytest.fixture(params=DESKS)
async def desk(request: pytest.FixtureRequest, redis_url: str) -> AsyncIterator[Setup]:
    async with DESKS[request.param](redis_url) as opened:
        yield opened


def _act(desk: Setup, message: Message = MESSAGE, **more: Any) -> ChannelCall:
    return replace(ChannelCall("send", desk.address, message), **more)


# Properties that a channel declares


def test_channel_declares_which_calls_it_supports(desk: Setup) -> None:
    channel = desk.channel
    assert channel.name
    for flag in (channel.edits, channel.deletes, channel.joins):
        assert isinstance(flag, bool)
    assert isinstance(channel.page, Page)
    assert channel.window >= 0
    assert channel.rates.whole >= 0
    assert channel.name in LIMITS or channel.name == "fake"


# Updates from the platform


def test_channel_parses_a_text_as_an_inbound_update(desk: Setup) -> None:
    if desk.body is None:
        pytest.skip("its own routes make arrivals out of forms")
    arrivals = desk.channel.parse(desk.body("Сәлем"))
    [inbound] = [each for each in arrivals if isinstance(each, Inbound)]
    assert (inbound.channel, inbound.event) == (desk.channel.name, Said("Сәлем"))
    assert inbound.external_id
    assert inbound.handle
    assert inbound.address


GARBAGE = [b"", b" ", b"{", b"[]", b"7", b"null", b'"x"', b"\xff", b"[" * 100_000, b"{}"]


@pytest.mark.parametrize("raw", GARBAGE)
def test_channel_parse_rejects_or_ignores_unreadable_bodies(desk: Setup, raw: bytes) -> None:
    if desk.body is None:
        pytest.skip("its own routes make arrivals out of forms")
    try:
        assert not any(isinstance(each, Inbound) for each in desk.channel.parse(raw))
    except Unreadable as error:
        assert error.code in CODES
        assert error.code in str(error)


def test_channel_parse_raises_unreadable_for_truncated_bodies(desk: Setup) -> None:
    if desk.body is None:
        pytest.skip("its own routes make arrivals out of forms")
    whole = desk.body(TEXT)
    for end in range(0, len(whole) - 1, 7):
        with pytest.raises(Unreadable) as failed:
            desk.channel.parse(whole[:end])
        assert failed.value.code in CODES
        assert "Testova" not in "".join(traceback.format_exception(failed.value))


def test_channel_parse_returns_known_types_or_raises_for_mutated_bodies(desk: Setup) -> None:
    if desk.body is None:
        pytest.skip("its own routes make arrivals out of forms")
    for changed in _changed(json.loads(desk.body(TEXT))):
        try:
            for each in desk.channel.parse(json.dumps(changed).encode()):
                assert isinstance(each, KINDS)
        except Unreadable as error:
            assert error.code in CODES


KINDS = get_args(IncomingUpdate.__value__)
assert set(KINDS) == {
    Inbound,
    Unparseable,
    Blocked,
    BroadcastsStopped,
    HandleChanged,
    DeliveryReport,
    GroupChat,
    Ignored,
}


def _changed(value: Any) -> list[Any]:
    """Return variants of a JSON value: each nested part removed once, or replaced once."""
    odd: list[Any] = [None, 7, -1, 2**70, "", "x", [], {}, [[]], True, 1.5]
    if isinstance(value, dict):
        inside = [{**value, key: each} for key, part in value.items() for each in _changed(part)]
        gone = [{k: v for k, v in value.items() if k != key} for key in value]
        return [*odd, *gone, *inside]
    if isinstance(value, list):
        return [*odd, *([each, *value[1:]] for part in value[:1] for each in _changed(part))]
    return odd


# Calls to the platform


async def test_channel_send_delivers_the_whole_message_and_returns_an_id(desk: Setup) -> None:
    external_id = await desk.channel.send(_act(desk))
    assert external_id
    seen = (await desk.seen())[-1]
    assert TEXT in seen
    assert "Екінші абзац." in seen


async def test_channel_send_delivers_a_long_message_whole_in_order(desk: Setup) -> None:
    words = [f"сөз{number}" for number in range(2500)]
    before = len(await desk.seen())
    assert await desk.channel.send(_act(desk, Message((" ".join(words),), (), "kk")))
    assert " ".join((await desk.seen())[before:]).split() == words


async def test_channel_send_accepts_ten_options_with_all_control_buttons(desk: Setup) -> None:
    options = tuple(RenderedButton(f"1:{key}", f"Жауап {key}", Kind.OPTION) for key in range(10))
    controls = tuple(
        RenderedButton(payload, label, Kind.CONTROL)
        for payload, label in (("1:>", "Тағы"), ("1:<", "Артқа"), ("!help", "Көмек"))
    )
    message = Message((TEXT,), (*options, *controls, *MESSAGE.buttons[-1:]), "kk")
    assert await desk.channel.send(_act(desk, message))


async def test_channel_refuses_unsupported_calls_and_performs_the_others(desk: Setup) -> None:
    sent = await desk.channel.send(_act(desk))
    for kind, can in (("edit", desk.channel.edits), ("delete", desk.channel.deletes)):
        act = _act(desk, kind=kind, external_id=sent)
        if can:
            assert await desk.channel.send(act)
        else:
            with pytest.raises(Refused):
                await desk.channel.send(act)


async def test_channel_refuses_a_send_without_a_message(desk: Setup) -> None:
    if desk.channel.name == "web":
        pytest.skip("the row of the outbox is the message")
    with pytest.raises(Refused):
        await desk.channel.send(ChannelCall("send", desk.address))


async def test_channel_rejects_too_long_content_instead_of_truncating(desk: Setup) -> None:
    if desk.channel.name in ("fake", "web"):
        pytest.skip("takes anything")
    long = RenderedButton("1:" + "x" * 500, "Жауап", Kind.OPTION)
    before = await desk.seen()
    with pytest.raises(DoesNotFit):
        await desk.channel.send(_act(desk, Message((TEXT,), (long,), "kk")))
    assert await desk.seen() == before


async def test_channel_send_error_is_retryable_and_has_no_personal_data(desk: Setup) -> None:
    if desk.fail is None:
        pytest.skip("there is no platform that fails")
    desk.fail()
    with pytest.raises(SendError) as failed:
        await desk.channel.send(_act(desk))
    error = failed.value
    assert isinstance(error, Unreachable)
    assert error.retry
    assert error.code.startswith("E_SEND")
    error_text = "".join(traceback.format_exception(error))
    assert not any(secret in error_text for secret in (*desk.secrets, "Testova"))


async def test_channel_ping_raises_nothing_when_the_platform_is_up(desk: Setup) -> None:
    await desk.channel.ping()


async def test_channel_fetch_raises_send_error_for_a_missing_file(desk: Setup) -> None:
    with pytest.raises(SendError) as failed:
        async for _chunk in desk.channel.fetch("999"):
            pass
    error_text = "".join(traceback.format_exception(failed.value))
    assert not any(secret in error_text for secret in desk.secrets)


def test_send_errors_have_distinct_codes() -> None:
    def below(kind: type[SendError]) -> list[type[SendError]]:
        return [kind, *(each for sub in kind.__subclasses__() for each in below(sub))]

    public = [kind for kind in below(SendError) if not kind.__name__.startswith("_")]
    codes = [kind.code for kind in public]
    assert len(set(codes)) == len(codes), codes
