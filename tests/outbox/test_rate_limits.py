"""Rate limits of sending: for the whole bot and for each chat, with and without Valkey."""

from collections.abc import MutableMapping
from typing import Any, cast
from uuid import uuid4

import pytest

from bot import outbox
from bot.cache import CacheUnavailable, Draw, LocalRateLimiter
from bot.channels import Channel, ChannelCall, ChannelSuspended, Rates, SendError, Throttled
from bot.channels.webchat import WebChat
from bot.channels.whatsapp import layout
from bot.outbox import rate_limits
from bot.runtime import Runtime
from bot.understanding.engine_adapter import EngineRecognizer
from flows import FLOWS
from flows.engine.conversation import step
from flows.engine.events import Button, Page, Said, Say
from flows.engine.text import verbatim
from flows.replies import understanding
from tests.flows.chat import TODAY, chat_at
from tests.person_client import Guest


class RateLimitedWebChat(WebChat):
    """The web channel with a messenger's rate limits; raises `error` if it is set."""

    def __init__(self, rt: Runtime, rates: Rates) -> None:
        super().__init__(rt.valkey, rt.vault)
        self.rates = rates
        self.calls = 0
        self.error: SendError | None = None

    async def send(self, act: ChannelCall) -> str:
        self.calls += 1
        if self.error is not None:
            raise self.error
        return await super().send(act)


def paced(rt: Runtime, rates: Rates) -> RateLimitedWebChat:
    channel = RateLimitedWebChat(rt, rates)
    cast(MutableMapping[str, Channel], rt.channels)["web"] = channel
    return channel


async def new_guest(rt: Runtime) -> Guest:
    guest = Guest(rt, uuid4().hex)
    await guest.consent()
    return guest


async def newest(rt: Runtime, guest: Guest) -> tuple[Any, ...]:
    """Return (state, attempts, seconds until it is due, reason) of a person's newest message."""
    async with rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT m.state, m.attempt, extract(epoch FROM m.due_at - kosh_now())::float, m.reason"
            " FROM messages m JOIN handles h USING (person_id) WHERE h.blind_index = %s"
            " ORDER BY m.id DESC LIMIT 1",
            (rt.vault.index("web", guest.name),),
        )
        row = await cursor.fetchone()
    assert row is not None
    return tuple(row)


EMPTY = Rates(whole=1000, whole_burst=1000, each=0.01, each_burst=1)


async def test_rate_limit_of_a_chat_postpones_messages_that_come_too_early(
    rt: Runtime,
) -> None:
    guest, other = await new_guest(rt), await new_guest(rt)
    channel = paced(rt, EMPTY)
    await guest.do(Said("/help"))
    await guest.do(Said("/help"))
    state, attempt, wait, _reason = await newest(rt, guest)
    assert (channel.calls, state, attempt) == (1, "pending", 0)
    assert 50 < wait <= 100
    await other.do(Said("/help"))
    assert channel.calls == 2


async def test_rate_limit_of_a_channel_delays_replies_only_when_configured_so(rt: Runtime) -> None:
    guest, other = await new_guest(rt), await new_guest(rt)
    rates = {"whole": 0.01, "whole_burst": 1, "each": 100, "each_burst": 100}
    channel = paced(rt, Rates(**rates, firm=True))  # type: ignore[arg-type]
    await guest.do(Said("/help"))
    await other.do(Said("/help"))
    assert channel.calls == 1
    assert (await newest(rt, other))[0] == "pending"
    loose = paced(rt, Rates(**rates))  # type: ignore[arg-type]
    for _again in range(3):
        await (await new_guest(rt)).do(Said("/help"))
    assert loose.calls >= 3


async def test_rate_limit_error_of_the_whole_bot_delays_every_chat(rt: Runtime) -> None:
    guest, other = await new_guest(rt), await new_guest(rt)
    rates = Rates(whole=10, whole_burst=10, each=100, each_burst=100, firm=True)
    channel = paced(rt, rates)
    channel.error = Throttled(30, wide=True)
    await guest.do(Said("/help"))
    state, attempt, wait, reason = await newest(rt, guest)
    assert (state, attempt, reason) == ("pending", 1, "E_SEND_THROTTLED")
    assert 25 < wait <= 30
    channel.error = None
    await other.do(Said("/help"))
    assert channel.calls == 1
    assert (await newest(rt, other))[:2] == ("pending", 0)


