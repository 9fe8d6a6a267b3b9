"""Messages that officers' actions cause are withheld if another person may be looking at the phone.

The person gets a notice, and sees the messages after opening it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from bot import cases, desk, outbox
from bot.cases import State
from bot.conversations import store as conversation_store
from bot.db.statements import database_time
from bot.desk import auto_assignment, bursts, case_sweeps, undelivered_answers, views
from bot.desk.bursts import SpamReason
from bot.officers import directory
from bot.officers.directory import Officer
from bot.officers.permissions import Role
from bot.people import identities
from flows.engine import pin_screens, screens
from flows.engine.text import Text
from flows.papers import PASSPORT
from tests.app_stack import AppStack
from tests.desk.desks import insert_officer, new_idempotency_key
from tests.emulators import whatsapp
from tests.emulators.telegram import User
from tests.release_only import release_only
from tests.visitor import Visitor
from tests.web import telegram_chat, whatsapp_chat
from tests.web.test_phone_in_other_hands import ABSENCES


@dataclass(frozen=True)
class Action:
    """An officer's action on a case, and the texts that it shows to the person.

    `begin` is an action that must precede it, while the person is still present.
    """

    shows: tuple[Text, ...]
    act: Callable[[AppStack, Officer, UUID], Awaitable[object]]
    begin: Callable[[AppStack, Officer, UUID], Awaitable[object]] | None = None


async def _version(stack: AppStack, case_id: UUID) -> int:
    async with stack.rt.pool.connection() as session:
        case = await cases.find(session, case_id)
    assert case is not None
    return case.version


async def _claim(stack: AppStack, officer: Officer, case_id: UUID) -> None:
    version = await _version(stack, case_id)
    await desk.claim(stack.rt, officer, case_id, version, key=new_idempotency_key())


async def _assign(stack: AppStack, officer: Officer, case_id: UUID) -> None:
    async with stack.rt.pool.connection() as session:
        await session.execute(
            "INSERT INTO missions (mission, zone, first_minutes, next_minutes, resolve_minutes,"
            " claim_timeout_minutes, auto_assign) VALUES ('general', 'UTC', 60, 60, 600, 30, true)"
        )
        until = await database_time(session) + timedelta(hours=4)
    await directory.set_shift(stack.rt, officer, until)
    assert await auto_assignment.auto_assign(stack.rt) == 1


async def _request(stack: AppStack, officer: Officer, case_id: UUID) -> None:
    version = await _version(stack, case_id)
    await desk.ask_document(
        stack.rt, officer, case_id, version, key=new_idempotency_key(), document=PASSPORT.paper
    )


async def _lift_pin(stack: AppStack, officer: Officer, case_id: UUID) -> None:
    await desk.lift_pin(
        stack.rt, officer, case_id, await _version(stack, case_id), key=new_idempotency_key()
    )


async def _resolve(stack: AppStack, officer: Officer, case_id: UUID) -> None:
    await desk.resolve(
        stack.rt, officer, case_id, await _version(stack, case_id), key=new_idempotency_key()
    )


async def _close_burst(stack: AppStack, officer: Officer, case_id: UUID) -> None:
    """Close, as spam, the case and all other cases from its network address (a burst).

    Insert a network address first, because cases from messengers have none.
    """
    async with stack.rt.pool.connection() as session:
        await session.execute(
            "INSERT INTO case_origins VALUES (%s, %s) ON CONFLICT DO NOTHING", (case_id, b"address")
        )
        cursor = await session.execute("SELECT network FROM case_origins")
        found = await cursor.fetchone()
    assert found is not None
    closed = await bursts.close(
        stack.rt, officer, found[0], SpamReason.PROGRAM, with_urgent=True, key=new_idempotency_key()
    )
    assert closed == 1


async def _reopen_burst(stack: AppStack, officer: Officer, case_id: UUID) -> None:
    (closed,) = (await bursts.report(stack.rt, officer)).closed
    assert await bursts.reopen(stack.rt, officer, closed.id) == 1


ACTIONS = {
    "claimed": Action((screens.JOINED,), _claim),
    "assigned": Action((screens.JOINED,), _assign),
    "paper": Action((PASSPORT.label, screens.PAPER_TERMS), _request, _claim),
    "pin": Action((pin_screens.LIFTED,), _lift_pin, _claim),
    "resolved": Action((screens.OFFICER_DONE, screens.HELPED, screens.MENU_TEXT), _resolve, _claim),
    "closed": Action((screens.CLOSED_UNREAD, screens.MENU_TEXT), _close_burst),
    "reopened": Action((screens.REOPENED,), _reopen_burst, _close_burst),
}
CASES = [
    *((reason, "claimed") for reason in ("stop", "silence")),
    *(("exit", name) for name in ACTIONS),
]


async def _prepare(stack: AppStack, action: Action) -> tuple[Officer, UUID]:
    officer = await insert_officer(stack.rt, roles=(Role.OFFICER, Role.LEAD))
    async with stack.rt.pool.connection() as session:
        cursor = await session.execute("SELECT id FROM cases")
        found = await cursor.fetchone()
    assert found is not None
    if action.begin:
        await action.begin(stack, officer, found[0])
    return officer, found[0]


async def _until_sent(stack: AppStack) -> None:
    """Wait until no message is queued or being sent."""

    async def is_idle() -> bool:
        async with stack.rt.pool.connection() as session:
            cursor = await session.execute(
                "SELECT count(*) FROM messages WHERE state IN ('pending', 'sending')"
            )
            return await cursor.fetchone() == (0,)

    await stack.until(is_idle)


async def _wait_until_away(stack: AppStack) -> None:
    await _until_sent(stack)
    await stack.ahead(f"{views.PRESENT_MINUTES + 1} minutes")


async def _leave(stack: AppStack, user: User, reason: str) -> None:
    await ABSENCES[reason](stack, user)
    if reason == "exit":
        phrase = stack.rt.languages.render(screens.EXIT_TEXT, "ru")
        await user.wait(lambda chat: [e.text for e in chat if not e.deleted] == [phrase])
    await _until_sent(stack)


@pytest.mark.parametrize(("reason", "name"), CASES)
@pytest.mark.requirement("S-36", "S-66", "S-83")
async def test_telegram_officer_message_is_withheld_until_its_notice_is_opened(
    stack: AppStack, reason: str, name: str
) -> None:
    user, render, action = (
        await telegram_chat.user_with_case(stack, 7031),
        stack.rt.languages.render,
        ACTIONS[name],
    )
    officer, case_id = await _prepare(stack, action)
    await _leave(stack, user, reason)
    count, texts = len(user.chat), [render(text, "ru") for text in action.shows]
    await action.act(stack, officer, case_id)
    await user.wait(lambda chat: len(chat) > count)
    assert [render(screens.UPDATE, "ru") in each.text for each in user.chat[count:]] == [True]
    assert not any(text in user.chat[count].text for text in texts)
    count = len(user.chat)
    await user.press(render(screens.OPEN, "ru"))
    await user.wait(lambda chat: all(any(text in e.text for e in chat[count:]) for text in texts))
    assert user.chat[count].protected


@pytest.mark.parametrize("name", release_only(ACTIONS, keep=("claimed", "pin")))
@pytest.mark.requirement("S-36", "S-66", "S-83")
async def test_whatsapp_officer_message_is_withheld_until_its_notice_is_opened(
    stack: AppStack, name: str
) -> None:
    user, render, action = (
        await _whatsapp_user_with_case(stack),
        stack.rt.languages.render,
        ACTIONS[name],
    )
    officer, case_id = await _prepare(stack, action)
    await _wait_until_away(stack)
    count, texts = len(user.received), [render(text, "ru") for text in action.shows]
    await action.act(stack, officer, case_id)
    await user.wait_for_message(count + 1)
    assert [render(screens.UPDATE, "ru") in each.text for each in user.received[count:]] == [True]
    assert not any(text in user.received[count].text for text in texts)
    count = len(user.received)
    await user.answer("!open")
    await user.wait(
        lambda _chat: all(any(text in e.text for e in user.received[count:]) for text in texts)
    )
    assert stack.whatsapp.journal.mistakes() == []


async def _whatsapp_user_with_case(stack: AppStack) -> whatsapp.User:
    """Return a person on WhatsApp who has just asked for an officer."""
    user = await whatsapp_chat.new_user(stack, "77010000031")
    await whatsapp_chat.choose_language(user, "ru")
    await _ask_officer(user)
    return user


async def _ask_officer(user: whatsapp.User) -> None:
    await whatsapp_chat.wait_for_reply(user, partial(user.say, "/person"))
    await whatsapp_chat.press(user, "general")
    await whatsapp_chat.press(user, "yes")
    await whatsapp_chat.wait_for_reply(user, partial(user.say, "Testova asks something"))


async def _visitor_asks_officer(visitor: Visitor) -> None:
    await visitor.wait(1)
    await visitor.press("ru")
    await visitor.say("/person")
    await visitor.press("general")
    await visitor.press("yes")
    await visitor.say("Testova asks something")


@pytest.mark.parametrize("name", release_only(ACTIONS, keep=("claimed", "pin")))
@pytest.mark.requirement("S-83")
async def test_web_chat_officer_message_is_shown_at_once(stack: AppStack, name: str) -> None:
    """The web chat withholds nothing: its open page shows the whole conversation anyway."""
    render, action = stack.rt.languages.render, ACTIONS[name]
    async with Visitor.at(stack.url) as visitor:
        await _visitor_asks_officer(visitor)
        officer, case_id = await _prepare(stack, action)
        await _wait_until_away(stack)
        await action.act(stack, officer, case_id)

        async def is_shown() -> bool:
            return any(render(action.shows[0], "ru") in each.text for each in visitor.bubbles)

        await stack.until(is_shown)


@pytest.mark.requirement("S-84")
async def test_case_can_be_resolved_after_the_person_left_the_web_chat(stack: AppStack) -> None:
    async with Visitor.at(stack.url) as visitor:
        await _visitor_asks_officer(visitor)
        await visitor.send("said", text="выход")
    officer, case_id = await _prepare(stack, Action((), _claim))
    async with asyncio.timeout(30):
        taken_case = await desk.take_next(stack.rt, officer, key=new_idempotency_key())
    assert taken_case is not None
    assert not (await views.view(stack.rt, officer, case_id)).composer.open
    await _resolve(stack, officer, case_id)
    await stack.ahead("2 minutes")
    await outbox.sweep(stack.rt)
    await _until_sent(stack)
    async with stack.rt.pool.connection() as session:
        case = await cases.find(session, case_id)
        cursor = await session.execute("SELECT DISTINCT state FROM messages")
        states = {row[0] for row in await cursor.fetchall()}
    assert case is not None
    assert case.state == State.RESOLVED
    assert "undeliverable" in states


@pytest.mark.requirement("S-83")
async def test_officer_reply_is_shown_at_once_after_an_earlier_notice_is_opened(
    stack: AppStack,
) -> None:
    user, render = await telegram_chat.user_with_case(stack, 7033), stack.rt.languages.render
    officer, case_id = await _prepare(stack, Action((), _claim))
    await _leave(stack, user, "silence")
    await _claim(stack, officer, case_id)
    await user.wait(lambda chat: render(screens.UPDATE, "ru") in user.last.text)
    assert (await views.view(stack.rt, officer, case_id)).composer.withheld
    await user.press(render(screens.OPEN, "ru"))
    await user.wait(lambda chat: render(screens.JOINED, "ru") in user.last.text)
    assert not (await views.view(stack.rt, officer, case_id)).composer.withheld
    await _reply(stack, officer, case_id, "Testova, here is the answer")
    await user.wait(lambda chat: "here is the answer" in user.last.text)
    await _leave(stack, user, "silence")
    assert (await views.view(stack.rt, officer, case_id)).composer.withheld
    await _reply(stack, officer, case_id, "Testova, one thing more")
    await user.wait(lambda chat: render(screens.UPDATE, "ru") in user.last.text)


@pytest.mark.requirement("S-36", "S-83")
async def test_later_officer_messages_are_withheld_by_the_first_notice(stack: AppStack) -> None:
    user, render = await telegram_chat.user_with_case(stack, 7034), stack.rt.languages.render
    officer, case_id = await _prepare(stack, Action((), _claim))
    await _leave(stack, user, "silence")
    count, answer = len(user.chat), "Testova, here is the answer"
    await _claim(stack, officer, case_id)
    await _reply(stack, officer, case_id, answer)
    await _resolve(stack, officer, case_id)
    await _until_sent(stack)
    assert [render(screens.UPDATE, "ru") in each.text for each in user.chat[count:]] == [True]
    count = len(user.chat)
    await user.press(render(screens.OPEN, "ru"))
    done = render(screens.OFFICER_DONE, "ru")
    await user.wait(lambda chat: any(done in each.text for each in chat[count:]))
    texts = [each.text for each in user.chat[count:]]
    (answered,) = (place for place, text in enumerate(texts) if answer in text)
    assert answered < next(place for place, text in enumerate(texts) if done in text)


async def _lose_notice(stack: AppStack, case_id: UUID) -> None:
    """Record that the notices about the case did not reach the person."""
    await _until_sent(stack)
    async with stack.rt.pool.connection() as session:
        cursor = await session.execute(
            "UPDATE messages SET state = 'failed', done_at = kosh_now()"
            " WHERE case_id = %s AND officer IS NULL",
            (case_id,),
        )
    assert cursor.rowcount == 1


@pytest.mark.requirement("S-83")
async def test_case_comes_back_when_the_notice_of_its_answer_fails(stack: AppStack) -> None:
    user, render = await telegram_chat.user_with_case(stack, 7035), stack.rt.languages.render
    officer, case_id = await _prepare(stack, Action((), _claim, _claim))
    await _leave(stack, user, "silence")
    await _reply(stack, officer, case_id, "Testova, here is the answer")
    await _lose_notice(stack, case_id)
    await case_sweeps.sweep_cases(stack.rt)
    async with stack.rt.pool.connection() as session:
        case = await cases.find(session, case_id)
    assert case is not None
    assert case.state == State.CLAIMED
    await _reply(stack, officer, case_id, "Testova, here is the answer again")
    notice = render(screens.UPDATE, "ru")
    await user.wait(lambda chat: sum(notice in each.text for each in chat) == 2)
    await user.press(render(screens.OPEN, "ru"))
    await user.wait(lambda chat: sum("here is the answer" in each.text for each in chat) == 2)


@pytest.mark.requirement("S-83")
async def test_closed_case_comes_back_when_the_notice_of_its_answer_fails(stack: AppStack) -> None:
    user = await telegram_chat.user_with_case(stack, 7036)
    officer, case_id = await _prepare(stack, Action((), _claim, _claim))
    await _leave(stack, user, "silence")
    await _reply(stack, officer, case_id, "Testova, here is the answer")
    await _resolve(stack, officer, case_id)
    assert await undelivered_answers.reopen_undelivered(stack.rt) == 0
    await _lose_notice(stack, case_id)
    assert await undelivered_answers.reopen_undelivered(stack.rt) == 1


@pytest.mark.requirement("S-83")
async def test_officer_message_is_announced_again_when_its_notice_fails(stack: AppStack) -> None:
    user, render = await telegram_chat.user_with_case(stack, 7037), stack.rt.languages.render
    officer, case_id = await _prepare(stack, Action((), _claim))
    await _leave(stack, user, "silence")
    await _claim(stack, officer, case_id)
    await _lose_notice(stack, case_id)
    await _resolve(stack, officer, case_id)
    notice = render(screens.UPDATE, "ru")
    await user.wait(lambda chat: sum(notice in each.text for each in chat) == 2)
    assert not any(render(screens.OFFICER_DONE, "ru") in each.text for each in user.chat)


async def _reply(stack: AppStack, officer: Officer, case_id: UUID, words: str) -> None:
    version = await _version(stack, case_id)
    await desk.reply(stack.rt, officer, case_id, version, key=new_idempotency_key(), words=words)


@pytest.mark.requirement("S-83")
async def test_withheld_question_takes_no_text_as_its_answer_until_it_is_shown(
    stack: AppStack,
) -> None:
    user, render = await telegram_chat.user_with_case(stack, 7032), stack.rt.languages.render
    officer, case_id = await _prepare(stack, ACTIONS["resolved"])
    await _leave(stack, user, "silence")
    version = await _version(stack, case_id)
    await desk.resolve(
        stack.rt, officer, case_id, version, key=new_idempotency_key(), where="preregistration"
    )
    count = len(user.chat)
    await user.say("1")
    done = render(screens.OFFICER_DONE, "ru")
    await user.wait(lambda chat: any(done in each.text for each in chat[count:]))
    async with stack.rt.pool.connection() as session:
        person = await identities.find(stack.rt, session, "telegram", str(user.id))
        assert person is not None
        stored = await conversation_store.lock(stack.rt, session, person.id)
    assert stored is not None
    assert stored.conversation.forms["preregistration"].answers == {}


@pytest.mark.requirement("S-83")
async def test_withheld_question_sends_its_secure_link_only_after_a_button_press(
    stack: AppStack,
) -> None:
    user = await whatsapp_chat.consented_user(stack, "77010000032")
    await whatsapp_chat.press(user, "yes")
    await _ask_officer(user)
    action = ACTIONS["resolved"]
    officer, case_id = await _prepare(stack, action)
    await _wait_until_away(stack)
    await action.act(stack, officer, case_id)
    await user.answer("!open")
    await user.wait(lambda _chat: "!page" in whatsapp_chat.keys(user.last))
    assert user.last.link is None
    await whatsapp_chat.wait_for_reply(user, partial(user.answer, "!page"))
    assert user.last.link is not None
    assert stack.whatsapp.journal.mistakes() == []


@pytest.mark.requirement("S-83")
async def test_withheld_document_request_is_shown_when_the_person_writes(stack: AppStack) -> None:
    user = await _whatsapp_user_with_case(stack)
    action = ACTIONS["paper"]
    officer, case_id = await _prepare(stack, action)
    await _wait_until_away(stack)
    await action.act(stack, officer, case_id)
    await user.say("Testova is back")
    wanted = stack.rt.languages.render(PASSPORT.label, "ru")
    await user.wait(lambda _chat: user.last.link is not None and wanted in user.last.text)
