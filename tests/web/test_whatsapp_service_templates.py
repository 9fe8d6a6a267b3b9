"""More than 24 hours after a person's last message, WhatsApp allows only approved templates.

Kosh sends a template with a button as a notice, and the message once the person presses it.
"""

import os
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from uuid import UUID

import pytest

from bot import desk
from bot.channels import ChannelCall, RenderedButton
from bot.channels.whatsapp import service_templates
from bot.channels.whatsapp.layout import templates
from bot.conversations import receive, registry_events
from bot.conversations import store as conversation_store
from bot.desk import views
from bot.i18n import Languages
from bot.officers.directory import Officer
from bot.officers.permissions import Reason
from bot.outbox import sender
from bot.people.reminders import DUE_HOUR
from bot.runtime import Runtime
from bot.worker import sweeps
from flows.engine import screens
from flows.engine.events import Notice
from flows.engine.text import _
from flows.knowledge.documents import KAZTEST
from tests.app_stack import AppStack
from tests.clock import advance_database_clock_to_hour
from tests.desk.desks import new_idempotency_key
from tests.emulators.whatsapp import Failed, Refused, User
from tests.emulators.whatsapp import Template as WaTemplate
from tests.emulators.whatsapp.faults import Fault
from tests.registry.example import status_callback
from tests.release_only import release_only
from tests.web import whatsapp_chat
from tests.web.journey import ANSWERS, registration_number
from tests.web.test_keeping import CHECKLIST_TAPS

HOURS = (25, 49, 200)
# KILLS=200 in the environment makes the test of kills run longer, until 200 kills for each seed
# (`-k despite_crashes`).
KILLS, MIN_TURNS = int(os.environ.get("KILLS", "0")), 12
ANSWER = "Testova, bring the certificate."


def approve(stack: AppStack, *, without: str = "") -> None:
    """Add Kosh's service templates to the WhatsApp emulator, except the one named `without`."""
    stack.whatsapp.add_templates(
        *(
            WaTemplate(each.name, each.language, each.body, buttons=(each.button,))
            for each in service_templates.required_templates(stack.rt.languages)
            if each.name != without
        )
    )


def _text(stack: AppStack, notice: Notice, language: str = "ru") -> str:
    return stack.rt.languages.render(service_templates.TEXTS[notice], language)


async def _advance_clocks(stack: AppStack, hours: int) -> None:
    """Advance the database's and the WhatsApp emulator's clocks by this number of hours."""
    await stack.whatsapp.until_taken()
    await stack.ahead(f"{hours} hours")
    stack.whatsapp.advance(hours * 3600)


def _count(user: User, words: str) -> int:
    return sum(words in each.text for each in user.received)


async def _press_button(user: User) -> None:
    """Press the only button of the newest message, a notice."""
    (button,) = user.last.buttons
    await user.answer(button.data)


async def _reply(stack: AppStack, officer: Officer, case_id: UUID, words: str) -> None:
    [(version,)] = await stack.rows("SELECT version FROM cases WHERE id = %s", case_id)
    await desk.reply(stack.rt, officer, case_id, version, key=new_idempotency_key(), words=words)


@pytest.mark.parametrize("hours", HOURS)
async def test_whatsapp_reply_after_24_hours_is_announced_by_a_template(
    stack: AppStack, hours: int
) -> None:
    approve(stack)
    user, officer, case_id, _version = await whatsapp_chat.user_with_answered_case(
        stack, "77010000101"
    )
    await _advance_clocks(stack, hours)
    notice = _text(stack, Notice.ANSWER)
    for words in (ANSWER, f"{ANSWER} And a photo."):
        await _reply(stack, officer, case_id, words)
    await user.wait(lambda chat: _count(user, notice) == 1)
    view = await views.view(stack.rt, officer, case_id, Reason.CHECK)
    assert [each.delivery for each in view.thread[-2:]] == ["waiting", "waiting"]
    await _press_button(user)
    await user.wait(lambda chat: _count(user, ANSWER) == 2)
    await stack.whatsapp.until_taken()
    assert [each.text.count(ANSWER) for each in user.received[-2:]] == [1, 1]
    assert "photo" in user.received[-1].text
    assert _count(user, notice) == 1
    assert stack.whatsapp.journal.mistakes() == []


