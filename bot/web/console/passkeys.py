"""Passkeys: a device proves itself with a signature that can't be talked out of anybody.

The challenge travels in the session's or the visit's own sealed cookie, lives for minutes, and the
origin and name of the site are those of KOSH_PUBLIC_URL, never of the request. A password and a
code, which can be phished, give an officer their first passkey and change nothing after it.
"""

import json
from secrets import token_bytes
from typing import Any
from urllib.parse import urlsplit

import webauthn
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from webauthn.helpers import base64url_to_bytes, options_to_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from bot.db.connection import Transaction as Connection
from bot.officers import credentials, directory, sessions
from bot.officers.credentials import Passkey
from bot.officers.permissions import Action
from bot.officers.sessions import AuthMethod
from bot.runtime import Runtime
from bot.security.key_files import VaultError
from bot.web.console.rendering import done
from bot.web.console.request_context import (
    PASSKEYS,
    ROOT,
    SIGN_IN,
    Form,
    PasskeyNeeded,
    Visit,
    form_of,
    is_https,
)
from bot.web.console.routing import post
from bot.web.console.sign_in import act_as, admit, too_often

CHALLENGE_SECONDS = 300
CHALLENGE = "passkey"


def _site(rt: Runtime) -> str:
    return urlsplit(rt.settings.public_url).hostname or ""


async def _challenged(rt: Runtime, options: Any, challenge: bytes, whose: str) -> Response:
    """The options for the browser, and the challenge in a cookie that only we can read."""
    answer = JSONResponse(json.loads(options_to_json(options)))
    sealed = rt.vault.seal_transient(challenge, f"passkey|{whose}").hex()
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


async def _challenge(rt: Runtime, request: Request, whose: str) -> bytes | None:
    """The challenge that was set; each is taken once, by whichever process sees it first."""
    sealed = request.cookies.get(CHALLENGE, "")
    try:
        challenge = rt.vault.unseal_transient(bytes.fromhex(sealed), f"passkey|{whose}")
    except (ValueError, VaultError):
        return None
    bucket = f"challenge:{rt.vault.index('challenge', challenge.hex()).hex()}"
    return challenge if not await rt.live.allow(bucket, rate=1 / 86_400, burst=1) else None


async def guarded(visit: Visit, connection: Connection) -> bool:
    """Whether this session proves too little to change the officer's passkeys."""
    stronger = await credentials.has_phishing_resistant_factor(
        visit.rt, connection, visit.officer.id
    )
    return stronger and visit.session.strength not in PASSKEYS


async def _demand(visit: Visit, connection: Connection) -> None:
    """PasskeyNeeded unless this session may change passkeys and was not ended meanwhile."""
    closed = await guarded(visit, connection)
    if closed or not await sessions.exists(connection, visit.session.id):
        raise PasskeyNeeded


async def new_options(visit: Visit, form: Form) -> Response:
    """What the browser needs to make a passkey for this officer."""
    async with directory.console(visit.rt).connection() as connection:
        await _demand(visit, connection)
        known = await credentials.passkeys(connection, visit.officer.id)
    challenge = token_bytes(32)
    options = webauthn.generate_registration_options(
        rp_id=_site(visit.rt),
        rp_name=credentials.ISSUER,
        user_id=visit.officer.id.bytes,
        user_name=visit.officer.name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each.id) for each in known],
    )
    return await _challenged(visit.rt, options, challenge, str(visit.session.id))


async def add(visit: Visit, form: Form) -> Response:
    """Keep the passkey that the browser made."""
    challenge = await _challenge(visit.rt, visit.request, str(visit.session.id))
    try:
        async with directory.acting(visit.rt, visit.officer) as connection:
            await _demand(visit, connection)
            key = _made(visit, form, challenge or b"-")
            await sessions.end_all(connection, visit.officer.id, but=visit.session.id)
            await credentials.add_passkey(connection, key)
    except WebAuthnException:
        return done("/own", "passkey_failed")
    return done("/own", "passkey")


def _made(visit: Visit, form: Form, challenge: bytes) -> Passkey:
    """The passkey that the browser says it made; WebAuthnException where it proves nothing."""
    made = webauthn.verify_registration_response(
        credential=form.get("credential", ""),
        expected_challenge=challenge,
        expected_rp_id=_site(visit.rt),
        expected_origin=visit.rt.settings.public_url,
        require_user_verification=True,
    )
    key, uses = made.credential_public_key, made.sign_count
    return Passkey(made.credential_id, visit.officer.id, key, uses)


async def remove(visit: Visit, form: Form) -> Response:
    """Forget a passkey of one's own."""
    try:
        key_id = bytes.fromhex(form.get("passkey", ""))
    except ValueError:
        return RedirectResponse(f"{ROOT}/own", 303)
    async with directory.acting(visit.rt, visit.officer) as connection:
        await _demand(visit, connection)
        await credentials.drop_passkey(connection, visit.officer.id, key_id)
    return done("/own", "saved")


async def options(request: Request) -> Response:
    """What the browser needs to sign in with any passkey of ours that it has."""
    rt: Runtime = request.app.state.rt
    await form_of(request)
    challenge = token_bytes(32)
    wanted = webauthn.generate_authentication_options(
        rp_id=_site(rt),
        challenge=challenge,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return await _challenged(rt, wanted, challenge, "anybody")


async def sign_in(request: Request) -> Response:
    """Sign in with a passkey; whatever is wrong with it is answered alike."""
    rt: Runtime = request.app.state.rt
    form = await form_of(request)
    if await too_often(rt, request):
        return RedirectResponse(f"{SIGN_IN}?why=often", 303)
    challenge = await _challenge(rt, request, "anybody")
    try:
        said = form.get("credential", "")
        key_id = base64url_to_bytes(json.loads(said)["id"])
        async with directory.console(rt).connection() as connection:
            key = await credentials.passkey(connection, key_id)
            officer = await directory.find(connection, key.officer_id) if key else None
            if key is None or officer is None or not officer.active or challenge is None:
                return RedirectResponse(f"{SIGN_IN}?why=failed", 303)
            signed = webauthn.verify_authentication_response(
                credential=said,
                expected_challenge=challenge,
                expected_rp_id=_site(rt),
                expected_origin=rt.settings.public_url,
                credential_public_key=key.public_key,
                credential_current_sign_count=key.uses,
                require_user_verification=True,
            )
            await credentials.passkey_used(connection, key.id, signed.new_sign_count)
            await act_as(connection, str(officer.id))
            wanted = form.get("next", "")
            return await admit(request, connection, officer.id, AuthMethod.PASSKEY, wanted)
    except (ValueError, TypeError, KeyError, WebAuthnException):
        return RedirectResponse(f"{SIGN_IN}?why=failed", 303)


OPEN = [
    Route(f"{ROOT}/passkey", sign_in, methods=["POST"]),
    Route(f"{ROOT}/passkey/options", options, methods=["POST"]),
]
ROUTES = [
    post("/own/passkey/options", Action.SELF, new_options),
    post("/own/passkey", Action.SELF, add),
    post("/own/passkey/remove", Action.SELF, remove),
]
