"""Announcements sent by a real worker to the emulated messengers, and their delivery reports."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from bot import broadcasts
from bot.broadcasts import Broadcast, Draft, State, Words
from bot.channels.whatsapp.layout import TEMPLATE_LANGUAGES
from bot.conversations import store
from bot.web.console.broadcast_preview import Bubble, previews
from tests.app_stack import AppStack
from tests.emulators.telegram import Broken, Cut, Flooded
from tests.emulators.telegram import User as TelegramUser
from tests.emulators.whatsapp import Failed, Template
from tests.emulators.whatsapp import User as WhatsAppUser
from tests.subscribers import (
    TEXTS,
    BroadcastOfficers,
    Member,
    count_states,
    create_officers,
    create_subscribers,
    new_draft,
    start,
)

WITH_TEMPLATES = {each: Words(words.body, "news") for each, words in TEXTS.items()}


@dataclass
class StartedBroadcast:
    """A started announcement, its officers (`officers`), and the application that sends it."""

    stack: AppStack
    officers: BroadcastOfficers
    found: Broadcast

    async def until(self, *expected: str) -> None:
        """Wait until the recipients' states are exactly these: "state", or "state reason"."""

        async def has_states() -> bool:
            return (await count_states(self.stack.rt, self.found)).keys() == {*expected}

        await self.stack.until(has_states, 60)

    async def is_done(self) -> bool:
        now = await broadcasts.find(self.stack.rt, self.officers.lead, self.found.id)
        return now.state is State.DONE

    async def reason(self, member: Member) -> str:
        async with self.stack.rt.pool.connection() as session:
            cursor = await session.execute(
                "SELECT trim(state || ' ' || reason) FROM broadcast_recipients WHERE person_id ="
                " %s",
                (member.id,),
            )
            row = await cursor.fetchone()
        return row[0] if row else ""


async def _start_broadcast(stack: AppStack, draft: Draft | None = None) -> StartedBroadcast:
    officers = await create_officers(stack.rt)
    return StartedBroadcast(stack, officers, await start(stack.rt, officers, draft or new_draft()))


async def _on_telegram(
    stack: AppStack, many: int, forms: Sequence[str] = ("ru",)
) -> tuple[list[Member], list[TelegramUser]]:
    """Create `many` people who have started the bot; give them the languages `forms` in turn."""
    members = await create_subscribers(stack.rt, many, languages=forms)
    return members, [stack.telegram.user(int(each.address), started=True) for each in members]


async def _on_whatsapp(
    stack: AppStack, many: int, forms: Sequence[str] = ("ru",)
) -> tuple[list[Member], list[WhatsAppUser]]:
    """Create `many` people on WhatsApp who have not written for a day.

    Give them the languages `forms` in turn. Add an approved template of the announcement for each
    of these languages.
    """
    verify = stack.rt.settings.whatsapp_verify_token
    assert verify
    await stack.whatsapp.set_webhook(f"{stack.url}/webhooks/whatsapp", verify.get_secret_value())
    stack.whatsapp.add_templates(Template("news", "ru", "Кош: {{1}}", category="marketing"))
    named = [TEMPLATE_LANGUAGES[form] for form in forms if form != "ru"]
    stack.whatsapp.add_templates(
        *(Template(f"news{more}", code, "{{1}}", category="marketing") for code, more in named)
    )
    members = await create_subscribers(stack.rt, many, channel="whatsapp", languages=forms)
    return members, [stack.whatsapp.user(each.address) for each in members]


async def _topics(stack: AppStack, member: Member) -> tuple[str, ...]:
    """Return the topics of announcements in the person's conversation."""
    async with stack.rt.pool.connection() as transaction:
        held = await store.lock(stack.rt, transaction, member.id)
        assert held is not None
        return held.conversation.topics


async def _change_topics(stack: AppStack, member: Member, topics: tuple[str, ...]) -> None:
    async with stack.rt.pool.connection() as transaction:
        held = await store.lock(stack.rt, transaction, member.id)
        assert held is not None
        changed = replace(held.conversation, topics=topics, language="ru")
        await store.save_state(stack.rt, transaction, held, changed)


