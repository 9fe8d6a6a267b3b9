"""Message hints: notices by e-mail or SMS that a message waits in the chat.

A person enters an e-mail address or a mobile number, and confirms it by a code sent there. The
person may end the hints. A hint does not reveal the content of the message.
"""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from aiohttp import ClientSession
from pydantic import SecretStr

from bot import desk, notifications
from bot.channels import Inbound
from bot.config.settings import Settings
from bot.conversations import checked_input, external_events
from bot.conversations import store as conversation_store
from bot.desk import auto_assignment
from bot.notifications import hints, sms
from bot.notifications.errors import NotificationRefused, NotSent
from bot.observability import logging
from bot.operations import backup as operation_backup
from bot.people import hint_contacts, identities, reminders
from bot.privacy import data_export, retention
from bot.runtime import Runtime, runtime
from bot.web.app import create_app
from flows.engine import screens
from flows.engine.events import Event, Said
from flows.engine.state import MadeList
from tests.app_stack import serving, shared_runtime
from tests.clock import advance_database_clock, advance_database_clock_to_hour
from tests.desk.desks import ask, insert_officer, new_idempotency_key, stored_case
from tests.emulators.sms import KEY, MAX_TEXT, SmsGateway, sms_gateway
from tests.emulators.smtp import MailServer, mail_server
from tests.person_client import Guest
from tests.telegram_member import consented_member

ADDRESS, NUMBER = "testova@example.org", "+77010000000"
SENDER = "post@neutral.example"
# Words that no message hint may contain, because other people may read it.
TELLING = (
    "kosh",
    "көш",
    "kandas",
    "қандас",
    "кандас",
    "kazakh",
    "казах",
    "қазақ",
    "regist",
    "регист",
)


@dataclass
class MessageServers:
    """A runtime with a mail server and an SMS gateway."""

    rt: Runtime
    mail: MailServer
    gateway: SmsGateway

    async def sent(self) -> list[str]:
        """Send the due message hints; return the texts of all e-mails and SMS sent so far."""
        while await notifications.send_hints(self.rt):
            pass
        return [f"{each['Subject']}\n{each.get_content()}" for each in self.mail.received] + [
            text for _to, text in self.gateway.received
        ]


@asynccontextmanager
async def opened(chosen: Settings) -> AsyncIterator[MessageServers]:
    async with mail_server() as mail, sms_gateway() as gateway:
        settings = chosen.model_copy(
            update={
                "hint_channels": ("email", "sms"),
                "hint_email_from": SENDER,
                "sms_countries": ("KZ",),
                "smtp_host": "127.0.0.1",
                "smtp_port": mail.port,
                "smtp_security": "none",
                "smtp_from": "kosh@ministry.example",
                "sms_url": gateway.url,
                "sms_key": SecretStr(KEY),
                "sms_from": "Info",
            }
        )
        async with runtime(settings) as rt:
            yield MessageServers(rt, mail, gateway)
            assert (mail.mistakes, gateway.mistakes) == ([], [])


@pytest.fixture
async def post(chosen: Settings) -> AsyncIterator[MessageServers]:
    async with opened(chosen) as post:
        yield post


class OnTelegram(Guest):
    """A person whose updates come from Telegram instead of the web channel."""

    def inbound(self, event: Event, external_id: str = "") -> Inbound:
        return replace(super().inbound(event, external_id), channel="telegram", message_id="")


@asynccontextmanager
async def known(post: MessageServers, channel: str) -> AsyncIterator[Guest]:
    """Yield a person who gave consent on the channel: "web" or "telegram"."""
    if channel == "web":
        guest = Guest(post.rt)
        await guest.consent()
        yield guest
    else:
        async with consented_member(post.rt) as member:
            yield OnTelegram(post.rt, str(member.phone.person.id))


