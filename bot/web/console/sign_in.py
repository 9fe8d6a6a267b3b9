"""Signing in and out: password and code, the demo's one click, the link of an invitation."""

from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID

import segno
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.cache import CacheUnavailable, LocalRateLimiter
from bot.db.connection import Transaction as Connection
from bot.officers import credentials, directory, sessions
from bot.officers.permissions import Action
from bot.officers.sessions import AuthMethod
from bot.runtime import Runtime
from bot.security import audit_log
from bot.security.key_files import VaultError
from bot.web.console.rendering import bare
from bot.web.console.request_context import ROOT, SIGN_IN, Form, Visit, cookie, form_of, is_https
from bot.web.console.routing import post
from bot.web.request_parsing import Refused

# Twelve tries at once from one address, then one every ten seconds.
TRIES, TRIES_PER_SECOND = 12, 0.1
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


async def ask(request: Request) -> Response:
    """The page of the sign-in."""
    why = "over" if "next" in request.query_params else request.query_params.get("why", "")
    return await _asked(request, problem=PROBLEMS.get(why, ""), notice=NOTICES.get(why, ""))


async def _asked(
    request: Request, status: int = 200, *, problem: str = "", notice: str = "", name: str = ""
) -> Response:
    rt: Runtime = request.app.state.rt
    return bare(
        request,
        "sign_in.html",
        status,
        problem=problem,
        notice=notice,
        name=name,
        next=request.query_params.get("next", ""),
        crew=await _crew(rt),
        service=rt.settings.has_service,
    )


async def _crew(rt: Runtime) -> list[directory.Officer]:
    """Those whom anybody may be, in the demo only."""
    if not rt.settings.demo:
        return []
    async with directory.console(rt).connection() as connection:
        return [each for each in await directory.everyone(connection) if each.active]


async def sign_in(request: Request) -> Response:
    """Password and code; every miss is answered alike."""
    rt: Runtime = request.app.state.rt
    form = await form_of(request)
    if await too_often(rt, request):
        return await _asked(request, 429, problem="too_often")
    async with directory.console(rt).connection() as connection:
        officer = await _named(connection, form.get("name", ""))
        known = officer.id if officer else None
        password, code = form.get("password", ""), form.get("code", "")
        if await credentials.check(rt, connection, known, password, code) and officer:
            return await admit(
                request, connection, officer.id, AuthMethod.CODE, form.get("next", "")
            )
        await _note(connection, known)
    return await _asked(request, 401, problem="wrong", name=form.get("name", "")[:200])


async def _note(connection: Connection, known: UUID | None) -> None:
    actor = str(known) if known else "nobody"
    await act_as(connection, actor)
    await audit_log.append(connection, actor=actor, action="sign_in.failed", subject="console")


async def act_as(connection: Connection, actor: str) -> None:
    """Until the transaction ends the audit log takes entries of this actor."""
    await connection.execute("SELECT set_config('kosh.officer', %s, true)", (actor,))


async def _named(connection: Connection, name: str) -> directory.Officer | None:
    everyone = await directory.everyone(connection)
    wanted = name.strip().casefold()
    return next((one for one in everyone if one.name.casefold() == wanted and one.active), None)


async def demo(request: Request) -> Response:
    """One click, and in the demo only."""
    rt: Runtime = request.app.state.rt
    form = await form_of(request)
    chosen = next((one for one in await _crew(rt) if str(one.id) == form.get("officer")), None)
    if chosen is None:
        raise Refused(403)
    async with directory.console(rt).connection() as connection:
        return await admit(request, connection, chosen.id, AuthMethod.DEMO, form.get("next", ""))


async def admit(
    request: Request, connection: Connection, officer_id: UUID, strength: AuthMethod, wanted: str
) -> Response:
    """Begin a session and go where the officer wanted to."""
    rt: Runtime = request.app.state.rt
    old = request.cookies.get(cookie(rt), "")
    before = await sessions.authenticate(connection, old, seen=False)
    if before is not None:
        await sessions.end(connection, before.officer.id, before.session.id)
    await act_as(connection, str(officer_id))
    device = device_of(request.headers.get("user-agent", ""))
    token = await sessions.begin(connection, officer_id, strength, device)
    await audit_log.append(
        connection, actor=str(officer_id), action="sign_in", subject="console", detail=strength
    )
    answer = RedirectResponse(_inside(wanted), 303)
    answer.set_cookie(
        cookie(rt), token, secure=is_https(rt), httponly=True, samesite="strict", path="/"
    )
    return answer


def _inside(wanted: str) -> str:
    """Only our own pages; a link must not lead a fresh session elsewhere."""
    ours = wanted.startswith(f"{ROOT}/") and "//" not in wanted and "\\" not in wanted
    return quote(wanted, safe="/?=&") if ours and not wanted.startswith(SIGN_IN) else ROOT


