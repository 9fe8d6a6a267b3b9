"""Answers to anonymous people while the platform fails: retried in order, or reported missing."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot import outbox
from bot.cache import Busy, LockAcquired
from bot.channels import (
    ChannelCall,
    Inbound,
    Message,
    Rates,
    Refused,
    SendError,
    Throttled,
    Unreachable,
)
from bot.conversations import anonymous, lock_renewal, receive, unsent_calls
from bot.runtime import Runtime
from flows.engine import screens
from flows.engine.events import Event, Page, Pressed, Said, Started
from tests.person_client import TO_CONSENT, Guest, runtime_of_other_process

LEASE_MS = 200

pytestmark = pytest.mark.requirement("S-88")


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unsent_calls, "PAUSES", (0.0, 0.0, 0.0))
    monkeypatch.setattr(anonymous, "LATER_PAUSES", (0.0, 0.0))


@dataclass
class FlakyMessenger:
    """A messenger that first answers calls with the given errors, then accepts them."""

    rt: Runtime
    errors: list[SendError] = field(default_factory=list)
    chat: list[str] = field(default_factory=list)
    deleted_ids: list[str] = field(default_factory=list)
    name: str = "telegram"
    edits: bool = False
    deletes: bool = True
    joins: bool = False
    page: Page = Page.NEVER
    window: int = 0
    notifies: bool = True
    protects: bool = False
    rates: Rates = field(default_factory=Rates)
    events: int = 0
    # The first call waits for `slow`; `call_started` is set at each call.
    slow: asyncio.Event | None = None
    call_started: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        channels: Any = self.rt.channels
        channels[self.name] = self

    async def send(self, act: ChannelCall) -> str:
        self.call_started.set()
        slow, self.slow = self.slow, None
        if slow is not None:
            await slow.wait()
        if self.errors:
            raise self.errors.pop(0)
        if act.kind == "delete":
            self.deleted_ids += act.external_id.split(",")
            return act.external_id
        assert act.message is not None
        self.chat.append("\n".join(act.message.paragraphs[act.sent :]))
        return f"ours-{len(self.chat)}"

    async def ping(self) -> None: ...

    async def do(self, event: Event) -> None:
        self.events += 1
        number = f"{self.events}"
        update = Inbound(self.name, number, "flaky", "flaky", event, f"theirs-{number}")
        await receive.deliver(self.rt, await receive.receive(self.rt, update))

    async def wait_for_retries(self) -> None:
        await asyncio.gather(*self.rt.background_tasks)

    def line(self, text: Any) -> str:
        return self.rt.languages.render(text, "ru")


async def start_chat(rt: Runtime) -> FlakyMessenger:
    messenger = FlakyMessenger(rt)
    await messenger.do(Started())
    await messenger.do(Said("Русский"))
    messenger.chat.clear()
    return messenger


@pytest.mark.parametrize("error", [Throttled(0), Unreachable(), Unreachable(certain=True)])
async def test_answer_to_an_anonymous_person_is_retried_at_once_after_an_error(
    rt: Runtime, error: SendError
) -> None:
    messenger = await start_chat(rt)
    messenger.errors = [error, error]
    await messenger.do(Said("меню"))
    assert [messenger.line(screens.MENU_TEXT) in each for each in messenger.chat] == [True]
    assert rt.background_tasks == set()


async def test_answer_to_an_anonymous_person_is_retried_later_when_throttled(rt: Runtime) -> None:
    messenger = await start_chat(rt)
    messenger.errors = [Throttled(6), Throttled(6)]
    await messenger.do(Said("меню"))
    assert messenger.chat == []
    await messenger.wait_for_retries()
    assert [messenger.line(screens.MENU_TEXT) in each for each in messenger.chat] == [True]


async def test_unsent_answers_to_an_anonymous_person_precede_the_next_answer(rt: Runtime) -> None:
    messenger = await start_chat(rt)
    messenger.errors = [Throttled(6)] * 3
    await messenger.do(Said("меню"))
    await messenger.wait_for_retries()
    await messenger.do(Said("помощь"))
    menu, again = messenger.chat
    assert messenger.line(screens.HELP) not in menu
    assert messenger.line(screens.HELP) in again


async def test_delivered_part_of_an_answer_is_not_resent_to_anonymous_people(rt: Runtime) -> None:
    messenger = await start_chat(rt)
    error = Throttled(6)
    error.sent, error.external_ids = 1, ("part-1",)
    messenger.errors = [error]
    await messenger.do(Started())
    await messenger.wait_for_retries()
    assert len(messenger.chat) == 1
    assert messenger.line(screens.WELCOME) not in messenger.chat[0]
    await messenger.do(Said("выход"))
    assert "part-1" in messenger.deleted_ids


async def test_anonymous_person_is_told_when_the_platform_rejects_an_answer(rt: Runtime) -> None:
    messenger = await start_chat(rt)
    error = Refused()
    error.sent = 1
    messenger.errors = [error]
    await messenger.do(Said("меню"))
    assert messenger.chat == [messenger.line(outbox.MISSING)]


async def test_anonymous_person_is_told_when_too_many_unsent_answers_are_dropped(
    rt: Runtime,
) -> None:
    messenger = await start_chat(rt)
    messenger.errors = [Throttled(6)] * 100
    with capture_logs() as lines:
        for _turn in range(unsent_calls.MAX_UNSENT + 2):
            await messenger.do(Said("меню"))
    messenger.errors.clear()
    await messenger.wait_for_retries()
    dropped = [each["count"] for each in lines if each["event"] == "message.dropped"]
    assert sum(dropped) == 3
    missing, *answers = messenger.chat
    assert missing == messenger.line(outbox.MISSING)
    assert [messenger.line(screens.MENU_TEXT) in each for each in answers] == [True] * 7


async def test_unsent_message_deletions_are_kept_when_unsent_answers_overflow(rt: Runtime) -> None:
    messenger = await start_chat(rt)
    hello = Message(("a",), language="ru")
    calls = [
        unsent_calls.UnsentCall("delete", external_id="theirs-1"),
        *[unsent_calls.UnsentCall("send", hello)] * (unsent_calls.MAX_UNSENT + 1),
    ]
    left, _ids = await unsent_calls.send(rt, messenger.name, "flaky", calls)
    assert (left, messenger.deleted_ids) == ((), ["theirs-1"])


async def test_notice_of_a_missing_answer_is_not_resent_when_also_rejected(rt: Runtime) -> None:
    messenger = await start_chat(rt)
    messenger.errors = [Refused(), Refused()]
    await messenger.do(Said("меню"))
    assert (messenger.chat, messenger.errors) == ([], [])


async def test_quick_exit_drops_unsent_answers(rt: Runtime) -> None:
    messenger = await start_chat(rt)
    messenger.errors = [Throttled(6)] * 3
    await messenger.do(Said("меню"))
    await messenger.wait_for_retries()
    await messenger.do(Said("выход"))
    assert [messenger.line(screens.EXIT_TEXT) in each for each in messenger.chat] == [True]


async def test_unsent_answers_to_an_anonymous_person_precede_the_consent_reply(rt: Runtime) -> None:
    messenger = FlakyMessenger(rt)
    await messenger.do(Started())
    *before, last = enumerate(TO_CONSENT, 1)
    for nonce, key in before:
        await messenger.do(Pressed(f"{nonce}:{key}"))
    messenger.chat.clear()
    messenger.errors = [Throttled(6)] * 3
    await messenger.do(Pressed("{}:{}".format(*last)))
    await messenger.wait_for_retries()
    assert messenger.chat == []
    await messenger.do(Pressed(f"{len(TO_CONSENT) + 1}:yes"))
    assert len(messenger.chat) == 2
    assert "30" in messenger.chat[0]


async def test_person_after_consent_is_told_when_the_platform_rejects_an_answer(
    rt: Runtime,
) -> None:
    guest = Guest(rt)
    await guest.consent()
    web: Any = rt.channels["web"]
    error, real_send = Refused(), web.send
    error.sent = 1
    sent: list[Message] = []

    async def send_failing_once(act: ChannelCall) -> str:
        if not sent and act.kind == "send" and act.message:
            sent.append(act.message)
            raise error
        if act.message:
            sent.append(act.message)
        return str(await real_send(act))

    web.send = send_failing_once
    await guest.do(Said("меню"))
    assert rt.languages.render(outbox.MISSING, "ru") in sent[-1].paragraphs


async def test_anonymous_update_waits_for_the_slow_answer_to_an_earlier_update(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    messenger = await start_chat(rt)
    hold, tries, slow = rt.valkey.hold, list[Busy](), asyncio.Event()
    messenger.slow = slow
    messenger.call_started.clear()

    async def hold_shortly(key: str, token: str) -> LockAcquired | Busy:
        held = await hold(key, token, lease_ms=LEASE_MS)
        if isinstance(held, Busy):
            tries.append(held)
            # The retries have waited for more than twice the duration of the lease.
            if len(tries) * anonymous.HELD_PAUSE > 2 * LEASE_MS / 1000:
                slow.set()
        return held

    monkeypatch.setattr(rt.valkey, "hold", hold_shortly)
    monkeypatch.setattr(lock_renewal, "RENEW_SECONDS", LEASE_MS / 1000 / 5)
    async with asyncio.timeout(20):
        first = asyncio.create_task(messenger.do(Said("меню")))
        await messenger.call_started.wait()
        # Act as another process, because within one process a person's updates wait for each other.
        messenger.rt = runtime_of_other_process(rt)
        await messenger.do(Said("помощь"))
        await first
    menu, help_text = messenger.chat
    assert messenger.line(screens.MENU_TEXT) in menu
    assert messenger.line(screens.HELP) in help_text