async def guest_with_address(
    post: MessageServers, medium: str = "email", known: Guest | None = None
) -> Guest:
    """Return a person who has entered an address of the `medium` (email or sms) for message hints.

    The confirmation code is not sent yet.
    """
    guest = known or Guest(post.rt)
    if known is None:
        await guest.consent()
    await guest.do(Said("/menu"))
    await guest.press("hints")
    await guest.press(medium)
    await guest.do(Said(ADDRESS if medium == "email" else NUMBER))
    return guest


def extract_code(text: str) -> str:
    return "".join(each for each in text if each.isdigit())


async def guest_with_confirmed_address(
    post: MessageServers, medium: str = "email", known: Guest | None = None
) -> Guest:
    """Return a person with a confirmed address for message hints.

    The messages with the confirmation code are removed from the mail server and the SMS gateway.
    """
    guest = await guest_with_address(post, medium, known)
    code = extract_code((await post.sent())[-1])
    await guest.do(Said(code))
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.hint_way == medium
    post.mail.received.clear()
    post.gateway.received.clear()
    return guest


async def contacts(rt: Runtime) -> list[tuple[object, ...]]:
    async with rt.pool.connection() as transaction:
        cursor = await transaction.execute(
            "SELECT address, code, confirmed_at IS NOT NULL, due_at IS NOT NULL FROM hint_contacts"
        )
        return list(await cursor.fetchall())


async def answered(post: MessageServers, guest: Guest) -> None:
    """Open a case for the person, claim it as an officer and reply."""
    officer = await insert_officer(post.rt)
    case = await ask(guest)
    await auto_assignment.auto_assign(post.rt)
    case = await stored_case(post.rt, case.id)
    if case.state == "queued":
        await desk.claim(post.rt, officer, case.id, case.version, key=new_idempotency_key())
        case = await stored_case(post.rt, case.id)
    # A person who writes again has seen all earlier messages, so that only the officer's reply can
    # cause a message hint.
    await guest.do(Said("one more thing"))
    case = await stored_case(post.rt, case.id)
    await desk.reply(
        post.rt, officer, case.id, case.version, key=new_idempotency_key(), words="Canary Testova."
    )


async def plan(rt: Runtime) -> None:
    """Schedule a message hint for every person who has entered an address for hints."""
    async with rt.pool.connection() as transaction:
        cursor = await transaction.execute("SELECT person_id FROM hint_contacts")
        for (person_id,) in await cursor.fetchall():
            await hint_contacts.plan(transaction, person_id)


@pytest.mark.parametrize("medium", ["email", "sms"])
async def test_neutral_email_or_sms_notice_is_sent_15_minutes_after_an_answer(
    post: MessageServers, medium: str
) -> None:
    guest = await guest_with_confirmed_address(post, medium)
    await answered(post, guest)
    assert await post.sent() == []
    await advance_database_clock(post.rt, "16 minutes")
    [hint] = await post.sent()
    assert post.rt.languages.render(notifications.hints.SUBJECT, "ru") in hint or medium == "sms"
    assert not [word for word in (*TELLING, "testova", "canary") if word in hint.lower()]
    assert "http" not in hint
    if medium == "email":
        assert (post.mail.received[0]["From"], post.mail.received[0]["To"]) == (SENDER, ADDRESS)
        assert set(post.mail.greetings) == {"neutral.example"}
    else:
        assert post.gateway.received[0][0] == NUMBER


async def test_sms_notice_fits_into_one_sms_in_every_language(rt: Runtime) -> None:
    for code, _name in rt.languages.languages():
        assert len(rt.languages.render(screens.UPDATE, code)) <= MAX_TEXT


async def test_email_or_sms_notice_is_not_sent_when_the_person_writes_first(
    post: MessageServers,
) -> None:
    guest = await guest_with_confirmed_address(post)
    await answered(post, guest)
    await guest.do(Said("thank you"))
    await advance_database_clock(post.rt, "1 hour")
    assert await post.sent() == []


