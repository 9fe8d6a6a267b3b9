"""Sign in with passkeys, which resist phishing, and manage an officer's own passkeys.

The challenge and its creation time are in an encrypted cookie for CHALLENGE_SECONDS. PostgreSQL
records the time of each use of a passkey, and challenges created before it become invalid. Valkey
is not needed. Origin and host come from the setting KOSH_PUBLIC_URL, never from the request. A
session that began with a password and a code may add the officer's first passkey. After that, it
may neither add nor delete passkeys.
"""

import asyncio
from datetime import datetime, timedelta
from secrets import token_bytes
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from bot.db.connection import Transaction as Connection
from bot.db.statements import database_time
from bot.officers import credentials, directory, sessions
from bot.officers.credentials import Passkey
from bot.officers.permissions import Action
from bot.officers.sessions import AuthMethod
from bot.runtime import Runtime
from bot.security.key_files import VaultError
from bot.web.console import passkey_proofs
from bot.web.console.forms import OpenFormRoute
from bot.web.console.passkey_proofs import Site
from bot.web.console.rendering import redirect
from bot.web.console.request_context import (
    PHISHING_RESISTANT,
    ROOT,
    PasskeyNeeded,
    RequestContext,
    is_https,
)
from bot.web.console.routing import ConsoleRoute, require
from bot.web.console.sign_in import PASSKEY, act_as, admit, failure, is_rate_limited

CHALLENGE_SECONDS = 300
CHALLENGE_AGE = timedelta(seconds=CHALLENGE_SECONDS)
CHALLENGE, SEPARATOR = "passkey", b"|"

open_router = APIRouter(prefix="/passkey", route_class=OpenFormRoute)
router = APIRouter(prefix="/own/passkey", route_class=ConsoleRoute)


def _site(rt: Runtime) -> Site:
    address = rt.settings.public_url
    return Site(urlsplit(address).hostname or "", address)


async def _challenge_response(
    rt: Runtime, connection: Connection, options: Any, challenge: bytes, owner: str
) -> Response:
    """Return a response with the WebAuthn options, and the challenge in an encrypted cookie.

    The cookie also contains the challenge's creation time. `owner` is the id of the session to
    which the challenge is bound, or "anybody" for a sign-in.
    """
    answer = JSONResponse(options)
    issued = (await database_time(connection)).isoformat().encode()
    sealed = rt.vault.seal_transient(issued + SEPARATOR + challenge, f"passkey|{owner}").hex()
    answer.set_cookie(
        CHALLENGE,
        sealed,
        max_age=CHALLENGE_SECONDS,
        path=ROOT,
        secure=is_https(rt),
        httponly=True,
        samesite="strict",
    )
    return answer


async def _challenge(
    rt: Runtime, request: Request, connection: Connection, owner: str
) -> tuple[bytes, datetime]:
    """Return the challenge in the request's cookie, and the time at which it was created.

    Raises ValueError if the cookie is not authentic or the challenge has expired.
    """
    challenge, at = _unseal_challenge(rt, request, owner)
    if not timedelta() <= await database_time(connection) - at <= CHALLENGE_AGE:
        raise ValueError
    return challenge, at


def _unseal_challenge(rt: Runtime, request: Request, owner: str) -> tuple[bytes, datetime]:
    """Return the challenge in the request's cookie and its creation time, even if it has expired.

    Raises ValueError if the cookie is not authentic.
    """
    sealed = request.cookies.get(CHALLENGE, "")
    try:
        plain = rt.vault.unseal_transient(bytes.fromhex(sealed), f"passkey|{owner}")
    except VaultError:
        raise ValueError from None
    issued, _separator, challenge = plain.partition(SEPARATOR)
    return challenge, datetime.fromisoformat(issued.decode())


async def is_guarded(context: RequestContext, connection: Connection) -> bool:
    """Return True if the session's sign-in was too weak to change the officer's passkeys.

    A sign-in by password and code is too weak if the officer has a passkey or a linked account.
    """
    stronger = await credentials.has_phishing_resistant_factor(
        context.rt, connection, context.officer.id
    )
    return stronger and context.session.strength not in PHISHING_RESISTANT