async def too_often(rt: Runtime, request: Request) -> bool:
    """Whether this address tried too often; without Valkey each process counts for itself."""
    host = request.client.host if request.client else ""
    bucket = f"sign-in:{rt.vault.index('address', host).hex()}"
    try:
        wait = await rt.live.allow(bucket, rate=TRIES_PER_SECOND, burst=TRIES)
    except CacheUnavailable:
        wait = await _local.allow(bucket, rate=TRIES_PER_SECOND, burst=TRIES)
    return wait > 0


def device_of(agent: str) -> str:
    """A few words by which an officer knows a device again; no more is kept of it."""
    systems = ("iPhone", "iPad", "Android", "Windows", "Macintosh", "CrOS", "Linux")
    browsers = {"Edg/": "Edge", "OPR/": "Opera", "YaBrowser": "Yandex", "Firefox/": "Firefox"}
    browsers |= {"Chrome/": "Chrome", "Safari/": "Safari"}
    system = next((each for each in systems if each in agent), "")
    browser = next((own for mark, own in browsers.items() if mark in agent), "")
    return " · ".join(each for each in (browser, system) if each) or "–"


async def sign_out(visit: Visit, form: Form) -> Response:
    async with directory.console(visit.rt).connection() as connection:
        await sessions.end(connection, visit.officer.id, visit.session.id)
        await act_as(connection, str(visit.officer.id))
        await audit_log.append(
            connection, actor=str(visit.officer.id), action="sign_out", subject="console"
        )
    answer = RedirectResponse(f"{SIGN_IN}?why=out", 303)
    # As it was set: on https browsers would not listen for such a name without `secure`.
    answer.delete_cookie(
        cookie(visit.rt), secure=is_https(visit.rt), httponly=True, samesite="strict", path="/"
    )
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


# An invitation


@dataclass(frozen=True, slots=True)
class Square:
    """A QR code as the path of an SVG."""

    size: int
    path: str

    @classmethod
    def of(cls, words: str) -> "Square":
        rows = [bytes(row) for row in segno.make(words, error="m", micro=False).matrix]
        dark = (f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, on in enumerate(row) if on)
        return cls(len(rows), "".join(dark))


async def welcome(request: Request) -> Response:
    """Where a one-time link leads: a password is chosen, an app is connected."""
    secret = credentials.new_secret()
    return await _welcomed(request, request.query_params.get("token", ""), secret)


async def _welcomed(
    request: Request, token: str, secret: str, status: int = 200, problem: str = ""
) -> Response:
    rt: Runtime = request.app.state.rt
    try:
        async with directory.console(rt).connection() as connection:
            officer = await directory.find(connection, await credentials.invited(connection, token))
    except credentials.BadLink:
        officer = None
    if officer is None:
        return bare(request, "welcome.html", 404, name="", problem="bad_link")
    return bare(
        request,
        "welcome.html",
        status,
        name=officer.name,
        token=token,
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        sealed=rt.vault.seal_transient(secret.encode(), _purpose(token)).hex(),
        qr=Square.of(credentials.address(secret, officer.name)),
        problem=problem,
    )


async def enrol(request: Request) -> Response:
    """The link is spent, the officer is in."""
    rt: Runtime = request.app.state.rt
    form = await form_of(request)
    token = form.get("token", "")
    try:
        sealed = bytes.fromhex(form.get("sealed", ""))
        secret = rt.vault.unseal_transient(sealed, _purpose(token)).decode()
    except (ValueError, VaultError):
        raise Refused(400) from None
    try:
        async with directory.console(rt).connection() as connection:
            if not await credentials.right_code(connection, secret, form.get("code", "")):
                return await _welcomed(request, token, secret, 422, "wrong_code")
            password = form.get("password", "")
            enrolled = await credentials.enrol(rt, connection, token, password, secret)
            await sessions.end_all(connection, enrolled.officer_id)
            answer = await admit(request, connection, enrolled.officer_id, AuthMethod.CODE, "")
            await credentials.note_ended(connection, enrolled)
            return answer
    except credentials.WeakPassword:
        return await _welcomed(request, token, secret, 422, "weak")
    except credentials.BadLink:
        return await _welcomed(request, token, secret, 404, "bad_link")


def _purpose(token: str) -> str:
    return f"enrol|{token}"


# These alone are open to anybody; tests/web/test_console_access.py knows them by name.
OPEN = [
    Route(SIGN_IN, ask, methods=["GET"]),
    Route(SIGN_IN, sign_in, methods=["POST"]),
    Route(f"{SIGN_IN}/demo", demo, methods=["POST"]),
    Route(f"{ROOT}/welcome", welcome, methods=["GET"]),
    Route(f"{ROOT}/welcome", enrol, methods=["POST"]),
]
ROUTES = [post("/sign-out", Action.SELF, sign_out)]
