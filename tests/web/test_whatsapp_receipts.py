"""WhatsApp's delivery reports (sent, delivered, read, failed) change the states of messages.

Kosh stores them without phone numbers, and applies them to each part of a long message.
"""

import base64
import re
from dataclasses import replace
from typing import Any

import pytest

from bot import outbox
from bot.channels import BlockedByUser, ChannelCall, Message, WindowClosed
from bot.conversations import quarantine
from tests.app_stack import AppStack
from tests.emulators.whatsapp import Broken, Failed, Refused, User
from tests.emulators.whatsapp.faults import Fault
from tests.web import whatsapp_chat

PHONE = "77010000040"
NUMBERS = re.compile(rb"[0-9]{7,}")


def _decoded_ids(ids: str | None) -> bytes:
    """Return message ids as written and decoded from base64, to search them for phone numbers."""
    parts = (ids or "").split(",")
    bare = [re.sub(r"[^A-Za-z0-9+/]", "", each.removeprefix("wamid.")) for each in parts]
    decoded = [base64.b64decode(each[: len(each) & ~3]) for each in bare]
    return b" ".join([*decoded, *(each.encode() for each in parts)])


async def _wait_until_read(stack: AppStack) -> None:
    async def is_read() -> bool:
        found = await stack.rows("SELECT DISTINCT delivery_status, body FROM messages")
        return found == [("read", None)]

    await stack.until(is_read)


async def test_whatsapp_delivery_report_is_matched_by_an_id_without_phone_number(
    stack: AppStack,
) -> None:
    user = await whatsapp_chat.consented_user(stack, PHONE)
    await whatsapp_chat.wait_for_reply(user, lambda: user.say("/help"))
    await user.read()
    await _wait_until_read(stack)
    assert PHONE.encode() in _decoded_ids(user.last.id)
    stored_ids: list[tuple[Any, ...]] = await stack.rows("SELECT external_id FROM messages")
    assert stored_ids
    assert not any(NUMBERS.search(_decoded_ids(each)) for (each,) in stored_ids)


# Delivery reports of a text that WhatsApp splits into two messages

FIRST, SECOND = "Сәлем " * 600, "Екінші " * 200


async def _send_long_text(stack: AppStack, user: User) -> int:
    """Send a text that WhatsApp splits into two messages.

    Return the number of messages that the person had received before.
    """
    person, count = await whatsapp_chat.person_of(stack, user), len(user.received)
    message = Message((FIRST.strip(), SECOND.strip()), (), "kk")
    async with stack.rt.pool.connection() as session:
        await outbox.enqueue(session, person, "whatsapp", (outbox.Row("send", message),))
    await outbox.deliver(stack.rt, None, person)
    return count


def _parts(user: User, count: int) -> list[int]:
    """Return the numbers of the parts that arrived after the first `count` messages, in order."""
    return [1 if each.text == FIRST.strip() else 2 for each in user.received[count:]]


async def _until_receipt(stack: AppStack, user: User, receipt: str) -> None:
    row, _attempt = await whatsapp_chat.newest_row(
        stack, await whatsapp_chat.person_of(stack, user)
    )

    async def has_receipt() -> bool:
        query = "SELECT delivery_status, body FROM messages WHERE id = %s"
        return await stack.rows(query, row) == [(receipt, None)]

    await stack.until(has_receipt)


@pytest.mark.parametrize("fault", [Refused(131056), Refused(131000), Broken(502)])
async def test_whatsapp_accepted_parts_are_not_resent_with_the_rest(
    stack: AppStack, fault: Fault
) -> None:
    user = await whatsapp_chat.consented_user(stack, "77010000050")
    stack.whatsapp.fail(fault, after=1)
    count = await _send_long_text(stack, user)
    await user.wait_for_message(count + 1)
    # On a busy machine, the retry may come before this check.
    assert _parts(user, count) in ([1], [1, 2])
    await stack.ahead("1 minute")
    await user.wait_for_message(count + 2, seconds=30)
    await _until_receipt(stack, user, "delivered")
    assert _parts(user, count) == [1, 2]