async def test_failed_notice_is_not_retried_when_the_person_wrote_during_the_call(
    post: MessageServers,
) -> None:
    guest = await guest_with_confirmed_address(post)
    await answered(post, guest)
    await advance_database_clock(post.rt, "16 minutes")
    async with post.rt.pool.connection() as transaction:
        [hint] = await hint_contacts.claim(transaction, 60)
    await guest.do(Said("thank you"))
    async with post.rt.pool.connection() as transaction:
        await hint_contacts.note_failed(transaction, hint, 30)
    await advance_database_clock(post.rt, "1 hour")
    assert await post.sent() == []


async def open_web_chat(post: MessageServers, name: str, path: str, **headers: str) -> None:
    """Request a path of the web chat with the cookie of the chat `name`, as the page does."""
    async with (
        serving(create_app(shared_runtime(post.rt))) as url,
        ClientSession(cookies={"kosh": name}, headers=headers) as http,
        http.get(url + path) as answer,
    ):
        assert answer.status == 200
        await answer.content.readline()


@pytest.mark.parametrize("path", ["/chat", "/chat/stream?seen=1"])
async def test_email_or_sms_notice_is_not_sent_when_the_web_chat_is_opened(
    post: MessageServers, path: str
) -> None:
    guest = await guest_with_confirmed_address(post)
    await answered(post, guest)
    await open_web_chat(post, guest.name, path)
    await advance_database_clock(post.rt, "1 hour")
    assert await post.sent() == []


async def test_email_or_sms_notice_is_sent_when_a_page_in_background_reconnects(
    post: MessageServers,
) -> None:
    guest = await guest_with_confirmed_address(post)
    await answered(post, guest)
    await open_web_chat(post, guest.name, "/chat/stream")
    await advance_database_clock(post.rt, "1 hour")
    assert len(await post.sent()) == 1


async def test_email_or_sms_notice_is_sent_when_only_the_script_fetches_the_page(
    post: MessageServers,
) -> None:
    guest = await guest_with_confirmed_address(post)
    await answered(post, guest)
    await open_web_chat(post, guest.name, "/chat", **{"X-Requested-With": "kosh"})
    await advance_database_clock(post.rt, "1 hour")
    assert len(await post.sent()) == 1


async def test_notice_is_sent_when_only_the_messenger_has_the_answer(
    post: MessageServers,
) -> None:
    async with known(post, "telegram") as member:
        guest = await guest_with_confirmed_address(post, known=member)
        name = uuid4().hex
        async with post.rt.pool.connection() as transaction:
            person = await identities.find(post.rt, transaction, "telegram", guest.name)
            assert person is not None
            await identities.add_handle(post.rt, transaction, person, "web", name, name)
        await plan(post.rt)
        await open_web_chat(post, name, "/chat")
        await advance_database_clock(post.rt, "1 hour")
        assert len(await post.sent()) == 1


async def test_email_or_sms_notices_are_limited_to_one_per_person_in_12_hours(
    post: MessageServers,
) -> None:
    guest = await guest_with_confirmed_address(post)
    await answered(post, guest)
    await advance_database_clock(post.rt, "16 minutes")
    assert len(await post.sent()) == 1
    await plan(post.rt)
    await advance_database_clock(post.rt, "1 hour")
    assert len(await post.sent()) == 1
    await advance_database_clock(post.rt, "12 hours")
    assert len(await post.sent()) == 2


async def test_address_for_notices_is_encrypted_and_its_code_message_is_neutral(
    post: MessageServers,
) -> None:
    await guest_with_address(post)
    [(address, code, is_confirmed, is_due)] = await contacts(post.rt)
    assert isinstance(address, bytes)
    assert ADDRESS.encode() not in address
    assert (code is not None, is_confirmed, is_due) == (True, False, True)
    [text] = await post.sent()
    assert len(extract_code(text)) == 6
    assert not [word for word in TELLING if word in text.lower()]


async def test_email_or_sms_notice_is_not_sent_to_an_unconfirmed_address(
    post: MessageServers,
) -> None:
    guest = await guest_with_address(post)
    await post.sent()
    post.mail.received.clear()
    await guest.do(Said("/menu"))
    await answered(post, guest)
    await advance_database_clock(post.rt, "16 minutes")
    assert await post.sent() == []


