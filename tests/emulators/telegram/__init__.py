"""A strict emulator of Telegram's Bot API, over real HTTP.

The emulator accepts only requests that Telegram accepts. Telegram silently ignores or cuts some
input (unknown parameters, nulls, nine buttons in a row). The emulator rejects that input with a 400
that contains EMULATOR, because it is a mistake of Kosh. Order, retries, expiry and error texts
follow Telegram's published server. Required fields, types and lengths follow its published schema
(`telegram_schema.json`). Not emulated: the gradual reopening of connections after an outage, the
rate limit on getUpdates with an unchanged offset, the removal of a webhook that answers 410 for a
day.

    async with Emulator(limits=False) as telegram:
        gulnar = telegram.user(501, language_code="kk")
        await gulnar.start()
        greeting = await gulnar.wait_for_message(1)
        await gulnar.press("Қазақша")
"""

from .faults import Broken, Cut, Flooded, Rejected, Silent, Slow
from .journal import Arrival, Call, Delivery, Journal
from .keyboards import Button
from .limits import Limits
from .people import User
from .platform_state import Chat, Message, Person, Press
from .server import TOKEN, Emulator
from .updates import DeliveryOptions
from .webhook import DeliveryTiming

__all__ = [
    "TOKEN",
    "Arrival",
    "Broken",
    "Button",
    "Call",
    "Chat",
    "Cut",
    "Delivery",
    "DeliveryOptions",
    "DeliveryTiming",
    "Emulator",
    "Flooded",
    "Journal",
    "Limits",
    "Message",
    "Person",
    "Press",
    "Rejected",
    "Silent",
    "Slow",
    "User",
]
