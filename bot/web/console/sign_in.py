"""Sign in with password and code, by invitation, or with one click in the demo; sign out."""

from typing import Annotated
from urllib.parse import quote, urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from bot.cache import CacheUnavailable, LocalRateLimiter
from bot.db.connection import Transaction as Connection
from bot.db.statements import execute
from bot.officers import credentials, directory, sessions, statements
from bot.officers.permissions import Action
from bot.officers.sessions import AuthMethod
from bot.printing.qr_code import QrCode
from bot.runtime import Runtime
from bot.security import audit_log
from bot.security.key_files import VaultError
from bot.web.console.forms import OpenFormRoute
from bot.web.console.rendering import signed_out_page
from bot.web.console.request_context import ROOT, SIGN_IN, RequestContext, cookie, is_https
from bot.web.console.routing import ConsoleRoute, require
from bot.web.request_parsing import Refused

# Rate limits of each sign-in method: burst, and attempts per second. A device on which an officer
# has signed in has separate limits. A passkey cannot be guessed, so its limit only bounds the
# server's work.
CODE, PASSKEY, SERVICE = "code", "passkey", "service"
TRIES = {CODE: (12, 0.1), PASSKEY: (120, 2.0), SERVICE: (12, 0.1)}
# The cookie that identifies a device on which an officer has signed in: name, encryption purpose
# and lifetime (90 days).
DEVICE, DEVICE_PURPOSE, DEVICE_SECONDS = "console-device", "console|device", 90 * 24 * 3600
NOTICES = {
    "over": "session_over",
    "out": "signed_out",
    "passkey": "passkey_needed",
    "kept": "kept_sign_in",
}
PROBLEMS = {
    "often": "too_often",
    "failed": "passkey_failed",
    "service": "service_failed",
    "unknown": "service_unknown",
}
_local = LocalRateLimiter()

# Routes that need no session. tests/web/test_console_access.py lists them, so that none is added by
# mistake.
open_router = APIRouter(route_class=OpenFormRoute)
router = APIRouter(route_class=ConsoleRoute)


class SignInForm(BaseModel):
    """Name, password and code of an officer; `next` is the path to go to after signing in."""

    name: str = ""
    password: str = ""
    code: str = ""
    next: str = ""


class DemoForm(BaseModel):
    """The form with which a visitor signs in to the demo: the id of an invented officer."""

    officer: str = ""
    next: str = ""


class EnrolForm(BaseModel):
    """The form with which an invited officer enrolls.

    `token` is from the one-time link. `sealed` is the encrypted TOTP secret of the officer's
    authenticator app.
    """

    token: str = ""
    sealed: str = ""
    password: str = ""
    code: str = ""


@open_router.get("/sign-in")
async def show(request: Request) -> Response:
    """Return the sign-in page."""
    wanted = request.query_params.get("next", "")
    why = request.query_params.get("why") or ("over" if wanted else "")
    problem, notice = PROBLEMS.get(why, ""), NOTICES.get(why, "")
    return await _page(request, wanted=wanted, problem=problem, notice=notice)


async def _page(
    request: Request,
    status: int = 200,
    *,
    wanted: str,
    problem: str = "",
    notice: str = "",
    name: str = "",
) -> Response:
    """Return the sign-in page; after signing in, the officer gets the page `wanted`."""
    rt: Runtime = request.app.state.rt
    return signed_out_page(
        request,
        "sign_in.html",
        status,
        problem=problem,
        notice=notice,
        name=name,
        next=wanted,
        query={"next": wanted},
        crew=await _demo_officers(rt),
        service=rt.settings.has_service,
    )


async def _demo_officers(rt: Runtime) -> list[directory.Officer]:
    """Return the active officers as whom a visitor of the demo can sign in; [] outside the demo."""
    if not rt.settings.demo:
        return []
    async with directory.console(rt).connection() as connection:
        return [each for each in await directory.everyone(connection) if each.active]


@open_router.post("/sign-in")
async def sign_in(request: Request, form: Annotated[SignInForm, Form()]) -> Response:
    """Sign in with password and code; every wrong input gets the same response.

    Return 429 if the network address is over its rate limit, unless the device is known and below
    its own limit.
    """
    rt: Runtime = request.app.state.rt
    device = await _known_device(rt, request, CODE)
    if not device and await _over_address(rt, request, CODE):
        return await _page(request, 429, wanted=form.next, problem="too_often")
    async with directory.console(rt).connection() as connection:
        officer = await _find_officer(connection, form.name)
        known = officer.id if officer else None
        right = await credentials.check(
            rt,
            connection,
            known,
            form.password,
            form.code,
            known_device=device == str(known),
        )
        if right and officer:
            return await admit(request, connection, officer.id, AuthMethod.CODE, form.next)
        await _note(connection, known)
    return await _page(request, 401, wanted=form.next, problem="wrong", name=form.name[:200])


