"""Conversations over the WhatsApp emulator, up to an accepted registration in every language.

Also faults of the platform, and the security of its webhook.
"""

import hmac
import io
import json
from functools import partial
from typing import Any

import pytest

from bot import outbox
from bot.channels import Message, Rates, Template
from bot.conversations import quarantine
from bot.conversations import store as conversation_store
from bot.i18n import reserved_words
from flows.engine.language_protocol import Reserved
from flows.engine.screens import STOPPED
from flows.papers import PASSPORT
from tests.app_stack import AppStack
from tests.emulators.whatsapp import Failed, Limits, Refused, User
from tests.emulators.whatsapp import Template as WaTemplate
from tests.emulators.whatsapp.faults import Fault
from tests.emulators.whatsapp.limits import RateLimiter
from tests.release_only import release_only
from tests.sample_files import photo
from tests.web import secure_page, whatsapp_chat
from tests.web.journey import ANSWERS, ANSWERS_TO_CONSENT, LANGUAGES, registration_number


@pytest.mark.parametrize("language", release_only(LANGUAGES, keep=("kk_Arab", "uz")))
async def test_whatsapp_conversation_ends_with_a_registration_number(
    stack: AppStack, language: str
) -> None:
    user = await whatsapp_chat.new_user(stack, "77010000001")
    await whatsapp_chat.choose_language(user, language)
    turns = await whatsapp_chat.give_answers(stack, user, ANSWERS)
    number = await registration_number(stack, language)
    await user.wait(lambda chat: "!status" in whatsapp_chat.keys(user.last))
    await whatsapp_chat.wait_for_reply(user, lambda: user.say("/status"))
    await user.wait(lambda chat: any(number in each.text for each in chat))
    assert stack.whatsapp.journal.mistakes() == []
    assert "TESTOVA" not in repr(stack.whatsapp.journal.entries), "names go past the messenger"
    # Allowed are the language choice, the greeting, one message for each turn, the registry's
    # decision, and the answer to /status.
    assert len(user.received) <= 2 + turns + 2
    await _send_papers(stack, user, language)


async def _send_papers(stack: AppStack, user: User, language: str) -> None:
    """Send one document on the secure page and two in the chat; wait until the registry has all."""
    await whatsapp_chat.press(user, "papers")
    await whatsapp_chat.press(user, "yes")
    assert user.last.link is not None
    link = secure_page.link_to(stack, user.last.link[1])
    await secure_page.answer_on_page(link, stack, photo("TESTOVA page one"), "done")
    done = stack.rt.languages.render(PASSPORT.done, language)
    for number in (2, 3):
        await whatsapp_chat.wait_for_reply(
            user, partial(user.send_photo, photo(f"TESTOVA page {number}"))
        )
        await whatsapp_chat.wait_for_reply(user, partial(user.say, done))

    async def have_arrived() -> bool:
        (entry,) = await stack.entries()
        return len({each["kind"] for each in entry["documents"]}) == 3

    await stack.until(have_arrived)


# Faults of WhatsApp's API


@pytest.mark.requirement("S-4")
@pytest.mark.row(33)
async def test_whatsapp_unreadable_element_of_a_batch_affects_no_other(stack: AppStack) -> None:
    await whatsapp_chat.set_webhook(stack)
    first, second = stack.whatsapp.user("77010000002"), stack.whatsapp.user("77010000003")
    stack.whatsapp.delivery_options.batch = 3
    stack.whatsapp.delivery_options.layout = "entries"
    stack.whatsapp.hold()
    await first.say("👋")
    poisoned = {"id": "wamid.poisoned", "type": "text", "from": "77010000009"}
    stack.whatsapp.tell(stack.whatsapp.world.value(messages=[poisoned]))
    await second.say("👋")
    stack.whatsapp.release()
    await first.wait_for_message(1)
    await second.wait_for_message(1)
    await stack.whatsapp.until_taken()
    batches = [one for one in stack.whatsapp.journal.deliveries() if len(one.events) == 3]
    assert (batches[0].attempt, batches[0].status) == (1, 200)
    found = await stack.rows("SELECT channel, reason FROM quarantined_updates")
    assert found == [("whatsapp", "E_SHAPE")]


@pytest.mark.requirement("S-6")
async def test_whatsapp_message_repeated_in_a_second_request_is_applied_once(
    stack: AppStack,
) -> None:
    user = await whatsapp_chat.consented_user(stack, "77010000004")
    update = await user.say("/help")
    count = len(user.received)
    await user.wait_for_message(count + 1)
    await user.repeat(update)
    await stack.whatsapp.until_taken()
    await whatsapp_chat.wait_for_reply(user, lambda: user.say("/help"))
    assert len(user.received) == count + 2