def _received_counts(users: Sequence[TelegramUser | WhatsAppUser]) -> list[int]:
    return [len(each.received) for each in users]


async def test_telegram_broadcast_outcome_is_recorded_for_each_recipient(stack: AppStack) -> None:
    members, users = await _on_telegram(stack, 3)
    # The first person blocked the bot, the second is unknown to Telegram, and the third never
    # pressed Start.
    unknown, not_started = await create_subscribers(stack.rt, 2, languages=("ru",))
    stack.telegram.user(int(not_started.address))
    await users[0].block()
    announced = await _start_broadcast(stack)
    await announced.until("accepted", "failed blocked")
    assert [await announced.reason(each) for each in (members[0], unknown, not_started)] == [
        "failed blocked"
    ] * 3
    assert _received_counts(users) == [0, 1, 1]
    async with stack.rt.pool.connection() as session:
        cursor = await session.execute("SELECT person_id FROM handles WHERE blocked")
        assert {row[0] for row in await cursor.fetchall()} == {
            members[0].id,
            unknown.id,
            not_started.id,
        }
    audience = await broadcasts.count(
        stack.rt, announced.officers.editor, new_draft(topic="events")
    )
    assert audience.excluded["blocked"] == 3, "next time nobody calls for them"
    message = users[1].last
    assert message.text == TEXTS["ru"].body
    assert [button.data for row in message.buttons for button in row] == ["!news"]
    assert stack.telegram.journal.mistakes() == []


@pytest.mark.release
async def test_telegram_rate_limit_error_delays_a_broadcast_without_duplicates(
    stack: AppStack,
) -> None:
    _members, users = await _on_telegram(stack, 12)
    stack.telegram.fail(Flooded(300), times=5, method="sendMessage")
    announced = await _start_broadcast(stack)
    await announced.until("accepted", "planned throttled")
    now = await broadcasts.progress(stack.rt, announced.officers.lead, announced.found.id)
    assert [(each.channel, each.reason) for each in now.pauses] == [("telegram", "throttled")]
    assert 295 < (now.pauses[0].until - now.now).total_seconds() <= 300
    await stack.ahead("301 seconds")
    await announced.until("accepted")
    assert _received_counts(users) == [1] * 12


async def test_telegram_broadcast_with_a_lost_response_is_not_resent(
    stack: AppStack,
) -> None:
    _members, users = await _on_telegram(stack, 2)
    stack.telegram.fail(Cut(delivered=True), method="sendMessage")
    announced = await _start_broadcast(stack)
    await announced.until("accepted", "in_doubt unreachable")
    await stack.until(announced.is_done)
    assert _received_counts(users) == [1, 1], "it arrived, and nothing sends it again"


async def test_whatsapp_delivery_reports_resolve_unknown_broadcast_outcomes(
    stack: AppStack,
) -> None:
    members, users = await _on_whatsapp(stack, 3)
    stack.whatsapp.fail(Cut(delivered=True), method="messages", to=users[0].phone)
    users[2].turn_off()
    announced = await _start_broadcast(stack, new_draft(texts=WITH_TEMPLATES))
    await announced.until("accepted", "delivered")

    async def is_delivered() -> bool:
        return await announced.reason(members[0]) == "delivered"

    await stack.until(is_delivered)
    assert await announced.reason(members[2]) == "accepted", "a phone that is off"
    assert users[0].last.text == f"Кош: {TEXTS['ru'].body}"
    await users[0].read()
    users[2].turn_on()
    await announced.until("read", "delivered")
    assert _received_counts(users) == [1, 1, 1]