async def test_address_for_notices_is_deleted_after_five_wrong_codes(post: MessageServers) -> None:
    guest = await guest_with_address(post)
    right = extract_code((await post.sent())[-1])
    wrong = "000000" if right != "000000" else "000001"
    for _try in range(hint_contacts.MAX_TRIES):
        await guest.do(Said(wrong))
    await guest.do(Said(right))
    assert await contacts(post.rt) == []


async def test_address_confirmation_code_expires_after_10_minutes(post: MessageServers) -> None:
    guest = await guest_with_address(post)
    right = extract_code((await post.sent())[-1])
    await advance_database_clock(post.rt, "11 minutes")
    await guest.do(Said(right))
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.hint_way == ""
    assert await contacts(post.rt) == []


async def test_unconfirmed_address_for_notices_is_deleted_by_retention(
    post: MessageServers,
) -> None:
    await guest_with_address(post)
    await guest_with_confirmed_address(post, "sms")
    await advance_database_clock(post.rt, "11 minutes")
    await retention.retain(post.rt)
    assert [is_confirmed for _a, _c, is_confirmed, _d in await contacts(post.rt)] == [True]


@pytest.mark.parametrize("is_confirmed", [True, False])
async def test_consent_to_notices_is_withdrawn_when_answers_are_deleted(
    post: MessageServers, is_confirmed: bool
) -> None:
    guest = await (guest_with_confirmed_address if is_confirmed else guest_with_address)(post)
    async with post.rt.pool.connection() as session:
        person = await identities.find(post.rt, session, "web", guest.name)
    assert person is not None
    await external_events.forget_unfinished(post.rt, person.id)
    async with post.rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT given FROM consents WHERE purpose = 'hints' ORDER BY id"
        )
        assert [each for (each,) in await cursor.fetchall()] == [True, False]
    assert await contacts(post.rt) == []


@pytest.mark.parametrize("command", ["menu", "stop", "delete"])
async def test_address_for_notices_is_deleted_in_the_menu_or_by_stop_or_delete(
    post: MessageServers, command: str
) -> None:
    guest = await guest_with_confirmed_address(post)
    if command == "menu":
        await guest.do(Said("/menu"))
        await guest.press("hints")
        await guest.press("remove")
    else:
        await guest.do(Said(f"/{command}"))
        if command == "delete":
            await guest.press("yes")
    assert await contacts(post.rt) == []


@pytest.mark.parametrize("channel", ["web", "telegram"])
@pytest.mark.parametrize("word", ["exit", "stop"])
async def test_email_or_sms_notice_is_not_sent_after_a_quick_exit_or_stop(
    post: MessageServers, channel: str, word: str
) -> None:
    async with known(post, channel) as person:
        guest = await guest_with_confirmed_address(post, known=person)
        await plan(post.rt)
        await guest.do(Said(f"/{word}"))
        await plan(post.rt)
        assert await contacts(post.rt) == []
        await advance_database_clock(post.rt, "1 day")
        assert await post.sent() == []


@pytest.mark.parametrize("channel", ["web", "telegram"])
@pytest.mark.parametrize("word", ["exit", "stop"])
async def test_address_confirmation_code_is_not_sent_after_quick_exit_or_stop(
    post: MessageServers, channel: str, word: str
) -> None:
    async with known(post, channel) as person:
        guest = await guest_with_address(post, known=person)
        await guest.do(Said(f"/{word}"))
        assert await contacts(post.rt) == []
        assert await post.sent() == []


async def test_email_or_sms_notices_are_not_sent_when_switched_off(post: MessageServers) -> None:
    guest = await guest_with_confirmed_address(post)
    await answered(post, guest)
    await advance_database_clock(post.rt, "16 minutes")
    without_hints = replace(
        post.rt, settings=post.rt.settings.model_copy(update={"hint_channels": ()})
    )
    assert await notifications.send_hints(without_hints) == 0
    only = replace(
        post.rt, settings=post.rt.settings.model_copy(update={"hint_channels": ("sms",)})
    )
    assert await notifications.send_hints(only) == 1
    assert post.mail.received == []