async def test_whatsapp_accepted_part_is_not_resent_while_the_rest_is_rejected(
    stack: AppStack,
) -> None:
    user = await whatsapp_chat.consented_user(stack, "77010000051")
    stack.whatsapp.fail(Refused(131056), times=3, after=1)
    count = await _send_long_text(stack, user)
    for _try in range(3):
        await stack.ahead("1 minute")
        await outbox.deliver(stack.rt, None, await whatsapp_chat.person_of(stack, user))
    await user.wait_for_message(count + 2, seconds=30)
    await user.read()
    await _until_receipt(stack, user, "read")
    assert _parts(user, count) == [1, 2]


async def _until_retried(stack: AppStack, user: User) -> None:
    """Wait until a failed message waits for a retry, or was retried already."""

    async def is_retried() -> bool:
        _row, attempt = await whatsapp_chat.newest_row(
            stack, await whatsapp_chat.person_of(stack, user)
        )
        return attempt > 1 or (await whatsapp_chat.message_states(stack, user))[-1] == "pending"

    await stack.until(is_retried)


async def test_whatsapp_second_part_that_failed_is_resent_without_the_first(
    stack: AppStack,
) -> None:
    user = await whatsapp_chat.consented_user(stack, "77010000052")
    stack.whatsapp.fail(Failed(131000), after=1)
    count = await _send_long_text(stack, user)
    await _until_retried(stack, user)
    await stack.ahead("1 minute")
    await user.wait_for_message(count + 2, seconds=30)
    await _until_receipt(stack, user, "delivered")
    assert _parts(user, count) == [1, 2]


async def test_whatsapp_both_parts_are_resent_in_order_when_the_first_fails(
    stack: AppStack,
) -> None:
    user = await whatsapp_chat.consented_user(stack, "77010000053")
    stack.whatsapp.fail(Failed(131000))
    count = await _send_long_text(stack, user)
    await _until_retried(stack, user)
    await stack.ahead("1 minute")
    await user.wait_for_message(count + 3, seconds=30)
    await _until_receipt(stack, user, "delivered")
    assert _parts(user, count) == [2, 1, 2]


async def test_whatsapp_message_is_delivered_when_each_part_is_delivered(stack: AppStack) -> None:
    user = await whatsapp_chat.consented_user(stack, "77010000055")
    user.turn_off()
    await _send_long_text(stack, user)
    await stack.whatsapp.until_taken()
    row, attempt = await whatsapp_chat.newest_row(stack, await whatsapp_chat.person_of(stack, user))
    query = "SELECT delivery_status, body IS NULL FROM messages WHERE id = %s"
    for part, state, expected in (
        (2, "read", ("sent", False)),
        (2, "read", ("sent", False)),
        (1, "delivered", ("delivered", True)),
        (2, "failed", ("delivered", True)),
        (1, "read", ("read", True)),
    ):
        report = replace(
            whatsapp_chat.delivery_report(state, f"{row}.{attempt}", "E_SEND_UNREACHABLE"),
            part=part,
            parts=2,
        )
        await outbox.record_reports(stack.rt, [report])
        assert await stack.rows(query, row) == [expected]


async def test_whatsapp_delivery_reports_of_two_parts_may_come_in_one_batch(
    stack: AppStack,
) -> None:
    user = await whatsapp_chat.consented_user(stack, "77010000056")
    user.turn_off()
    await _send_long_text(stack, user)
    await stack.whatsapp.until_taken()
    row, attempt = await whatsapp_chat.newest_row(stack, await whatsapp_chat.person_of(stack, user))
    report = replace(whatsapp_chat.delivery_report("read", f"{row}.{attempt}"), parts=2)
    await outbox.record_reports(stack.rt, [report, replace(report, part=2)])
    await _until_receipt(stack, user, "read")