@pytest.mark.parametrize(
    ("code", "expected"),
    [(131049, "held not_now"), (131050, "failed opted_out"), (131026, "failed blocked")],
)
async def test_whatsapp_failed_report_of_a_broadcast_is_treated_as_a_send_error(
    stack: AppStack, code: int, expected: str
) -> None:
    (member,), (user,) = await _on_whatsapp(stack, 1)
    stack.whatsapp.fail(Failed(code), to=user.phone)
    announced = await _start_broadcast(stack, new_draft(texts=WITH_TEMPLATES))
    await announced.until(expected)
    async with stack.rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT (SELECT count(*) FROM subscriptions WHERE person_id = %(id)s),"
            " (SELECT bool_or(blocked) FROM handles WHERE person_id = %(id)s)",
            {"id": member.id},
        )
        subscribed, blocked = await cursor.fetchone() or (0, False)
    assert (subscribed == 0, blocked) == (code == 131050, code == 131026)
    if code == 131049:
        stack.whatsapp.advance(24 * 3600)
        await stack.ahead("24 hours 1 minute")
        await announced.until("delivered")
        assert _received_counts([user]) == [1]


async def test_whatsapp_opt_out_of_a_broadcast_ends_it_in_the_conversation(
    stack: AppStack,
) -> None:
    (member,), (user,) = await _on_whatsapp(stack, 1)
    await _change_topics(stack, member, ("events",))
    # An announcement waits while the conversation is active.
    await stack.ahead("2 minutes")
    stack.whatsapp.fail(Failed(131050), to=user.phone)
    announced = await _start_broadcast(stack, new_draft(texts=WITH_TEMPLATES))
    await announced.until("failed opted_out")

    async def is_ended() -> bool:
        return await _topics(stack, member) == ()

    await stack.until(is_ended)


@pytest.mark.release
async def test_telegram_errors_pause_the_broadcast_without_duplicates(
    stack: AppStack,
) -> None:
    _members, users = await _on_telegram(stack, 12)
    stack.telegram.fail(Broken(502), times=12, method="sendMessage")
    announced = await _start_broadcast(stack)
    await announced.until("in_doubt unreachable")

    async def is_paused() -> bool:
        now = await broadcasts.find(stack.rt, announced.officers.lead, announced.found.id)
        return (now.state, now.reason) == (State.PAUSED, "storm")

    await stack.until(is_paused)
    assert _received_counts(users) == [0] * 12
    assert len(stack.telegram.journal.calls("sendMessage")) == 12


async def test_broadcast_preview_equals_the_message_on_each_channel(
    stack: AppStack,
) -> None:
    forms = dict(stack.rt.languages.languages())
    _members, phones = await _on_telegram(stack, len(forms), [*forms])
    fresh, wrote = await _on_whatsapp(stack, len(forms), [*forms])
    _later, silent = await _on_whatsapp(stack, len(forms), [*forms])
    for each in wrote:
        await each.say("/help")

    async def have_all_received() -> bool:
        return all(_received_counts(wrote))

    await stack.until(have_all_received)
    async with stack.rt.pool.connection() as session:
        # Set the people's languages again. The answer to /help removed them, because these people
        # never chose a language in a chat.
        await session.execute(
            "UPDATE conversations c SET language = f.form"
            " FROM unnest(%s::uuid[], %s::text[]) AS f (id, form) WHERE c.person_id = f.id",
            ([each.id for each in fresh], [*forms]),
        )
    await stack.ahead("2 minutes")
    drawn = previews(stack.rt, new_draft(texts=WITH_TEMPLATES))
    assert [each.code for each in drawn] == [*forms]
    announced = await _start_broadcast(stack, new_draft(texts=WITH_TEMPLATES))
    await announced.until("accepted", "delivered")
    for form, phone, writer, other in zip(drawn, phones, wrote, silent, strict=True):
        telegram, whatsapp, web = form.looks
        rows = tuple(tuple(button.text for button in row) for row in phone.last.buttons)
        assert telegram.bubbles == (Bubble(phone.last.text, rows),)
        titles = tuple((button.title,) for button in writer.last.buttons)
        assert whatsapp.bubbles == (Bubble(writer.last.text, titles),)
        stencil = whatsapp.templates[0]
        assert (stencil.name, stencil.text) == (
            other.last.template,
            other.last.text.removeprefix("Кош: "),
        )
        assert web.bubbles[0].text == phone.last.text
        assert all(each.fits for each in form.looks)