@pytest.mark.parametrize("hours", HOURS)
async def test_whatsapp_registry_status_after_24_hours_is_announced_by_template(
    stack: AppStack, hours: int
) -> None:
    approve(stack)
    user = await whatsapp_chat.new_user(stack, "77010000102")
    await whatsapp_chat.choose_language(user, "ru")
    await whatsapp_chat.give_answers(stack, user, ANSWERS)
    number = await registration_number(stack, "ru")
    await user.wait(lambda chat: "!status" in whatsapp_chat.keys(user.last))
    person = await whatsapp_chat.person_of(stack, user)
    async with stack.rt.pool.connection() as session:
        stored = await conversation_store.lock(stack.rt, session, person.id)
        assert stored is not None
        assert stored.conversation.registration is not None
        registration = replace(stored.conversation.registration, write_first=True)
        talk = replace(stored.conversation, registration=registration)
        await conversation_store.save_state(stack.rt, session, stored, talk)
    await _advance_clocks(stack, hours)
    result = await registry_events.record_status_callback(
        stack.rt, status_callback(number, "REJECTED", 900)
    )
    await receive.deliver(stack.rt, result)
    notice = _text(stack, Notice.UPDATE)
    before = len(user.received)
    await user.wait(lambda chat: user.received[-1].text == notice)
    await _press_button(user)
    rejected = _(screens.REGISTRATION["rejected"].msgid, number=number)
    words = stack.rt.languages.render(rejected, "ru").replace(number, f"`{number}`")
    await user.wait(lambda chat: _count(user, words) == 1)
    assert len(user.received) <= before + 2
    assert stack.whatsapp.journal.mistakes() == []


@pytest.mark.parametrize("hours", HOURS)
async def test_whatsapp_reminder_after_24_hours_is_announced_by_a_template(
    stack: AppStack, hours: int
) -> None:
    approve(stack)
    user = await whatsapp_chat.new_user(stack, "77010000103")
    await whatsapp_chat.choose_language(user, CHECKLIST_TAPS[0])
    for tap in CHECKLIST_TAPS[1:]:
        await whatsapp_chat.press(user, tap)
    await user.wait(lambda chat: "keep" in whatsapp_chat.keys(user.last))
    for tap in ("keep", "yes", "remind"):
        await whatsapp_chat.press(user, tap)
    await _advance_clocks(stack, hours)
    await advance_database_clock_to_hour(stack.rt, DUE_HOUR)
    await stack.rows("UPDATE reminders SET due_at = kosh_now() RETURNING 1")
    await sweeps.remind(stack.rt)
    notice = _text(stack, Notice.REMINDER)
    await user.wait(lambda chat: _count(user, notice) == 1)
    await _press_button(user)
    name = stack.rt.languages.render(KAZTEST.name, "ru")
    count = _count(user, name)
    await user.wait(lambda chat: name in user.last.text)
    assert _count(user, notice) == 1
    assert count <= _count(user, name) <= count + 1


async def test_whatsapp_document_request_after_24_hours_sends_a_template_first(
    stack: AppStack,
) -> None:
    approve(stack)
    user, officer, case_id, version = await whatsapp_chat.user_with_answered_case(
        stack, "77010000107"
    )
    await _advance_clocks(stack, 25)
    await desk.ask_document(
        stack.rt, officer, case_id, version, key=new_idempotency_key(), document=desk.OTHER
    )
    notice = _text(stack, Notice.UPDATE)
    await user.wait(lambda chat: user.received[-1].text == notice)
    count = len(user.received)
    await _press_button(user)
    await user.wait_for_message(count + 1)
    assert user.last.link is not None, "the request leads to the secure page"
    assert _count(user, notice) == 1


@pytest.mark.parametrize(
    ("fault", "channel"),
    [
        (Failed(131047), "whatsapp"),
        (Refused(131047), "whatsapp"),
        # The person has left the secure page without an answer.
        (Refused(131047), "web"),
    ],
)
async def test_whatsapp_reply_that_24_hours_overtake_is_announced_by_a_template(
    stack: AppStack, fault: Fault, channel: str
) -> None:
    approve(stack)
    user, officer, case_id, _version = await whatsapp_chat.user_with_answered_case(
        stack, "77010000108"
    )
    await stack.whatsapp.until_taken()
    stack.whatsapp.fail(fault)
    await _reply(stack, officer, case_id, ANSWER)
    await whatsapp_chat.wait_for_state(stack, user, "waiting")
    await stack.rows("UPDATE conversations SET channel = %s RETURNING 1", channel)
    for _time in range(2):
        await sweeps.announce_replies(stack.rt)
    notice = _text(stack, Notice.ANSWER)
    await user.wait(lambda chat: _count(user, notice) == 1)
    view = await views.view(stack.rt, officer, case_id, Reason.CHECK)
    assert view.notice is not None
    await _reply(stack, officer, case_id, f"{ANSWER} And a photo.")
    await _press_button(user)
    await user.wait(lambda chat: _count(user, ANSWER) == 2)
    assert _count(user, notice) == 1


