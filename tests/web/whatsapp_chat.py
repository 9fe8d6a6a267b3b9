"""Steps of a person who writes to the bot over the WhatsApp emulator, and their messages' rows."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from bot import desk, outbox
from bot.channels import DeliveryReport
from bot.conversations import quarantine
from bot.officers.directory import Officer
from bot.people import identities
from tests.app_stack import AppStack
from tests.desk.desks import insert_officer, new_idempotency_key
from tests.emulators.whatsapp import Button, Row, User
from tests.emulators.whatsapp import Message as Bubble
from tests.web import secure_page
from tests.web.journey import ANSWERS_TO_CONSENT

# The answers that `give_answers` gives on the secure page, in order.
PRIVATE = ("TESTOVA", "GULNAR")


async def set_webhook(stack: AppStack) -> None:
    """Register the application's webhook, so that the WhatsApp emulator sends updates to it."""
    verify = stack.rt.settings.whatsapp_verify_token
    assert verify
    await stack.whatsapp.set_webhook(f"{stack.url}/webhooks/whatsapp", verify.get_secret_value())


async def new_user(stack: AppStack, phone: str, **more: Any) -> User:
    """Return a person on WhatsApp who has not written yet; `more` are arguments of the emulator."""
    await set_webhook(stack)
    return stack.whatsapp.user(phone, **more)


def keys(message: Bubble) -> dict[str, str]:
    """Return the payloads of a message's buttons and list rows, by their part after the nonce."""
    pressable: list[Button | Row] = [*message.buttons, *message.rows]
    return {each.data.partition(":")[2] or each.data: each.data for each in pressable}


async def wait_for_reply(user: User, action: Callable[[], Awaitable[object]]) -> Bubble:
    """Await `action`; return the next message that then arrives."""
    count = len(user.received)
    await action()
    return await user.wait_for_message(count + 1)


async def press(user: User, key: str) -> Bubble:
    """Press the newest message's button or list row with this key; return the reply."""
    data = keys(user.last)[key]
    return await wait_for_reply(user, lambda: user.answer(data))


async def choose_language(user: User, language: str) -> None:
    """Write the first message and choose the language."""
    await wait_for_reply(user, lambda: user.say("👋"))
    await press(user, language)


async def give_answers(stack: AppStack, user: User, answers: tuple[str, ...]) -> int:
    """Give all answers, by button, text or the secure page; return the number of turns."""
    turns, remaining = 0, list(answers)
    while remaining:
        turns += 1
        if user.last.link is not None:
            private = [remaining.pop(0) for _each in PRIVATE]
            link = secure_page.link_to(stack, user.last.link[1])
            await wait_for_reply(user, lambda: secure_page.answer_on_page(link, stack, *private))  # noqa: B023 — used at once
            continue
        answer = remaining.pop(0)
        turns += await find_page(user, answer)
        if answer in keys(user.last):
            await press(user, answer)
        else:
            await wait_for_reply(user, lambda: user.say(answer))  # noqa: B023 — used at once
    return turns


async def find_page(user: User, key: str) -> int:
    """Turn the pages until one has the key, at most one round; return the number of turns."""
    seen = list[set[str]]()
    while key not in (shown := set(keys(user.last))) and ">" in shown and shown not in seen:
        seen.append(shown)
        await press(user, ">")
    return len(seen)


async def consented_user(stack: AppStack, phone: str, **more: Any) -> User:
    """Return a person on WhatsApp who gave consent, at the first question after it."""
    user = await new_user(stack, phone, **more)
    await choose_language(user, "ru")
    await give_answers(stack, user, ANSWERS_TO_CONSENT)
    return user


async def person_of(stack: AppStack, user: User) -> identities.Person:
    """Return the row of a person on WhatsApp, found by their handle."""
    async with stack.rt.pool.connection() as session:
        name = user.user_id if user.person.known != "phone" else user.phone
        found = await identities.find(stack.rt, session, "whatsapp", name)
    assert found is not None
    return found


async def notify(stack: AppStack, user: User) -> None:
    """Enqueue a message that is no reply, and wait until Kosh has tried to send it."""
    person = await person_of(stack, user)
    row = outbox.Row("send", quarantine.apology(stack.rt, "ru"))
    async with stack.rt.pool.connection() as session:
        await outbox.enqueue(session, person, "whatsapp", (row,))
    await outbox.deliver(stack.rt, None, person)

    async def is_attempted() -> bool:
        # If a delivery of the person's earlier messages is running, it may also send this message.
        query = "SELECT state, attempt FROM messages WHERE person_id = %s ORDER BY id DESC LIMIT 1"
        [(state, attempt)] = await stack.rows(query, person.id)
        return state not in ("pending", "sending") or (state == "pending" and attempt > 0)

    await stack.until(is_attempted, 60)


async def message_states(stack: AppStack, user: User) -> list[str]:
    """Return the states of all messages to the person, oldest first."""
    person = await person_of(stack, user)
    found = await stack.rows(
        "SELECT state FROM messages WHERE person_id = %s ORDER BY id", person.id
    )
    return [row[0] for row in found]


async def newest_row(stack: AppStack, person: identities.Person) -> tuple[int, int]:
    """Return (id, number of the last attempt) of the person's newest message."""
    query = "SELECT id, attempt FROM messages WHERE person_id = %s ORDER BY id DESC LIMIT 1"
    [(row, attempt)] = await stack.rows(query, person.id)
    return row, attempt


def delivery_report(state: Any, row: str, code: str = "") -> DeliveryReport:
    """Return a delivery report; `row` is the id of a message's row and its attempt: `7.1`."""
    return DeliveryReport("whatsapp", state, 1, code, row)


async def wait_for_state(stack: AppStack, user: User, state: str) -> None:
    """Wait until the newest message to the person has this state."""

    async def has_state() -> bool:
        return (await message_states(stack, user))[-1] == state

    await stack.until(has_state)


async def user_with_answered_case(stack: AppStack, phone: str) -> tuple[User, Officer, UUID, int]:
    """Return a person who asked for an officer, the officer, and the case's id and version.

    The officer has replied once, so that the case waits for the person and stays with the officer.
    """
    user = await consented_user(stack, phone)
    await wait_for_reply(user, lambda: user.say("/person"))
    await press(user, "general")
    await press(user, "yes")
    await wait_for_reply(user, lambda: user.say("Testova asks something"))
    [(case_id, version)] = await stack.rows("SELECT id, version FROM cases")
    officer = await insert_officer(stack.rt)
    count = len(user.received)
    result = await desk.claim(stack.rt, officer, case_id, version, key=new_idempotency_key())
    await user.wait_for_message(count + 1)
    first = await desk.reply(
        stack.rt,
        officer,
        case_id,
        result.version,
        key=new_idempotency_key(),
        words="We look into it.",
    )
    await user.wait_for_message(count + 2)
    return user, officer, case_id, first.version