async def test_whatsapp_delivered_report_of_a_part_replaces_its_failed_report(
    stack: AppStack,
) -> None:
    user = await whatsapp_chat.consented_user(stack, "77010000057")
    user.turn_off()
    await _send_long_text(stack, user)
    await stack.whatsapp.until_taken()
    row, attempt = await whatsapp_chat.newest_row(stack, await whatsapp_chat.person_of(stack, user))
    query = "SELECT state, delivery_status, reason FROM messages WHERE id = %s"
    failed = replace(
        whatsapp_chat.delivery_report("failed", f"{row}.{attempt}", "E_SEND_REFUSED"),
        part=2,
        parts=2,
    )
    await outbox.record_reports(stack.rt, [failed])
    assert await stack.rows(query, row) == [("failed", "failed", "E_SEND_REFUSED")]
    await outbox.record_reports(stack.rt, [replace(failed, state="delivered", code="")])
    assert await stack.rows(query, row) == [("sent", "sent", None)]


# A failure report that arrives after a newer message of the person


async def _is_open(stack: AppStack) -> bool:
    found = await stack.rows("SELECT spoke_at IS NOT NULL, blocked FROM handles")
    return set(found) == {(True, False)}


@pytest.mark.parametrize("before", ["1 second", "20 minutes"])
@pytest.mark.parametrize(
    ("code", "became"), [(WindowClosed.code, "sent"), (BlockedByUser.code, "undeliverable")]
)
async def test_whatsapp_failed_status_before_the_persons_message_keeps_chat_open(
    stack: AppStack, code: str, became: str, before: str
) -> None:
    """Check a person's message that follows the previous one after 20 minutes or after 1 s.

    Kosh does not store the time of a message that follows another within 15 minutes.
    """
    user = await whatsapp_chat.consented_user(stack, "77010000060")
    await stack.whatsapp.until_taken()
    stack.whatsapp.world.statuses = False
    await whatsapp_chat.notify(stack, user)
    row, attempt = await whatsapp_chat.newest_row(stack, await whatsapp_chat.person_of(stack, user))
    await stack.ahead(before)
    await whatsapp_chat.wait_for_reply(user, lambda: user.say("/help"))
    await outbox.record_reports(
        stack.rt, [whatsapp_chat.delivery_report("failed", f"{row}.{attempt}", code)]
    )
    assert await _is_open(stack)
    await whatsapp_chat.notify(stack, user)
    await whatsapp_chat.wait_for_state(stack, user, "sent")
    assert await stack.rows("SELECT state FROM messages WHERE id = %s", row) == [(became,)]


@pytest.mark.parametrize("code", [WindowClosed.code, BlockedByUser.code])
async def test_whatsapp_failed_status_after_the_persons_message_closes_the_chat(
    stack: AppStack, code: str
) -> None:
    user = await whatsapp_chat.consented_user(stack, "77010000061")
    await stack.whatsapp.until_taken()
    stack.whatsapp.world.statuses = False
    await whatsapp_chat.notify(stack, user)
    row, attempt = await whatsapp_chat.newest_row(stack, await whatsapp_chat.person_of(stack, user))
    await outbox.record_reports(
        stack.rt, [whatsapp_chat.delivery_report("failed", f"{row}.{attempt}", code)]
    )
    assert not await _is_open(stack)


async def test_whatsapp_message_refused_while_the_person_writes_is_sent_again(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await whatsapp_chat.consented_user(stack, "77010000062")
    count, channel = len(user.received), stack.rt.channels["whatsapp"]

    async def fail_late(_act: ChannelCall) -> str:
        monkeypatch.undo()
        await user.say("/help")
        await stack.whatsapp.until_taken()
        raise WindowClosed

    monkeypatch.setattr(channel, "send", fail_late)
    await whatsapp_chat.notify(stack, user)
    await user.wait_for_message(count + 2, seconds=30)
    assert user.received[count].text == stack.rt.languages.render(quarantine.APOLOGY, "ru")
    assert await _is_open(stack)