async def test_whatsapp_reply_after_24_hours_waits_when_no_template_is_approved(
    stack: AppStack,
) -> None:
    user, officer, case_id, _version = await whatsapp_chat.user_with_answered_case(
        stack, "77010000104"
    )
    await _advance_clocks(stack, 25)
    await _reply(stack, officer, case_id, ANSWER)

    async def is_refused() -> bool:
        view = await views.view(stack.rt, officer, case_id, Reason.CHECK)
        return view.notice == ("waiting", "E_SEND_TEMPLATE")

    await stack.until(is_refused)
    await user.say("Здравствуйте")
    await user.wait(lambda chat: _count(user, ANSWER) == 1)
    assert "waiting" not in await whatsapp_chat.message_states(stack, user)


async def test_whatsapp_reply_to_an_unreachable_person_shows_as_undeliverable(
    stack: AppStack,
) -> None:
    approve(stack)
    user, officer, case_id, _version = await whatsapp_chat.user_with_answered_case(
        stack, "77010000105"
    )
    await _advance_clocks(stack, 25)
    user.person.undeliverable = True
    await _reply(stack, officer, case_id, ANSWER)

    async def is_undeliverable() -> bool:
        view = await views.view(stack.rt, officer, case_id, Reason.CHECK)
        return view.notice is not None and view.notice[1] == "E_SEND_BLOCKED"

    await stack.until(is_undeliverable)


class _Killed(Exception):
    """Raised by _Killer in place of killing the process."""


class _Killer:
    """Raises _Killed in random calls of the sender.

    It does so before the call, or after the platform accepted it and before Kosh records that.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, rng: random.Random) -> None:
        self.under_way = list[ChannelCall]()
        self.kills = 0
        self._rng, self._called = rng, sender._call
        monkeypatch.setattr(sender, "_call", self._call)

    async def _call(self, rt: Runtime, channel: str, call: ChannelCall) -> str:
        random_value = self._rng.random()
        if random_value < 0.2:
            self._kill()
        self.under_way.append(call)
        try:
            external_id = await self._called(rt, channel, call)
        finally:
            self.under_way.remove(call)
        if random_value < 0.4:
            self._kill()
        return external_id

    def _kill(self) -> None:
        self.kills += 1
        raise _Killed


async def _ignore_kill(action: Callable[[], Awaitable[object]]) -> None:
    try:
        await action()
    except _Killed:
        return


@pytest.mark.parametrize("seed", release_only(range(4), keep=(0,)))
async def test_whatsapp_replies_after_24_hours_are_sent_once_despite_crashes(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    approve(stack)
    user, officer, case_id, _version = await whatsapp_chat.user_with_answered_case(
        stack, "77010000106"
    )
    rng = random.Random(seed)
    killer = _Killer(monkeypatch, rng)
    notice, turns = _text(stack, Notice.ANSWER), 0
    while turns < MIN_TURNS or killer.kills < KILLS:
        turns += 1
        await _advance_clocks(stack, rng.choice(HOURS))
        words = f"Answer number {turns:03}"
        await _ignore_kill(partial(_reply, stack, officer, case_id, words))
        await _until_seen(stack, user, notice, turns, killer.under_way)
        await _press_button(user)
        await _until_seen(stack, user, words, 1, killer.under_way)
    for turn in range(1, turns + 1):
        assert _count(user, f"Answer number {turn:03}") == 1
    assert _count(user, notice) == turns
    assert killer.kills >= max(KILLS, 1)
    order = [each.text[-3:] for each in user.received if "Answer number" in each.text]
    assert order == sorted(order)


async def _until_seen(
    stack: AppStack, user: User, words: str, many: int, under_way: list[ChannelCall]
) -> None:
    """Advance time, so that leases expire, until `many` messages contain the words and no other
    message is queued or being sent."""

    async def have_arrived() -> bool:
        # Advance the clock only while no call runs: in reality, a lease lasts longer than a call.
        if under_way:
            return False
        await stack.whatsapp.until_taken()
        await stack.ahead("61 seconds")
        states = await whatsapp_chat.message_states(stack, user)
        is_open = any(each in ("pending", "sending") for each in states)
        return _count(user, words) >= many and not is_open

    await stack.until(have_arrived)


def test_whatsapp_service_templates_exist_in_every_language_and_script() -> None:
    words = Languages()
    needed = list(service_templates.required_templates(words))
    forms = [code for code, _own in words.languages()]
    assert len({(each.name, each.language) for each in needed}) == len(needed) == 3 * len(forms)
    for each in needed:
        assert "{" not in each.body
        assert 0 < len(each.button) <= 20
    opening = RenderedButton("!open", "Open", "option")
    sent = [
        content["template"]
        for notice in Notice
        for form in forms
        for content in templates(service_templates.template(notice, opening), form)[:1]
    ]
    assert [(each["name"], each["language"]["code"]) for each in sent] == [
        (each.name, each.language) for each in needed
    ]