def failure(why: str, wanted: str = "") -> Response:
    """Redirect to the sign-in page, which says why a sign-in failed and keeps the page `wanted`."""
    query = urlencode({"why": why} | ({"next": wanted} if wanted else {}), safe="/")
    return RedirectResponse(f"{SIGN_IN}?{query}", 303)


async def _known_device(rt: Runtime, request: Request, way: str) -> str:
    """Return the id of the officer who signed in on this device before; "" if there is none.

    Also return "" if the device's own rate limit for the sign-in method `way` is exceeded. Failed
    attempts on other devices do not lock out a known device. Without Valkey, each process limits
    attempts separately.
    """
    try:
        sealed = bytes.fromhex(request.cookies.get(DEVICE, ""))
        owner = rt.vault.unseal_transient(sealed, DEVICE_PURPOSE).decode()
    except (ValueError, VaultError):
        return ""
    bucket = f"device-{way}:{rt.vault.index('device', sealed.hex()).hex()}"
    return "" if await _wait(rt, bucket, way) else owner


async def _note(connection: Connection, known: UUID | None) -> None:
    actor = str(known) if known else "nobody"
    await act_as(connection, actor)
    await audit_log.append(connection, actor=actor, action="sign_in.failed", subject="console")


async def act_as(connection: Connection, actor: str) -> None:
    """Set the officer, or other actor, in whose name this transaction writes audit entries.

    PostgreSQL's row security lets the console's database role write only entries of that actor.
    """
    await execute(connection, statements.SET_OFFICER, officer=actor)


async def _find_officer(connection: Connection, name: str) -> directory.Officer | None:
    everyone = await directory.everyone(connection)
    folded_name = name.strip().casefold()
    return next(
        (one for one in everyone if one.name.casefold() == folded_name and one.active), None
    )


@open_router.post("/sign-in/demo")
async def demo(request: Request, form: Annotated[DemoForm, Form()]) -> Response:
    """Sign in as the chosen officer with one click; 403 outside the demo."""
    rt: Runtime = request.app.state.rt
    chosen = next((one for one in await _demo_officers(rt) if str(one.id) == form.officer), None)
    if chosen is None:
        raise Refused(403)
    async with directory.console(rt).connection() as connection:
        return await admit(request, connection, chosen.id, AuthMethod.DEMO, form.next)


async def admit(
    request: Request, connection: Connection, officer_id: UUID, strength: AuthMethod, wanted: str
) -> Response:
    """Start a session, set its cookies, and redirect to `wanted` or the start page.

    `wanted` is ignored if it is no page of the console. If the browser already has a session, that
    session ends.
    """
    rt: Runtime = request.app.state.rt
    old = request.cookies.get(cookie(rt), "")
    before = await sessions.authenticate(connection, old, seen=False)
    if before is not None:
        await sessions.end(connection, before.officer.id, before.session.id)
    await act_as(connection, str(officer_id))
    device = device_of(request.headers.get("user-agent", ""))
    token = await sessions.begin(connection, officer_id, strength, device)
    await directory.clear_past_shift(connection, officer_id)
    await audit_log.append(
        connection, actor=str(officer_id), action="sign_in", subject="console", detail=strength
    )
    answer = RedirectResponse(_console_path(wanted), 303)
    answer.set_cookie(
        cookie(rt), token, secure=is_https(rt), httponly=True, samesite="strict", path="/"
    )
    answer.set_cookie(
        DEVICE,
        rt.vault.seal_transient(str(officer_id).encode(), DEVICE_PURPOSE).hex(),
        max_age=DEVICE_SECONDS,
        path=ROOT,
        secure=is_https(rt),
        httponly=True,
        samesite="strict",
    )
    return answer


def _console_path(path: str) -> str:
    """Return the path `path` if it is a page of the console, otherwise that of the start page.

    So a link to the sign-in page cannot redirect officers to another site.
    """
    is_local = path.startswith(f"{ROOT}/") and "//" not in path and "\\" not in path
    return quote(path, safe="/?=&") if is_local and not path.startswith(SIGN_IN) else ROOT


async def is_rate_limited(rt: Runtime, request: Request, way: str) -> bool:
    """Return True if the rate limit of the sign-in method `way` is exceeded.

    The limit applies to a known device, otherwise to the address. Each method has a separate limit,
    so that wrong passwords do not block a sign-in by passkey.
    """
    return not await _known_device(rt, request, way) and await _over_address(rt, request, way)