async def ask_again(guest: Guest, address: str) -> None:
    await guest.do(Said("/menu"))
    await guest.press("hints")
    await guest.press("email")
    await guest.do(Said(address))


async def test_email_or_sms_notice_is_not_sent_after_a_restore(post: MessageServers) -> None:
    """Check that a planned notice ends with its message, but the next message has a notice."""
    await guest_with_confirmed_address(post)
    await plan(post.rt)
    await operation_backup.finish_restore(post.rt)
    await advance_database_clock(post.rt, "16 minutes")
    assert await post.sent() == []
    await plan(post.rt)
    await advance_database_clock(post.rt, "16 minutes")
    assert len(await post.sent()) == 1


async def test_address_confirmation_codes_are_limited_per_person(post: MessageServers) -> None:
    guest = await guest_with_address(post)
    await post.sent()
    for each in range(checked_input.MAX_CODES_DAILY):
        await ask_again(guest, f"other{each}@example.org")
        await post.sent()
    assert len(post.mail.received) == checked_input.MAX_CODES_DAILY


async def test_address_confirmation_codes_are_limited_per_mailbox(post: MessageServers) -> None:
    for address in ("a@example.org", "A@Example.org", "a+1@example.org", "a+2@example.org"):
        guest = Guest(post.rt)
        await guest.consent()
        await ask_again(guest, address)
        await post.sent()
    assert len(post.mail.received) == checked_input.MAX_CODES_DAILY


async def test_address_confirmation_codes_are_limited_per_day_in_total(
    post: MessageServers,
) -> None:
    limited = post.rt.settings.model_copy(update={"hint_codes_daily": 1})
    for address in ("a@example.org", "b@example.org"):
        guest = Guest(replace(post.rt, settings=limited))
        await guest.consent()
        await ask_again(guest, address)
        await post.sent()
    assert len(post.mail.received) == 1


async def test_address_confirmation_code_is_not_resent_when_delivery_is_unknown(
    post: MessageServers,
) -> None:
    post.gateway.status = 500
    await guest_with_address(post, "sms")
    await post.sent()
    await advance_database_clock(post.rt, "5 minutes")
    assert len(await post.sent()) == 1


async def test_address_confirmation_code_is_not_resent_after_a_crash(post: MessageServers) -> None:
    await guest_with_address(post)
    for count in (1, 0):
        async with post.rt.pool.connection() as transaction:
            assert len(await hint_contacts.claim(transaction, 60)) == count
        await advance_database_clock(post.rt, "2 minutes")


async def test_email_or_sms_notice_is_sent_although_another_cannot_be_decrypted(
    post: MessageServers,
) -> None:
    broken = await guest_with_confirmed_address(post)
    await guest_with_confirmed_address(post, "sms")
    async with post.rt.pool.connection() as session:
        person = await identities.find(post.rt, session, "web", broken.name)
        assert person is not None
        await session.execute(
            "UPDATE hint_contacts SET address = 'altered' WHERE person_id = %s", (person.id,)
        )
    await plan(post.rt)
    for _try in range(hints.MAX_ATTEMPTS + 1):
        await advance_database_clock(post.rt, "40 minutes")
        assert len(await post.sent()) == 1
    assert [is_due for _a, _c, _confirmed, is_due in await contacts(post.rt)] == [False, False]


async def test_expired_address_confirmation_code_is_not_sent(post: MessageServers) -> None:
    await guest_with_address(post)
    await advance_database_clock(post.rt, "11 minutes")
    assert await post.sent() == []


async def test_address_confirmation_sms_is_not_sent_to_an_unlisted_country(
    post: MessageServers,
) -> None:
    await guest_with_address(post, "sms")
    without_country = replace(
        post.rt, settings=post.rt.settings.model_copy(update={"sms_countries": ("UZ",)})
    )
    assert await notifications.send_hints(without_country) == 1
    assert post.gateway.received == []


