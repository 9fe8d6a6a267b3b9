"""An officer's visit: which session, which officer, what they may do, what their forms carry."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from urllib.parse import quote, urlsplit
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.observability import logging
from bot.officers import directory, permissions, sessions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, DenialReason, Forbidden, Subject
from bot.officers.sessions import AuthMethod
from bot.runtime import Runtime
from bot.web.request_parsing import Refused, body, fields
from flows.engine.text import Label

ROOT = "/console"
SIGN_IN = f"{ROOT}/sign-in"
SIGN_OUT = f"{ROOT}/sign-out"
FORM = "application/x-www-form-urlencoded"
MAX_BODY_BYTES = 64 * 1024
STREAM = "text/event-stream"
_logger = logging.get()
NOT_SEEN = "kosh-live"  # what the page fetches by itself is nothing that the officer did


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a signed-in officer."""

    request: Request
    rt: Runtime
    officer: Officer
    session: sessions.Session
    token: str
    language: str
    now: datetime
    zone: ZoneInfo

    def say(self, label: Label) -> str:
        return self.rt.languages.render(label, self.language)

    @property
    def csrf(self) -> str:
        """What each form carries: the session's token, which says nothing of the cookie's, and the
        officer's mark."""
        own = sha256(f"csrf {self.token}".encode()).hexdigest()
        return f"{own}.{self.marks[0]}"

    @property
    def marks(self) -> tuple[str, ...]:
        """By which a form of an earlier session is known as this officer's own; while a key is
        changed there are several."""
        return tuple(each.hex() for each in self.rt.vault.indexes("form", str(self.officer.id)))

    def may(self, action: Action) -> bool:
        return possible(self.officer, action)


type Form = dict[str, str]
type Pairs = list[tuple[str, str]]


async def arrive(request: Request) -> Visit | Response:
    """The visit of a good session, or where to go without one."""
    rt: Runtime = request.app.state.rt
    token = request.cookies.get(cookie(rt), "")
    by_itself = _is_by_itself(request)
    async with directory.console(rt).connection() as connection:
        found = await sessions.authenticate(connection, token, seen=not by_itself)
    if found is None:
        if token:
            _logger.info("session.refused", method=request.method.lower())
        return _away(request, by_itself)
    language, zone = _language(request, rt, found.language), ZoneInfo(found.zone)
    return Visit(request, rt, found.officer, found.session, token, language, found.now, zone)


def _is_by_itself(request: Request) -> bool:
    """Whether the page asks, not the officer: for itself anew, or for its stream."""
    asked = request.headers
    return asked.get("x-requested-with") == NOT_SEEN or asked.get("accept") == STREAM


def _away(request: Request, by_itself: bool) -> Response:
    if by_itself or request.method != "GET":
        return Response(status_code=401)
    here = quote(request.url.path, safe="/") if request.url.path != ROOT else ""
    return RedirectResponse(f"{SIGN_IN}?next={here}" if here else SIGN_IN, 303)


class PasskeyNeeded(Exception):
    """What an approver or administrator does wants more than a code that can be phished."""

    code = "E_PASSKEY_NEEDED"


NEED_PASSKEY = frozenset(
    {
        Action.OFFICERS_EDIT,
        Action.SESSIONS_OTHERS,
        Action.GLASS_ASK,
        Action.GLASS_GRANT,
        Action.BROADCAST_APPROVE,
        Action.BROADCAST_SEND,
        Action.BROADCAST_STOP,
    }
)
PASSKEYS = frozenset({AuthMethod.PASSKEY, AuthMethod.SERVICE, AuthMethod.DEMO})


def demand(visit: Visit, action: Action) -> None:
    """Forbidden unless this officer may ever do it, PasskeyNeeded if they proved it too little."""
    if not possible(visit.officer, action):
        raise Forbidden(DenialReason.ROLE)
    if action in NEED_PASSKEY and visit.session.strength not in PASSKEYS:
        raise PasskeyNeeded


def possible(officer: Officer, action: Action) -> bool:
    """Whether the policy lets this officer do it to anything of their mission; desk and reading
    ask again about the very case."""
    rule = permissions.RULES.get(action)
    states = (rule.states if rule else None) or frozenset({""})
    subjects = (
        Subject(officer.mission, state=state, owner=owner)
        for state in states
        for owner in (None, officer.id, _ANOTHER)
    )
    return any(
        isinstance(permissions.check(officer, action, s), permissions.Allowed) for s in subjects
    )


_ANOTHER = UUID(int=0)


async def form_of(request: Request) -> Form:
    """The fields of a form that was sent from one of our own pages."""
    return joined(await sent(request))


async def sent(request: Request) -> Pairs:
    """The same as they came, a field that was ticked several times as often."""
    site = request.headers.get("sec-fetch-site", "")
    origin = request.headers.get("origin")
    foreign = origin not in (None, "null") and urlsplit(origin).netloc != request.headers["host"]
    if foreign or site not in ("", "same-origin") or (not site and origin in (None, "null")):
        raise Refused(403)
    raw = await body(request, MAX_BODY_BYTES, FORM)
    return fields(raw, 200)


def joined(pairs: Pairs) -> Form:
    """Each field once: what was ticked, a line each."""
    several: dict[str, list[str]] = {}
    for name, value in pairs:
        several.setdefault(name, []).append(value)
    return {name: "\n".join(values) for name, values in several.items()}


def fresh_key() -> str:
    """A form's own key: the same form sent twice is done once."""
    return uuid4().hex


def cookie(rt: Runtime) -> str:
    return "__Host-console" if is_https(rt) else "console"


def is_https(rt: Runtime) -> bool:
    return rt.settings.public_url.startswith("https:")


def _language(request: Request, rt: Runtime, chosen: str) -> str:
    offered = [code for code, _name in rt.languages.languages()]
    if chosen in offered:
        return chosen
    return hinted(request, rt)


def hinted(request: Request, rt: Runtime) -> str:
    """The first language that the browser asks for and we have; else the first of ours."""
    wanted = request.headers.get("accept-language", "").split(",")
    known = (rt.languages.closest(each.partition(";")[0].strip()) for each in wanted if each)
    return next((code for code in known if code), rt.languages.languages()[0][0])