async def test_whatsapp_batch_delivered_twice_simultaneously_is_applied_once(
    stack: AppStack,
) -> None:
    users = [
        await whatsapp_chat.consented_user(stack, f"7701000001{number}") for number in range(3)
    ]
    before = [len(user.received) for user in users]
    stack.whatsapp.delivery_options.batch, stack.whatsapp.delivery_options.copies = 3, 2
    stack.whatsapp.delivery_options.together = True
    stack.whatsapp.hold()
    for user in users:
        await user.say("/help")
    stack.whatsapp.release()
    for user, count in zip(users, before, strict=True):
        await user.wait_for_message(count + 1)
    await stack.whatsapp.until_taken()
    stack.whatsapp.delivery_options.copies = 1
    for user, count in zip(users, before, strict=True):
        await whatsapp_chat.wait_for_reply(user, lambda: user.say("/help"))  # noqa: B023 — used at once
        assert len(user.received) == count + 2


@pytest.mark.requirement("S-6", "S-8")
async def test_whatsapp_update_that_fails_midway_is_redelivered_and_applied_once(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await whatsapp_chat.consented_user(stack, "77010000005")
    failures: list[int] = []
    saved, noting = conversation_store.save, conversation_store.save_statement

    async def fail_first_save(*args: Any, **kwargs: Any) -> Any:
        if not failures:
            failures.append(1)
            raise RuntimeError
        return await saved(*args, **kwargs)

    def fail_first_statement(*args: Any) -> Any:
        if not failures:
            raise RuntimeError
        return noting(*args)

    monkeypatch.setattr(conversation_store, "save", fail_first_save)
    monkeypatch.setattr(conversation_store, "save_statement", fail_first_statement)
    count = len(user.received)
    await user.say("/help")
    await user.wait_for_message(count + 1)
    await stack.whatsapp.until_taken()
    assert failures == [1]
    assert 503 in [one.status for one in stack.whatsapp.journal.deliveries()]
    await whatsapp_chat.wait_for_reply(user, lambda: user.say("/help"))
    assert len(user.received) == count + 2


async def test_whatsapp_message_after_24_hours_waits_until_the_person_writes(
    stack: AppStack,
) -> None:
    user = await whatsapp_chat.consented_user(stack, "77010000006")
    count, sent = len(user.received), len(stack.whatsapp.journal.calls("messages"))
    await stack.ahead("25 hours")
    stack.whatsapp.advance(25 * 3600)
    await whatsapp_chat.notify(stack, user)
    await whatsapp_chat.wait_for_state(stack, user, "waiting")
    assert len(stack.whatsapp.journal.calls("messages")) == sent
    await user.say("/help")
    await user.wait_for_message(count + 2)
    assert user.received[count].text == stack.rt.languages.render(quarantine.APOLOGY, "ru")
    assert "waiting" not in await whatsapp_chat.message_states(stack, user)
    await stack.ahead("23 hours")
    await whatsapp_chat.notify(stack, user)
    await whatsapp_chat.wait_for_state(stack, user, "sent")


async def test_whatsapp_message_waits_when_a_report_says_24_hours_are_over(stack: AppStack) -> None:
    user = await whatsapp_chat.consented_user(stack, "77010000007")
    count = len(user.received)
    stack.whatsapp.fail(Failed(131047))
    await whatsapp_chat.notify(stack, user)
    await whatsapp_chat.wait_for_state(stack, user, "waiting")
    await user.say("/help")
    await user.wait_for_message(count + 2)
    assert user.received[count].text == stack.rt.languages.render(quarantine.APOLOGY, "ru")
    assert stack.whatsapp.journal.mistakes() == []


async def test_whatsapp_template_is_sent_after_24_hours(stack: AppStack) -> None:
    user = await whatsapp_chat.consented_user(stack, "77010000008")
    stack.whatsapp.add_templates(WaTemplate("update_waiting", "ru", "Есть новость."))
    await stack.ahead("25 hours")
    stack.whatsapp.advance(25 * 3600)
    person = await whatsapp_chat.person_of(stack, user)
    message = Message(
        ("Есть новость. Откройте её.",), (), "ru", template=Template("update_waiting")
    )
    async with stack.rt.pool.connection() as session:
        await outbox.enqueue(session, person, "whatsapp", (outbox.Row("send", message),))
    await outbox.deliver(stack.rt, None, person)
    await whatsapp_chat.wait_for_state(stack, user, "sent")
    assert user.last.text == "Есть новость."


@pytest.mark.parametrize("fault", [Failed(131047), Refused(131047)])
async def test_whatsapp_template_is_sent_when_whatsapp_says_24_hours_are_over(
    stack: AppStack, fault: Fault
) -> None:
    user = await whatsapp_chat.consented_user(stack, "77010000009")
    stack.whatsapp.add_templates(WaTemplate("update_waiting", "ru", "Есть новость."))
    person, count = await whatsapp_chat.person_of(stack, user), len(user.received)
    await stack.whatsapp.until_taken()
    stack.whatsapp.fail(fault)
    message = Message(("Откройте новость.",), (), "ru", template=Template("update_waiting"))
    async with stack.rt.pool.connection() as session:
        await outbox.enqueue(session, person, "whatsapp", (outbox.Row("send", message),))
    await outbox.deliver(stack.rt, None, person)
    await user.wait_for_message(count + 1)
    assert user.last.text == "Есть новость."


@pytest.mark.row(34)
async def test_whatsapp_late_delivery_report_does_not_replace_the_status_read(
    stack: AppStack,
) -> None:
    user = await whatsapp_chat.consented_user(stack, "77010000020")
    stack.whatsapp.delivery_options.shuffled = True
    await whatsapp_chat.notify(stack, user)
    await user.read()
    await stack.whatsapp.until_taken()
    person = await whatsapp_chat.person_of(stack, user)

    async def is_read() -> bool:
        await user.read()
        found = await stack.rows(
            "SELECT delivery_status, body FROM messages WHERE person_id = %s", person.id
        )
        return set(found) == {("read", None)}

    await stack.until(is_read, 60)
    row, attempt = await whatsapp_chat.newest_row(stack, person)
    for state in ("failed", "delivered", "sent"):
        await outbox.record_reports(
            stack.rt, [whatsapp_chat.delivery_report(state, f"{row}.{attempt}", "E_SEND_BLOCKED")]
        )
    assert await stack.rows("SELECT delivery_status, state FROM messages WHERE id = %s", row) == [
        ("read", "sent")
    ]
    assert set(await stack.rows("SELECT DISTINCT billing_category FROM messages")) <= {
        (None,),
        ("service",),
    }


async def test_whatsapp_failed_report_can_be_superseded_by_delivered(stack: AppStack) -> None:
    user = await whatsapp_chat.consented_user(stack, "77010000021")
    user.turn_off()
    await whatsapp_chat.notify(stack, user)
    person = await whatsapp_chat.person_of(stack, user)
    row, attempt = await whatsapp_chat.newest_row(stack, person)
    for late in (attempt - 1, attempt + 1):
        await outbox.record_reports(
            stack.rt, [whatsapp_chat.delivery_report("failed", f"{row}.{late}", "E_SEND_REFUSED")]
        )
    assert (await whatsapp_chat.message_states(stack, user))[-1] == "sent"
    await outbox.record_reports(
        stack.rt, [whatsapp_chat.delivery_report("failed", f"{row}.{attempt}", "E_SEND_REFUSED")]
    )
    query = "SELECT state, delivery_status, reason FROM messages WHERE id = %s"
    assert await stack.rows(query, row) == [("failed", "failed", "E_SEND_REFUSED")]
    await outbox.record_reports(
        stack.rt, [whatsapp_chat.delivery_report("delivered", f"{row}.{attempt}")]
    )
    assert await stack.rows(query, row) == [("sent", "delivered", None)]


@pytest.mark.requirement("S-12")
async def test_whatsapp_message_is_resent_after_a_temporary_failure(stack: AppStack) -> None:
    user = await whatsapp_chat.consented_user(stack, "77010000022")
    count = len(user.received)
    stack.whatsapp.fail(Failed(131016))
    await whatsapp_chat.notify(stack, user)
    await stack.whatsapp.until_taken()
    await stack.ahead("1 minute")
    await user.wait_for_message(count + 1)
    assert len(user.received) == count + 1


@pytest.mark.requirement("S-12")
async def test_whatsapp_sends_nothing_to_an_unreachable_person_until_they_write(
    stack: AppStack,
) -> None:
    user = await whatsapp_chat.consented_user(stack, "77010000023")
    stack.whatsapp.fail(Failed(131026))
    await whatsapp_chat.notify(stack, user)
    await whatsapp_chat.wait_for_state(stack, user, "undeliverable")
    await whatsapp_chat.notify(stack, user)
    await whatsapp_chat.wait_for_state(stack, user, "undeliverable")
    await whatsapp_chat.wait_for_reply(user, lambda: user.say("/help"))
    await whatsapp_chat.notify(stack, user)
    await whatsapp_chat.wait_for_state(stack, user, "sent")


async def test_whatsapp_pair_rate_limit_is_respected(stack: AppStack) -> None:
    user = await whatsapp_chat.consented_user(stack, "77010000030")
    stack.whatsapp.world.gate = RateLimiter(Limits(), stack.whatsapp.world.now)
    stack.rt.channels["whatsapp"].rates = Rates(80, 80, 1 / 6, 40, firm=True)
    person, count = await whatsapp_chat.person_of(stack, user), len(user.received)
    row = outbox.Row("send", quarantine.apology(stack.rt, "ru"))
    async with stack.rt.pool.connection() as session:
        await outbox.enqueue(session, person, "whatsapp", (row,) * 60)
    await outbox.deliver(stack.rt, None, person)
    await user.wait_for_message(count + 40)
    states = await whatsapp_chat.message_states(stack, user)
    assert states.count("pending") >= 15
    assert stack.whatsapp.journal.refused(131056) == []


@pytest.mark.parametrize(
    ("language", "word"), [("kk", "тоқта"), ("ru", "стоп"), ("zh_Hans", "停止"), ("uz", "toʻxta")]
)
@pytest.mark.row(63)
async def test_stop_word_stops_messages_on_whatsapp_in_every_language(
    stack: AppStack, language: str, word: str
) -> None:
    assert reserved_words.safety_word(word) is Reserved.STOP
    user = await whatsapp_chat.new_user(stack, "77010000024")
    await whatsapp_chat.choose_language(user, language)
    await whatsapp_chat.give_answers(stack, user, ANSWERS_TO_CONSENT)
    answer = await whatsapp_chat.wait_for_reply(user, lambda: user.say(word))
    stopped = stack.rt.languages.render(STOPPED, language)
    assert stopped in answer.text
    assert await stack.rows("SELECT quiet FROM conversations") == [(True,)]


@pytest.mark.parametrize("known", ["phone", "user_id", "user_id_as_phone"])
async def test_whatsapp_person_is_recognized_by_every_kind_of_id(
    stack: AppStack, known: Any
) -> None:
    user = await whatsapp_chat.consented_user(stack, "77010000025", known=known)
    await whatsapp_chat.wait_for_reply(user, lambda: user.say("/help"))
    assert await stack.rows("SELECT count(*) FROM people") == [(1,)]


async def test_whatsapp_number_change_keeps_the_conversation(stack: AppStack) -> None:
    user = await whatsapp_chat.consented_user(stack, "77010000026")
    user.change_number("77010000027")
    await stack.whatsapp.until_taken()
    await whatsapp_chat.wait_for_reply(user, lambda: user.say("/help"))
    assert await stack.rows("SELECT count(*) FROM people") == [(1,)]


async def test_whatsapp_user_id_is_added_to_the_person_with_the_same_phone(stack: AppStack) -> None:
    user = await whatsapp_chat.consented_user(stack, "77010000028", known="phone")
    user.person.known = "both"
    await whatsapp_chat.wait_for_reply(user, lambda: user.say("/help"))
    assert await stack.rows("SELECT count(*) FROM people") == [(1,)]


@pytest.mark.requirement("S-88")
async def test_whatsapp_person_known_by_user_id_is_found_by_the_phone_alone(
    stack: AppStack,
) -> None:
    user = await whatsapp_chat.consented_user(stack, "77010000029", known="user_id")
    user.person.known = "both"
    # After a day of silence, Kosh does not batch the person's next message, but handles it in a
    # separate transaction, which also stores the phone number.
    await stack.ahead("25 hours")
    await whatsapp_chat.wait_for_reply(user, lambda: user.say("/help"))
    user.person.known = "phone"
    await whatsapp_chat.wait_for_reply(user, lambda: user.say("/help"))
    assert await stack.rows("SELECT count(*) FROM people") == [(1,)]
    assert await stack.rows("SELECT count(*) FROM handles") == [(2,)]


# Security of WhatsApp's webhook


async def _post(stack: AppStack, raw: bytes, signature: str | None, **more: str) -> int:
    headers = {"Content-Type": "application/json"} | more
    if signature is not None:
        headers["X-Hub-Signature-256"] = signature
    url = f"{stack.url}/webhooks/whatsapp"
    async with stack.http.post(url, data=io.BytesIO(raw), headers=headers) as answer:
        return answer.status


def _signature(raw: bytes, secret: str, kind: str = "sha256") -> str:
    return f"{kind}={hmac.new(secret.encode(), raw, kind).hexdigest()}"


@pytest.mark.requirement("S-2")
@pytest.mark.row(6)
async def test_whatsapp_webhook_requires_a_signature_over_the_exact_bytes(stack: AppStack) -> None:
    """Check a missing and wrong signature, another algorithm, and a reformatted body.

    This is row 6 of tests/proof/rows.toml.
    """
    secret = stack.rt.settings.whatsapp_app_secrets[0]
    raw = b'{"object": "whatsapp_business_account", "entry": []}'
    right = _signature(raw, secret)
    assert await _post(stack, raw, right) == 200
    assert await _post(stack, raw, None) == 403
    assert await _post(stack, raw, _signature(raw, secret, "sha1")) == 403
    assert await _post(stack, raw, _signature(raw, secret + "x")) == 403
    assert await _post(stack, raw, right[:-1] + ("0" if right[-1] != "0" else "1")) == 403
    assert await _post(stack, raw, right.upper()) == 403
    assert await _post(stack, json.dumps(json.loads(raw), indent=1).encode(), right) == 403
    assert await stack.rows("SELECT * FROM quarantined_updates") == []


async def test_whatsapp_payloads_with_null_fields_are_parsed(stack: AppStack) -> None:
    stack.whatsapp.delivery_options.nulls = True
    user = await whatsapp_chat.consented_user(stack, "77010000021")
    card = {"type": "contacts", "contacts": [{"name": {"formatted_name": "Basqa Testova"}}]}
    for action in (
        partial(user.send_raw, {"type": "button", "button": {"payload": "!status"}}),
        partial(user.send_raw, card),
        user.send_photo,
        user.send_unknown,
    ):
        await whatsapp_chat.wait_for_reply(user, action)
    assert await stack.rows("SELECT reason FROM quarantined_updates") == []
    stack.whatsapp.fail(Refused(131047), method="messages")
    await user.say("меню")
    await whatsapp_chat.wait_for_state(stack, user, "waiting")


@pytest.mark.requirement("S-4")
@pytest.mark.row(10)
async def test_whatsapp_webhook_quarantines_a_signed_unreadable_body(stack: AppStack) -> None:
    secret = stack.rt.settings.whatsapp_app_secrets[0]
    assert await _post(stack, b"{", _signature(b"{", secret)) == 200
    assert await stack.rows("SELECT reason, size FROM quarantined_updates") == [("E_JSON", 1)]


@pytest.mark.requirement("S-13")
@pytest.mark.row(20, 24)
async def test_whatsapp_webhook_answers_413_above_three_mebibytes(stack: AppStack) -> None:
    raw = b" " * (3 * 1024 * 1024 + 1)
    assert (
        await _post(stack, raw, _signature(raw, stack.rt.settings.whatsapp_app_secrets[0])) == 413
    )
    right = _signature(b"{}", stack.rt.settings.whatsapp_app_secrets[0])
    assert await _post(stack, b"{}", right, **{"Content-Type": "text/plain"}) == 415


@pytest.mark.row(7)
async def test_whatsapp_webhook_challenge_requires_the_verify_token(stack: AppStack) -> None:
    """Check a wrong token, mode and challenge (row 7 of tests/proof/rows.toml)."""
    assert stack.rt.settings.whatsapp_verify_token
    word = stack.rt.settings.whatsapp_verify_token.get_secret_value()

    async def ask(**changes: str) -> tuple[int, str, str]:
        params = {"hub.mode": "subscribe", "hub.verify_token": word, "hub.challenge": "11"}
        params |= {f"hub.{name}": value for name, value in changes.items()}
        async with stack.http.get(f"{stack.url}/webhooks/whatsapp", params=params) as answer:
            return answer.status, answer.content_type, await answer.text()

    assert await ask() == (200, "text/plain", "11")
    for wrong in (
        {"verify_token": "x"},
        {"mode": "x"},
        {"challenge": "<b>"},
        {"challenge": "1" * 5000},
    ):
        status, _kind, body = await ask(**wrong)
        assert (status, body) == (403, "")
