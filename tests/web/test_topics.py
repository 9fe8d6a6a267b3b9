"""Topics (threads) in a private Telegram chat.

Replies go to the topic of the person's message, other messages to the last topic used.
"""

from functools import partial

from bot import outbox
from bot.conversations import quarantine
from bot.people import identities
from tests.app_stack import AppStack
from tests.emulators.telegram import User
from tests.web import telegram_chat


async def _telegram_user(stack: AppStack) -> User:
    await stack.receive_telegram()
    return stack.telegram.user(7101, first_name="Test")


async def _thread_of_answer(user: User, text: str) -> int | None:
    await telegram_chat.wait_for_reply(user, partial(user.say, text))
    return user.last.thread


async def _notify(stack: AppStack, user: User) -> int | None:
    """Send a message that is no reply; return the id of the thread in which it arrives."""
    rt = stack.rt
    async with rt.pool.connection() as session:
        person = await identities.find(rt, session, "telegram", str(user.id))
        assert person is not None
        row = outbox.Row("send", quarantine.apology(rt, "ru"))
        await outbox.enqueue(session, person, "telegram", (row,))
    count = len([each for each in user.chat if each.from_bot])
    await outbox.deliver(rt, None, person)
    return (await user.wait_for_message(count + 1)).thread


async def test_telegram_reply_goes_to_the_topic_of_the_last_message(stack: AppStack) -> None:
    user = await _telegram_user(stack)
    await user.start()
    await user.wait_for_message(1)
    first = await user.open_topic("Papers")
    await telegram_chat.wait_for_reply(user, user.start)
    assert user.last.thread == first
    await telegram_chat.consent(user)
    assert user.last.thread == first
    second = await user.open_topic("Status")
    assert await _thread_of_answer(user, "помощь") == second
    assert await _notify(stack, user) == second
    user.enter(None)
    assert await _thread_of_answer(user, "помощь") is None
    assert await _notify(stack, user) is None
    user.enter(first)
    assert await _thread_of_answer(user, "выход") == first
    assert stack.telegram.journal.mistakes() == []


async def test_telegram_message_for_a_deleted_topic_goes_to_the_chat(stack: AppStack) -> None:
    user = await _telegram_user(stack)
    await user.start()
    await user.wait_for_message(1)
    thread = await user.open_topic("Papers")
    await telegram_chat.wait_for_reply(user, user.start)
    await telegram_chat.consent(user)
    assert await _notify(stack, user) == thread
    user.delete_topic(thread)
    assert await _notify(stack, user) is None
