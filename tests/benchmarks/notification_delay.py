"""`./kosh bench notify`: seconds from a new case to its e-mail and push, for an absent officer.

The whole application runs, with the mail server and push service of the tests. People ask for an
officer in the web chat, and no page of the console is open.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from ipaddress import ip_network
from statistics import median
from typing import Any

from pydantic import SecretStr

from bot.notifications import preferences, push_sender, web_push
from bot.notifications.preferences import Preferences
from bot.officers import directory
from tests.app_stack import AppStack
from tests.browser.console_scene import ask_officer, close_visitor
from tests.emulators import push
from tests.emulators.push import PushService, push_service
from tests.emulators.smtp import mail_server

OFFICER, ADDRESS = "Aigul Testova", "officer@example.kz"


@dataclass
class Delays:
    """Seconds from the opening of each case to the notification, for e-mail and push."""

    email: list[float] = field(default_factory=list)
    push: list[float] = field(default_factory=list)


def measured(cases: int) -> Delays:
    """Open cases one after another; measure the time until the officer gets each notification."""
    return asyncio.run(_measured(cases))


async def _measured(cases: int) -> Delays:
    # Imported here, since console_pictures requires packages that the rest of this module does not.
    from tests.browser.console_pictures import stack

    delays = Delays()
    async with mail_server() as mail, push_service() as service:
        changes = {
            "smtp_host": "127.0.0.1", "smtp_port": mail.port, "smtp_security": "none",
            "smtp_from": "kosh@example.kz", "push_private_key": SecretStr(web_push.new_key()),
            "push_hosts": (service.host,),
            # All people come from this address. An address that is not listed here may open only 12
            # cases.
            "shared_networks": (ip_network("127.0.0.0/8"),),
        }  # fmt: skip
        async with stack("kosh_notices", changes) as place:
            await _subscribe(place, service)
            for number in range(1, cases + 1):
                arrivals = asyncio.gather(_at(mail.wait, number), _at(service.wait, number))
                visitor = await ask_officer(place, "ru", "general", "Testova asks")
                emailed, pushed = await arrivals
                opened = await _opened_at(place)
                delays.email.append(emailed - opened)
                delays.push.append(pushed - opened)
                await close_visitor(visitor)
    return delays


async def _at(wait: Callable[[int], Awaitable[Any]], count: int) -> float:
    await wait(count)
    return time.time()


async def _opened_at(place: AppStack) -> float:
    async with place.rt.pool.connection() as session:
        row = await (await session.execute("SELECT max(opened_at) FROM cases")).fetchone()
    assert row is not None
    return float(row[0].timestamp())


async def _subscribe(place: AppStack, service: PushService) -> None:
    """Give one officer on shift an e-mail address and a subscription to push."""
    sender = push_sender(place.rt)
    assert sender is not None
    browser = service.subscribe(sender.public_key)
    async with place.rt.pool.connection() as session:
        everyone = await directory.everyone(session)
        await session.execute("UPDATE officers SET shift_until = kosh_now() + interval '1 day'")
    officer = next(each for each in everyone if each.name == OFFICER)
    keys = (push.text(browser.public), push.text(browser.auth), (service.host,))
    async with directory.acting(place.rt, officer) as session:
        await preferences.save(session, officer.id, Preferences(ADDRESS))
        await preferences.subscribe(session, officer.id, browser.endpoint, *keys)


def table(delays: Delays) -> str:
    """Return the delays as text: median and maximum, with a line for e-mail and one for push."""
    lines = [f"{'way':8} {'cases':>5} {'median s':>9} {'max s':>7}"]
    for channel, seconds in (("e-mail", delays.email), ("push", delays.push)):
        lines.append(f"{channel:8} {len(seconds):5} {median(seconds):9.2f} {max(seconds):7.2f}")
    return "\n".join(lines)
