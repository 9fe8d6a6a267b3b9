"""Steps of an officer who enrols and signs in to the console, with a password or a passkey."""

import json
import re

from bot.officers import credentials, directory
from bot.officers.permissions import Role
from flows.knowledge.missions import GENERAL
from tests.app_stack import AppStack
from tests.console_client import Console, Screen, ru
from tests.officer_names import DANA
from tests.passkey import Device

PASSWORD = "correct mare battery staple"
NAME = "Good Testova"


async def enrol(stack: AppStack, console: Console, name: str) -> str:
    """Create an officer who sets password and authenticator app; return the app's secret."""
    async with stack.rt.pool.connection() as session:
        dana = next(each for each in await directory.everyone(session) if each.name == DANA)
    officer = await directory.enter(stack.rt, dana, name, GENERAL, [Role.OFFICER])
    assert stack.rt.console is not None
    token = await credentials.reissue_link(stack.rt, officer.name)
    screen = await console.get(f"/console/welcome?token={token}")
    found = re.search(r'class="secret">([^<]+)<', screen.html)
    assert found is not None
    secret = found[1].replace(" ", "")
    screen = await console.submit(
        "/welcome", password=PASSWORD, code=await one_time_code(stack, secret)
    )
    assert screen.path == "/console/inbox", screen.text
    return secret


async def one_time_code(stack: AppStack, secret: str, ahead: int = 0) -> str:
    """Return the code that the authenticator app shows `ahead` periods of 30 s from now."""
    from pyotp import TOTP

    async with stack.rt.pool.connection() as session:
        return str(TOTP(secret).at((await credentials._step(session) + ahead) * 30))


async def create_credential(console: Console, device: Device) -> str:
    """Return the JSON with a passkey that the device creates from the console's options."""
    screen = await console.post(
        "/console/own/passkey/options", {"csrf": await console.csrf_token()}
    )
    return device.made(json.loads(screen.html))


async def add_credential(console: Console, credential: str) -> Screen:
    """Send a passkey that the device created for the signed-in officer."""
    fields = {"csrf": await console.csrf_token(), "credential": credential}
    return await console.post("/console/own/passkey", fields)


async def add_passkey(stack: AppStack, console: Console) -> Device:
    """Add a passkey of a new device for the signed-in officer; return the device."""
    device = Device(stack.rt.settings.public_url)
    screen = await add_credential(console, await create_credential(console, device))
    assert ru("done_passkey") in screen.text
    return device


async def sign_in_with_passkey(console: Console, device: Device) -> Screen:
    """Sign in with the device's passkey; return the page after the sign-in."""
    await console.get("/console/sign-in")
    screen = await console.post("/console/passkey/options", {})
    fields = {"credential": device.signed(json.loads(screen.html)), "next": ""}
    return await console.post("/console/passkey", fields)


async def passkey_ids(stack: AppStack) -> set[bytes]:
    """Return the ids of all officers' passkeys."""
    assert stack.rt.console is not None
    async with stack.rt.console.connection() as session:
        found = await session.execute("SELECT id FROM passkeys")
        return {bytes(row[0]) for row in await found.fetchall()}


async def redeem_link(stack: AppStack, console: Console, token: str) -> Screen:
    """Open an enrolment link and set a new password and authenticator app."""
    screen = await console.get(f"/console/welcome?token={token}")
    found = re.search(r'class="secret">([^<]+)<', screen.html)
    assert found is not None
    code = await one_time_code(stack, found[1].replace(" ", ""))
    return await console.submit("/welcome", password=PASSWORD, code=code)
