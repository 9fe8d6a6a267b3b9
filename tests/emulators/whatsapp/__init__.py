"""A strict emulator of the WhatsApp Cloud API, over real HTTP.

The emulator accepts only requests that WhatsApp accepts. WhatsApp silently ignores or cuts some
input (unknown parameters, line breaks in a button). The emulator rejects that input with an error
that contains EMULATOR, because it is a mistake of Kosh. The behaviour follows Meta's documentation.
Meta does not publish the webhook's retry times, the size of batches, how many messages one person
may get in a burst (45 here), or the error code of the daily limit of people (131048 here); these
are guesses. Not emulated: Flows, groups, calls, Direct Send, links that Meta fetches.

    async with Emulator(limits=False) as whatsapp:
        await whatsapp.set_webhook(f"{kosh}/webhooks/whatsapp", verify_token)
        gulnar = whatsapp.user("77010000001")
        await gulnar.say("Сәлем")
        await gulnar.wait_for_message(1)
        await gulnar.press("Қазақша")
"""

from tests.emulators.telegram.faults import Broken, Cut, Silent, Slow

from .faults import Failed, Lost, Refused
from .journal import Arrival, Call, Delivery, Journal
from .limits import Limits
from .people import User
from .platform_state import Media, Person
from .screen import Button, Message, Row
from .server import NUMBER_ID, SECRET, TOKEN, VERIFY_TOKEN, Emulator
from .templates import Template
from .webhook import DeliveryTiming, Unverified

__all__ = [
    "NUMBER_ID",
    "SECRET",
    "TOKEN",
    "VERIFY_TOKEN",
    "Arrival",
    "Broken",
    "Button",
    "Call",
    "Cut",
    "Delivery",
    "DeliveryTiming",
    "Emulator",
    "Failed",
    "Journal",
    "Limits",
    "Lost",
    "Media",
    "Message",
    "Person",
    "Refused",
    "Row",
    "Silent",
    "Slow",
    "Template",
    "Unverified",
    "User",
]
