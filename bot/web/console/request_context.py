"""Authenticate requests of the console: session, officer, language and time zone."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from urllib.parse import quote
from uuid import uuid4
from zoneinfo import ZoneInfo

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from bot.observability import logging
from bot.officers import directory, permissions, sessions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, DenialReason, Forbidden
from bot.officers.sessions import AuthMethod
from bot.runtime import Runtime
from bot.web.event_stream import EVENT_STREAM
from flows.engine.text import Label

ROOT = "/console"
SIGN_IN = f"{ROOT}/sign-in"
SIGN_OUT = f"{ROOT}/sign-out"
# Value of X-Requested-With in requests that the page's script sends by itself, without an action of
# the officer. These requests do not extend the session.
BACKGROUND_REQUEST = "kosh-live"
PHISHING_RESISTANT = frozenset({AuthMethod.PASSKEY, AuthMethod.SERVICE, AuthMethod.DEMO})

_logger = logging.get()


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The context of a signed-in officer's request: officer, session, language, time zone.

    `token` is the session's token, and `now` the database's time.
    """

    request: Request
    rt: Runtime
    officer: Officer
    session: sessions.Session
    token: str
    language: str
    now: datetime
    zone: ZoneInfo

    def say(self, label: Label) -> str:
        """Return a label rendered in the officer's language."""
        return self.rt.languages.render(label, self.language)

    @property
    def csrf(self) -> str:
        """Return the CSRF token for forms: hashes of the session's token and of the officer's id.

        The session's token cannot be computed from its hash. The second hash is the first item of
        `form_tags`.
        """
        own = sha256(f"csrf {self.token}".encode()).hexdigest()
        return f"{own}.{self.form_tags[0]}"

    @property
    def form_tags(self) -> tuple[str, ...]:
        """Return tags that identify the officer of a form whose session has ended.

        A tag is a keyed hash of the officer's id. There is one for each version of the key, so that
        a form from before a key rotation is recognized.
        """
        return tuple(each.hex() for each in self.rt.vault.indexes("form", str(self.officer.id)))

    def may(self, action: Action) -> bool:
        """Return True if the officer's roles allow the action on at least some objects.

        Templates use this to hide links and buttons.
        """
        return permissions.is_ever_allowed(self.officer, action)


class PasskeyNeeded(Exception):
    """The action needs a phishing-resistant sign-in, and the session began with a weaker one."""

    code = "E_PASSKEY_NEEDED"


async def authenticate(request: Request) -> RequestContext | Response:
    """Return the context of the request's session; without a valid session, return a response.

    The response is a redirect to the sign-in page for a page, and 401 for a form or a background
    request.
    """
    rt: Runtime = request.app.state.rt
    token = request.cookies.get(cookie(rt), "")
    in_background = _is_in_background(request)
    async with directory.console(rt).connection() as transaction:
        found = await sessions.authenticate(transaction, token, seen=not in_background)
    if found is not None and found.session.strength is AuthMethod.DEMO and not rt.settings.demo:
        found = None
    if found is None:
        if token:
            _logger.info("session.refused", method=request.method.lower())
        return _sign_in(request, in_background)
    language, zone = _language(request, rt, found.language), ZoneInfo(found.zone)
    return RequestContext(
        request, rt, found.officer, found.session, token, language, found.now, zone
    )


def _is_in_background(request: Request) -> bool:
    """Return True if the page's script sent the request without an action of the officer.

    These requests are the automatic refreshes of a page, and event streams.
    """
    headers = request.headers
    return (
        headers.get("x-requested-with") == BACKGROUND_REQUEST
        or headers.get("accept") == EVENT_STREAM
    )


def _sign_in(request: Request, in_background: bool) -> Response:
    if in_background or request.method != "GET":
        return Response(status_code=401)
    here = quote(request.url.path, safe="/") if request.url.path != ROOT else ""
    return RedirectResponse(f"{SIGN_IN}?next={here}" if here else SIGN_IN, 303)


def require_permission(context: RequestContext, action: Action) -> None:
    """Raise Forbidden if the officer's roles do not allow the action on any object.

    Raise PasskeyNeeded if the action requires a stronger sign-in than the session had.
    """
    if not context.may(action):
        raise Forbidden(DenialReason.ROLE)
    if permissions.needs_passkey(action) and context.session.strength not in PHISHING_RESISTANT:
        raise PasskeyNeeded


def fresh_key() -> str:
    """Return a new idempotency key for a form."""
    return uuid4().hex


def cookie(rt: Runtime) -> str:
    """Return the name of the cookie that contains the session's token."""
    return "__Host-console" if is_https(rt) else "console"


def is_https(rt: Runtime) -> bool:
    """Return True if the console's public address begins with https."""
    return rt.settings.public_url.startswith("https:")


def _language(request: Request, rt: Runtime, chosen: str) -> str:
    offered = [code for code, _name in rt.languages.languages()]
    if chosen in offered:
        return chosen
    return preferred_language(request, rt)


def preferred_language(request: Request, rt: Runtime) -> str:
    """Return the first offered language in the browser's list, or the installation's first one."""
    requested = request.headers.get("accept-language", "").split(",")
    known = (rt.languages.closest(each.partition(";")[0].strip()) for each in requested if each)
    return next((code for code in known if code), rt.languages.languages()[0][0])