async def _demand(context: RequestContext, connection: Connection) -> None:
    """Raise PasskeyNeeded if the session has ended, or if its sign-in was too weak."""
    closed = await is_guarded(context, connection)
    if closed or not await sessions.exists(connection, context.session.id):
        raise PasskeyNeeded


@router.post("/options")
async def creation_options(context: Annotated[RequestContext, require(Action.SELF)]) -> Response:
    """Return the WebAuthn options with which the browser creates a passkey for this officer."""
    async with directory.console(context.rt).connection() as connection:
        await _demand(context, connection)
        known = await credentials.passkeys(connection, context.officer.id)
        return await _creation(context, connection, known)


async def _creation(
    context: RequestContext, connection: Connection, known: list[Passkey]
) -> Response:
    challenge = token_bytes(32)
    officer, site = context.officer, _site(context.rt)
    options = await asyncio.to_thread(
        passkey_proofs.creation_options, site, officer.id, officer.name, challenge, known
    )
    owner = str(context.session.id)
    return await _challenge_response(context.rt, connection, options, challenge, owner)


@router.post("")
async def add(
    context: Annotated[RequestContext, require(Action.SELF)],
    credential: Annotated[str, Form()] = "",
) -> Response:
    """Store the passkey that the browser created, and end the officer's other sessions."""
    rt, owner = context.rt, str(context.session.id)
    try:
        async with directory.acting(rt, context.officer) as connection:
            await _demand(context, connection)
            challenge, _at = await _challenge(rt, context.request, connection, owner)
            key = await asyncio.to_thread(
                passkey_proofs.verify_creation, _site(rt), context.officer.id, credential, challenge
            )
            await sessions.end_all(connection, context.officer.id, but=context.session.id)
            await credentials.add_passkey(connection, key)
    except ValueError:
        return redirect("/own", "passkey_failed")
    return redirect("/own", "passkey")


@router.post("/remove")
async def remove(
    context: Annotated[RequestContext, require(Action.SELF)], passkey: Annotated[str, Form()] = ""
) -> Response:
    """Delete one of the officer's own passkeys."""
    try:
        key_id = bytes.fromhex(passkey)
    except ValueError:
        return RedirectResponse(f"{ROOT}/own", 303)
    async with directory.acting(context.rt, context.officer) as connection:
        await _demand(context, connection)
        await credentials.drop_passkey(connection, context.officer.id, key_id)
    return redirect("/own", "saved")


@open_router.post("/options")
async def sign_in_options(request: Request) -> Response:
    """Return the WebAuthn options with which the browser signs in with a passkey of this site."""
    rt: Runtime = request.app.state.rt
    challenge = token_bytes(32)
    options = await asyncio.to_thread(passkey_proofs.sign_in_options, _site(rt), challenge)
    async with directory.console(rt).connection() as connection:
        return await _challenge_response(rt, connection, options, challenge, "anybody")


@open_router.post("")
async def sign_in(
    request: Request,
    credential: Annotated[str, Form()] = "",
    wanted: Annotated[str, Form(alias="next")] = "",
) -> Response:
    """Sign in with a passkey; the response does not show which check of the proof failed.

    A post without an authentic challenge is rejected before it counts against the rate limit.
    """
    rt: Runtime = request.app.state.rt
    try:
        _unseal_challenge(rt, request, "anybody")
        if await is_rate_limited(rt, request, PASSKEY):
            return failure("often", wanted)
        key_id = await asyncio.to_thread(passkey_proofs.key_id, credential)
        async with directory.console(rt).connection() as connection:
            key = await credentials.passkey(connection, key_id)
            officer = await directory.find(connection, key.officer_id) if key else None
            if key is None or officer is None or not officer.active:
                return failure("failed", wanted)
            challenge, issued = await _challenge(rt, request, connection, "anybody")
            uses = await asyncio.to_thread(
                passkey_proofs.verify_sign_in, _site(rt), key, credential, challenge
            )
            await credentials.use_passkey(connection, key.id, uses, issued)
            await act_as(connection, str(officer.id))
            return await admit(request, connection, officer.id, AuthMethod.PASSKEY, wanted)
    except ValueError:
        return failure("failed", wanted)
