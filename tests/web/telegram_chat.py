"""Steps of a person who writes to the bot over the Telegram emulator."""

from collections.abc import Awaitable, Callable
from functools import partial

from tests.app_stack import AppStack
from tests.emulators.telegram import User
from tests.web.journey import ANSWERS, ANSWERS_TO_CONSENT


async def give_all_answers(user: User, language: str) -> None:
    """Start the bot, choose the language, and give all ANSWERS."""
    await user.start("")
    await user.wait_for_message(1)
    await press(user, language)
    await give_answers(user, *ANSWERS)


async def give_answers(user: User, *answers: str) -> None:
    """Press the button with each answer as its key, on any page of buttons, or type the answer."""
    for answer in answers:
        seen = list[set[str]]()
        while answer not in keys(user) and ">" in keys(user) and keys(user) not in seen:
            seen.append(keys(user))
            await press(user, ">")
        if answer in keys(user):
            await press(user, answer)
        else:
            await wait_for_reply(user, partial(user.say, answer))


async def consent(user: User) -> None:
    """Choose Russian, and give all answers up to and including the consent."""
    await press(user, "ru")
    await give_answers(user, *ANSWERS_TO_CONSENT)


async def register(stack: AppStack, number: int) -> User:
    """Register a person over Telegram with all ANSWERS; updates come by webhook."""
    await stack.receive_telegram()
    user = stack.telegram.user(number, first_name="Test")
    await give_all_answers(user, "ru")
    return user


def keys(user: User) -> set[str]:
    """Return the keys of the newest message's buttons: the parts of their data after the nonce."""
    rows = user.last.buttons
    return {button.data.partition(":")[2] for row in rows for button in row if button.data}


async def press(user: User, key: str) -> None:
    """Press the newest message's button with this key; wait for the reply."""
    data = next(
        button.data
        for row in user.last.buttons
        for button in row
        if button.data and button.data.partition(":")[2] == key
    )
    await wait_for_reply(user, lambda: user.press(data))


async def wait_for_reply(user: User, action: Callable[[], Awaitable[object]]) -> None:
    """Await `action`, then wait until the bot's newest message has changed or is a new one."""
    before = user.last
    await action()
    await user.wait(lambda chat: user.last != before)


async def user_with_case(stack: AppStack, number: int) -> User:
    """Return a person on Telegram who has just asked for an officer."""
    user = await stack.telegram_user(number)
    await press(user, "ru")
    await wait_for_reply(user, partial(user.say, "/person"))
    await press(user, "general")
    await press(user, "yes")
    await wait_for_reply(user, partial(user.say, "Testova asks something"))
    return user