async def _over_address(rt: Runtime, request: Request, way: str) -> bool:
    host = request.client.host if request.client else ""
    return await _wait(rt, f"sign-in-{way}:{rt.vault.index('address', host).hex()}", way) > 0


async def _wait(rt: Runtime, bucket: str, way: str) -> float:
    """Count one attempt in a rate limit bucket; return seconds to wait, 0 if it is allowed.

    `way` is the sign-in method. Without Valkey, each process limits attempts separately.
    """
    burst, rate = TRIES[way]
    try:
        return await rt.valkey.allow(bucket, rate=rate, burst=burst)
    except CacheUnavailable:
        return await _local.allow(bucket, rate=rate, burst=burst)


def device_of(agent: str) -> str:
    """Return browser and system from a User-Agent, by which officers recognize their devices.

    Nothing else of the User-Agent is stored.
    """
    systems = ("iPhone", "iPad", "Android", "Windows", "Macintosh", "CrOS", "Linux")
    browsers = {"Edg/": "Edge", "OPR/": "Opera", "YaBrowser": "Yandex", "Firefox/": "Firefox"}
    browsers |= {"Chrome/": "Chrome", "Safari/": "Safari"}
    system = next((each for each in systems if each in agent), "")
    browser = next((own for mark, own in browsers.items() if mark in agent), "")
    return " · ".join(each for each in (browser, system) if each) or "–"


@router.post("/sign-out")
async def sign_out(context: Annotated[RequestContext, require(Action.SELF)]) -> Response:
    """End the officer's session and delete its cookie."""
    async with directory.console(context.rt).connection() as connection:
        await sessions.end(connection, context.officer.id, context.session.id)
        await act_as(connection, str(context.officer.id))
        await audit_log.append(
            connection, actor=str(context.officer.id), action="sign_out", subject="console"
        )
    answer = RedirectResponse(f"{SIGN_IN}?why=out", 303)
    # Browsers delete a `__Host-` cookie only if the attributes are those with which it was set.
    answer.delete_cookie(
        cookie(context.rt), secure=is_https(context.rt), httponly=True, samesite="strict", path="/"
    )
    # "storage" is left out: it would also end the browser's notifications and forget its settings.
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


@open_router.get("/welcome")
async def welcome(request: Request, token: str = "") -> Response:
    """Return the page that a one-time link opens.

    On this page an officer chooses a password and connects an authenticator app.
    """
    return await _welcome_page(request, token, credentials.new_secret())


async def _welcome_page(
    request: Request, token: str, secret: str, status: int = 200, problem: str = ""
) -> Response:
    rt: Runtime = request.app.state.rt
    try:
        async with directory.console(rt).connection() as connection:
            officer = await directory.find(
                connection, await credentials.find_invited(connection, token)
            )
    except credentials.BadLink:
        officer = None
    if officer is None:
        return signed_out_page(request, "welcome.html", 404, name="", problem="bad_link")
    return signed_out_page(
        request,
        "welcome.html",
        status,
        name=officer.name,
        token=token,
        query={"token": token},
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        sealed=rt.vault.seal_transient(secret.encode(), _purpose(token)).hex(),
        qr=QrCode.of(credentials.address(secret, officer.name)),
        problem=problem,
    )


@open_router.post("/welcome")
async def enrol(request: Request, form: Annotated[EnrolForm, Form()]) -> Response:
    """Redeem the one-time link, store password and TOTP secret, and sign the officer in."""
    rt: Runtime = request.app.state.rt
    token = form.token
    try:
        sealed = bytes.fromhex(form.sealed)
        secret = rt.vault.unseal_transient(sealed, _purpose(token)).decode()
    except (ValueError, VaultError):
        raise Refused(400) from None
    try:
        async with directory.console(rt).connection() as connection:
            if not await credentials.right_code(connection, secret, form.code):
                return await _welcome_page(request, token, secret, 422, "wrong_code")
            enrolled = await credentials.enrol(rt, connection, token, form.password, secret)
            await sessions.end_all(connection, enrolled.officer_id)
            answer = await admit(request, connection, enrolled.officer_id, AuthMethod.CODE, "")
            await credentials.note_ended(connection, enrolled)
            return answer
    except credentials.WeakPassword:
        return await _welcome_page(request, token, secret, 422, "weak")
    except credentials.BadLink:
        return await _welcome_page(request, token, secret, 404, "bad_link")


def _purpose(token: str) -> str:
    return f"enrol|{token}"