async def test_address_confirmation_email_is_retried_only_when_deferred(
    post: MessageServers,
) -> None:
    lines = io.StringIO()
    logging.configure("info", to=lines)
    try:
        post.mail.refuse[ADDRESS] = "451 later"
        await guest_with_address(post)
        assert await post.sent() == []
        post.mail.refuse[ADDRESS] = "550 no such user"
        await advance_database_clock(post.rt, "1 minute")
        assert await post.sent() == []
    finally:
        logging.configure("error")
    [(_address, _code, is_confirmed, is_due)] = await contacts(post.rt)
    assert (is_confirmed, is_due) == (False, False)
    assert lines.getvalue().count('"hint.failed"') == 2
    assert "example.org" not in lines.getvalue()


async def test_checklist_reminder_schedules_an_email_or_sms_notice(post: MessageServers) -> None:
    guest = await guest_with_confirmed_address(post)
    async with post.rt.pool.connection() as transaction:
        person = await identities.find(post.rt, transaction, "web", guest.name)
        assert person is not None
        held = await conversation_store.lock(post.rt, transaction, person.id)
        assert held is not None
        conversation = replace(held.conversation, saved_list=MadeList("checklist", {}))
        await conversation_store.save_state(post.rt, transaction, held, conversation)
        await reminders.put(transaction, person.id, 1)
    await advance_database_clock(post.rt, "3 days")
    await advance_database_clock_to_hour(post.rt, reminders.DUE_HOUR)
    await external_events.remind(post.rt, person.id)
    await advance_database_clock(post.rt, "16 minutes")
    assert len(await post.sent()) == 1


async def test_data_export_contains_the_address_for_notices(post: MessageServers) -> None:
    guest = await guest_with_confirmed_address(post)
    conversation = await guest.conversation()
    assert conversation is not None
    async with post.rt.pool.connection() as transaction:
        person = await identities.find(post.rt, transaction, "web", guest.name)
        assert person is not None
        now = datetime.now(UTC)
        row = await data_export.export(post.rt, transaction, person, conversation, now)
    assert ADDRESS in str(row.message)


@pytest.mark.parametrize(
    ("status", "error"),
    [(500, NotSent), (429, NotSent), (400, NotificationRefused), (302, NotificationRefused)],
)
async def test_sms_gateway_error_is_retryable_or_final_by_its_status(
    post: MessageServers, status: int, error: type[Exception]
) -> None:
    post.gateway.status = status
    with pytest.raises(error):
        await sms.send(post.rt.http, post.rt.settings, NUMBER, "text")


async def test_sms_gateway_that_is_unreachable_is_retried(post: MessageServers) -> None:
    without_gateway = post.rt.settings.model_copy(update={"sms_url": "http://127.0.0.1:9/send"})
    with pytest.raises(NotSent):
        await sms.send(post.rt.http, without_gateway, NUMBER, "text")


async def test_sms_gateway_request_uses_the_configured_form_fields(post: MessageServers) -> None:
    post.gateway.fields = frozenset({"phone", "message", "sender"})
    settings = post.rt.settings.model_copy(
        update={
            "sms_format": "form",
            "sms_to_field": "phone",
            "sms_text_field": "message",
            "sms_from_field": "sender",
        }
    )
    await sms.send(post.rt.http, settings, NUMBER, "text")
    assert post.gateway.received == [(NUMBER, "text")]


async def test_email_notice_is_sent_after_20_minutes_of_a_failing_mail_server(
    post: MessageServers,
) -> None:
    guest = await guest_with_confirmed_address(post)
    await answered(post, guest)
    await advance_database_clock(post.rt, "16 minutes")
    post.mail.refuse[ADDRESS] = "451 later"
    for _minute in range(20):
        assert await post.sent() == []
        await advance_database_clock(post.rt, "1 minute")
    post.mail.refuse.clear()
    await advance_database_clock(post.rt, "20 minutes")
    assert len(await post.sent()) == 1
