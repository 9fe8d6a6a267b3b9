"""Recognizes the Telegram groups in which the bot stays."""

from bot.cases import working_hours
from bot.channels import SendError
from bot.channels.telegram.client import SUPERGROUP_PREFIX, Telegram
from bot.runtime import Runtime


async def is_duty_group(rt: Runtime, address: str) -> bool:
    """Return True for a Telegram group in which officers get counts of waiting cases.

    A group that becomes a supergroup gets a new id, which the settings do not contain yet. If
    Telegram does not answer, return True too, because the next update is checked again.
    """
    async with rt.pool.connection() as transaction:
        chats = await working_hours.duty_chats(transaction, rt.settings.telegram_duty_chat)
    telegram = rt.channels.get(Telegram.name)
    if address in chats:
        return True
    if not isinstance(telegram, Telegram) or not address.startswith(SUPERGROUP_PREFIX):
        return False
    try:
        old = [each for each in chats if not each.startswith(SUPERGROUP_PREFIX)]
        return address in [await telegram.successor(each) for each in old]
    except SendError:
        return True