@pytest.mark.requirement("S-88")
async def test_outbox_keeps_messages_pending_while_the_channel_is_suspended(rt: Runtime) -> None:
    guest = await new_guest(rt)
    channel = paced(rt, Rates())
    channel.error = ChannelSuspended()
    await guest.do(Said("/help"))
    async with rt.pool.connection() as session:
        await session.execute("UPDATE messages SET attempt = 40, due_at = kosh_now()")
    assert await outbox.sweep(rt) >= 1
    assert (await newest(rt, guest))[0] == "pending"


async def test_rate_limits_are_enforced_locally_when_valkey_is_down(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = await new_guest(rt)
    channel = paced(rt, EMPTY)

    async def away(_draws: Any) -> float:
        raise CacheUnavailable

    monkeypatch.setattr(rt.valkey, "draw", away)
    await guest.do(Said("/help"))
    await guest.do(Said("/help"))
    assert channel.calls == 1
    assert (await newest(rt, guest))[0] == "pending"


async def test_rate_limit_takes_tokens_from_all_needed_buckets_or_from_none(rt: Runtime) -> None:
    one, other = uuid4().hex, uuid4().hex
    both = (Draw(one, 0.01, 2), Draw(other, 0.01, 1))
    for live in (rt.valkey, LocalRateLimiter(share=1)):
        assert await live.draw(both) == 0
        assert await live.draw(both) > 50
        assert await live.draw(both[:1]) == 0, "the refusal took nothing"
        assert await live.draw(both[:1]) > 50


async def test_replies_beyond_the_rate_limit_delay_broadcasts(rt: Runtime) -> None:
    name = uuid4().hex
    loose = (Draw(name, 1, 2, firm=False),)
    for _each in range(4):
        assert await rt.valkey.draw(loose) == 0
    wait = await rt.valkey.allow(name, rate=1, burst=2, reserve=0.2)
    assert 2 < wait < 4


# On platforms that bill each message, one turn's texts are merged into one message


async def test_outbox_joins_consecutive_bot_texts_into_one_whatsapp_message(rt: Runtime) -> None:
    say_messages = [
        Say(((verbatim("A"),),), language="ru"),
        Say(((verbatim("B"),),), language="ru"),
        Say(((verbatim("C"),),), language="ru", service=True),
        Say(((verbatim("D"),),), language="kk", service=True),
    ]
    joined = outbox.rows(rt, say_messages, "whatsapp", 3, "")
    messages = [(row.message.paragraphs, row.epoch) for row in joined if row.message]
    assert messages == [(("A", "B"), 3), (("C",), None), (("D",), None)]
    assert len(outbox.rows(rt, say_messages, "telegram", 3, "")) == 4


async def test_outbox_keeps_the_buttons_of_topics_above_a_question(rt: Runtime) -> None:
    recognizer = understanding(EngineRecognizer.load())
    conversation = chat_at("passport").conversation
    said = Said("работа жильё")
    turn = step(FLOWS, rt.languages, conversation, said, TODAY, Page.ALWAYS, recognizer)
    topics, question = outbox.rows(rt, turn.says, "whatsapp", 1, "")
    for say, row in zip(turn.says, (topics, question), strict=True):
        assert row.message is not None
        shown = str(layout.parts(row.message, rt.languages))
        labels = [rt.languages.render(each.label, "ru") for each in say.buttons]
        assert [label for label in labels if label not in shown] == []


async def test_outbox_numbers_only_the_answers_of_the_last_message(rt: Runtime) -> None:
    """A typed number answers the last message, so the buttons of a long text before it remain."""
    answer = (verbatim("б" * 600), verbatim("в" * 600))
    say_messages = [
        Say((answer[:1], answer[1:]), (Button("?more", verbatim("Подробнее")),), "ru"),
        Say((answer[:1], answer[1:]), (Button("1:yes", verbatim("Да")),), "ru"),
    ]
    first, last = outbox.rows(rt, say_messages, "whatsapp", 1, "")
    assert first.message is not None
    assert last.message is not None
    assert layout.parts(first.message, rt.languages)[-1]["type"] == "interactive"
    assert "1. Да" in str(layout.parts(last.message, rt.languages))


async def test_outbox_enqueues_no_deletion_where_the_channel_cannot_delete(rt: Runtime) -> None:
    assert outbox.deletion(rt, "whatsapp", ["wamid.A"]) == ()
    assert len(outbox.deletion(rt, "telegram", ["1", "", "2"])) == 1


async def test_topics_of_a_telegram_chat_share_its_rate_limit(rt: Runtime) -> None:
    channel = paced(rt, Rates(100, 100, 0.001, 2))
    waits = [
        await rate_limits.acquire(rt, channel.name, ChannelCall("send", address))
        for address in ("chat", "chat/7", "chat/8")
    ]
    assert waits[:2] == [0, 0]
    assert waits[2] > 0
