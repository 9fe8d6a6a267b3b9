"""`./kosh bench messages`: number of messages of one completed registration on each channel."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bot import embedded
from bot.db.migrations import migrate
from bot.observability import logging
from tests.app_stack import AppStack, running_stack, stack_settings
from tests.visitor import Visitor
from tests.web import journey, telegram_chat, whatsapp_chat

LANGUAGE = "ru"
# The registry's decision counts as a step, because it triggers a message although the person does
# nothing.
REGISTRY = 1


@dataclass(frozen=True, slots=True)
class Count:
    """Result of one registration: numbers of the person's actions and of the messages to them."""

    channel: str
    steps: int
    sent: int
    edited: int


def counted() -> list[Count]:
    """Register once on each channel, each time in a new application stack."""
    logging.configure("error")
    walks: tuple[Callable[[AppStack], Awaitable[Count]], ...] = (_telegram, _whatsapp, _web)
    return [_in_a_stack(walk) for walk in walks]


def _in_a_stack(walk: Callable[[AppStack], Awaitable[Count]]) -> Count:
    with TemporaryDirectory() as name, embedded.postgres(Path(name) / "postgres") as admin:
        databases = embedded.prepare(admin, "kosh_messages")
        migrate(databases.owner.replace("postgresql", "postgresql+psycopg", 1))
        with embedded.valkey(Path(name) / "valkey") as redis:
            chosen = stack_settings(databases, redis, Path(name))

            async def walked() -> Count:
                async with running_stack(chosen, admin) as stack:
                    return await walk(stack)

            return asyncio.run(walked())


async def _telegram(stack: AppStack) -> Count:
    secret = stack.rt.settings.telegram_secret
    assert secret
    await stack.telegram.set_webhook(f"{stack.url}/webhooks/telegram", secret.get_secret_value())
    user = stack.telegram.user(7001, first_name="Test")
    await telegram_chat.give_all_answers(user, LANGUAGE)
    number = await journey.registration_number(stack, LANGUAGE)
    await telegram_chat.wait_for_reply(user, partial(user.say, "/status"))
    await user.wait(lambda chat: any(number in message.text for message in chat))
    journal = stack.telegram.journal
    steps = len(journal.updates()) + REGISTRY
    return Count(
        "telegram", steps, len(journal.calls("sendMessage")), len(journal.calls("editMessageText"))
    )


async def _whatsapp(stack: AppStack) -> Count:
    user = await whatsapp_chat.new_user(stack, "77010000001")
    await whatsapp_chat.choose_language(user, LANGUAGE)
    turns = await whatsapp_chat.give_answers(stack, user, journey.ANSWERS)
    number = await journey.registration_number(stack, LANGUAGE)
    await whatsapp_chat.wait_for_reply(user, partial(user.say, "/status"))
    await user.wait(lambda chat: any(number in message.text for message in chat))
    return Count("whatsapp", 2 + turns + 1 + REGISTRY, len(user.received), 0)


async def _web(stack: AppStack) -> Count:
    async with Visitor.at(stack.url) as visitor:
        await visitor.wait(1)
        await visitor.press(LANGUAGE)
        steps = 2 + REGISTRY
        for answer in journey.ANSWERS:
            while answer not in visitor.keys and ">" in visitor.keys:
                await visitor.press(">")
                steps += 1
            await (visitor.press(answer) if answer in visitor.keys else visitor.say(answer))
            steps += 1
        await journey.accepted_entry(stack)
        return Count("web", steps, len(visitor.bubbles), 0)


def table(counts: list[Count]) -> str:
    """Return the counts as text, with a line for each channel."""
    head = "channel    steps  sent  edited  sent per step"
    lines = [
        f"{each.channel:10} {each.steps:5} {each.sent:5} {each.edited:7}"
        f" {each.sent / each.steps:14.2f}"
        for each in counts
    ]
    return "\n".join((head, *lines))
