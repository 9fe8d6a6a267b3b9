"""Find the chat of a request, and the messages that the chat's page has not shown yet."""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from secrets import token_urlsafe

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response

from bot import outbox
from bot.channels import webchat
from bot.channels.webchat import Note, WebChat
from bot.people import identities, secure_links
from bot.people.identities import Person
from bot.runtime import Runtime
from bot.web.embedding import is_framed
from bot.web.middleware import UNAVAILABLE_ERRORS
from bot.web.request_parsing import FORM, FormRoute, Pairs, body, check_origin, fields, number
from flows import lifetimes

# A text to an officer may have 4,000 characters, and a form encodes each Chinese one in 9 bytes.
# The limit is higher, so that a somewhat longer text gets the answer that it is too long.
MAX_FORM_BYTES = 64 * 1024
MAX_FIELDS = 8
COOKIE_SECONDS = lifetimes.DRAFT_DAYS * 24 * 3600
VISIT_SECONDS = secure_links.VISIT_MINUTES * 60
# A post that gave consent may be retried for this many minutes, because the response that sets the
# cookie can get lost.
CONSENT_MINUTES = 10
# Header with the secret name of an anonymous chat. The name is not in the URL, because URLs are
# logged and this header is not. Only our own page's script can send the header, so no link can open
# another person's chat.
NAME_HEADER = "x-kosh-chat"
SITES = ("same-origin", "none")
# A page of a visit (see `secure_page`) posts its chat's name with this prefix. For these posts,
# only the visit's cookie counts, because the browser may also have another person's cookie.
VISIT = "visit:"


@dataclass(frozen=True, slots=True)
class ChatSession:
    """The chat that an open page shows; `person` is None before consent.

    `name` is the chat's secret name. `by_cookie`: the request had a chat cookie. `first_name` is
    the chat's name before the consent; it is set only if the request retries the post that gave
    consent. `framed`: the page is in a frame of another site. `visit`: the page belongs to a visit.
    `ended`: the page showed the chat of a known person, which this browser can no longer open.
    """

    name: str
    person: Person | None
    by_cookie: bool
    first_name: str = ""
    framed: bool = False
    visit: bool = False
    ended: bool = False

    @property
    def marked_name(self) -> str:
        """Return the secret name, with the prefix of a visit."""
        return f"{VISIT}{self.name}" if self.visit else self.name

    @property
    def page_name(self) -> str:
        """Return the name that the page posts; only before consent it contains the secret name."""
        return self.marked_name if self.person is None else VISIT if self.visit else ""


class ChatForm(BaseModel):
    """Fields of a form of the chat page: a text, or the payload of a button.

    `id` identifies the post, `chat` is the secret name of an anonymous chat, and `last` is the id
    of the last message that the page shows. While a rate budget is spent, `seal` is the token of
    the question that the page asks, and `answer` the answer to this question.
    """

    text: str = ""
    payload: str = ""
    id: str = ""
    chat: str = ""
    last: str = ""
    seal: str = ""
    answer: str = ""


class ChatRoute(FormRoute):
    """Route that reads a chat form within size limits and rejects forms of other sites."""

    @staticmethod
    async def read_form(request: Request) -> Pairs:
        """Return the fields of a form that the chat page posted.

        Raises Refused if the form was sent by another site or is too large.
        """
        check_chat_origin(request)
        return fields(await body(request, MAX_FORM_BYTES, FORM), MAX_FIELDS)


def check_chat_origin(request: Request) -> None:
    """Raise Refused (403) for a form that another site sent."""
    check_origin(request, sites=SITES, required=False)


async def find_session(
    request: Request, name: str = "", *, framed: bool | None = None, opens: bool = False
) -> ChatSession:
    """Return the chat of the cookie, else of the secret name in `name` or a header, else a new one.

    The chat of a known person is opened only by a cookie. A page in a frame of another site has a
    separate cookie. Pass `framed` if the request does not show whether the page is framed. A visit
    has a separate cookie too, which also opens a new page (`opens`).
    """
    rt: Runtime = request.app.state.rt
    framed = is_framed(request) if framed is None else framed
    name = name or request.headers.get(NAME_HEADER, "")
    visit = name.startswith(VISIT) and not framed
    name = name.removeprefix(VISIT)
    if framed:
        accepted = [framed_cookie(rt)]
    else:
        accepted = [visit_cookie(rt)] if visit or opens else []
        accepted += [] if visit else [cookie(rt)]
    cookies = {value: each for each in accepted if (value := request.cookies.get(each))}
    names = [each for each in (*cookies, name) if 20 < len(each) < 64 and each.isascii()]
    if names:
        async with rt.pool.connection() as transaction:
            for each in dict.fromkeys(names):
                person = await identities.find(rt, transaction, WebChat.name, each)
                if person is not None and each in cookies:
                    visit = cookies[each] == visit_cookie(rt)
                    return ChatSession(each, person, by_cookie=True, framed=framed, visit=visit)
                if person is None and each == name:
                    return ChatSession(each, None, bool(cookies), framed=framed, visit=visit)
    return ChatSession(token_urlsafe(24), None, bool(cookies), framed=framed, visit=visit)


async def posting_session(request: Request, name: str, event_id: str, last: str) -> ChatSession:
    """Return the chat of a posted form; record `last`, the last message that the page has shown.

    Only the page of a known person posts an id and no name. Without that person, the chat has
    ended: its time is over, or the browser refused or deleted its cookie.
    A post that gave consent may be retried, because the response that sets the cookie can get lost.
    The retry contains the chat's old secret name. The chat is then found under the new name, which
    `consent_names` derives from the old one.
    """
    rt: Runtime = request.app.state.rt
    session = await find_session(request, name)
    name = name.removeprefix(VISIT)
    if session.person is None and name:
        async with rt.pool.connection() as transaction:
            for each in consent_names(rt, name, event_id):
                if await identities.is_new_at(rt, transaction, WebChat.name, each, CONSENT_MINUTES):
                    person = await identities.find(rt, transaction, WebChat.name, each)
                    session = replace(session, name=each, person=person, first_name=name)
    if session.person is None and event_id and not name:
        session = replace(session, ended=True)
    await note_shown(rt, session, last)
    return session


async def outside_visit(request: Request, session: ChatSession) -> ChatSession:
    """Return the session without the mark of a visit if its chat began after the visit.

    If the browser also has the chat of another person, the session keeps the mark and the visit's
    short cookie, because /chat must soon open the other chat again.
    """
    rt: Runtime = request.app.state.rt
    if session.person is None or not session.visit:
        return session
    with suppress(*UNAVAILABLE_ERRORS):
        async with rt.pool.connection() as transaction:
            permanent = await identities.is_permanent(rt, transaction, WebChat.name, session.name)
            own = request.cookies.get(cookie(rt), "")
            known = await identities.find(rt, transaction, WebChat.name, own) if own else None
            return replace(session, visit=not permanent or known is not None)
    return session


def consent_names(rt: Runtime, name: str, event_id: str) -> Sequence[str]:
    """Return the secret names that can replace the chat's name if this event gives consent.

    The names are derived from the chat's name and the event's id, so that the retry of a post finds
    the same chat. There is one name for each version of the key that derives them, because the key
    may have been rotated since the first post.
    """
    found = rt.vault.indexes("web-consent", f"{name}:{event_id}")
    return [urlsafe_b64encode(each).decode().rstrip("=") for each in found]


async def unread_notes(rt: Runtime, session: ChatSession, last: str) -> Sequence[tuple[str, Note]]:
    """Return the notes (changes of the page) after the one with the id `last`, each with its id.

    The notes come from the outbox, or from the Valkey stream for an anonymous chat.
    """
    if session.person is None:
        return await webchat.waiting(rt.valkey, rt.vault, session.name, last)
    return [
        (str(row.id), _note(row))
        for row in await outbox.waiting(rt, session.person, WebChat.name, number(last))
    ]


def _note(row: outbox.Waiting) -> Note:
    if row.message is None:
        return Note(gone=tuple(row.external_id.split(",")))
    replaces = row.external_id if row.act == "edit" else ""
    at = int(row.at.timestamp() * 1000)
    return Note(row.message, replaces, officer=row.officer, news=row.news, at=at)


async def note_shown(rt: Runtime, session: ChatSession, last: str) -> None:
    """Delete the stored texts of a known person's messages that are older than `last`.

    `last` is the last message that the page reports as shown. Only the page's report counts,
    because bytes that were written to a connection may not have arrived.
    """
    if session.person is not None and (before := number(last)):
        await outbox.delete_seen(rt, session.person, WebChat.name, before)


def cookie(rt: Runtime) -> str:
    """Return the name of the cookie that contains the chat's secret name."""
    return "__Host-kosh" if rt.settings.public_url.startswith("https:") else "kosh"


def framed_cookie(rt: Runtime) -> str:
    """Return the name of the cookie for a chat in a frame of another site."""
    return f"{cookie(rt)}-framed"


def visit_cookie(rt: Runtime) -> str:
    """Return the name of the cookie for a visit (see `secure_page`)."""
    return f"{cookie(rt)}-visit"


def has_cookie(request: Request) -> bool:
    """Return True if the request has one of the cookies that contain a chat's secret name."""
    rt: Runtime = request.app.state.rt
    names = (cookie(rt), visit_cookie(rt), framed_cookie(rt))
    return any(each in request.cookies for each in names)


def remember(
    rt: Runtime,
    answer: Response,
    name: str,
    seconds: int = COOKIE_SECONDS,
    *,
    framed: bool = False,
    visit: bool = False,
) -> None:
    """Set the cookie that contains the chat's secret name `name`, for `seconds`.

    With `framed`, set the separate cookie for a chat in a frame of another site. With `visit`, set
    the separate cookie for a visit, so that it does not replace the cookie of the browser's chat.
    """
    if framed:
        # Starlette can set the attribute "Partitioned" only from Python 3.14 on.
        attributes = f"Max-Age={seconds}; Path=/; Secure; HttpOnly; SameSite=None; Partitioned"
        answer.headers.append("set-cookie", f"{framed_cookie(rt)}={name}; {attributes}")
        return
    answer.set_cookie(
        visit_cookie(rt) if visit else cookie(rt),
        name,
        max_age=seconds,
        secure=rt.settings.public_url.startswith("https:"),
        httponly=True,
        samesite="strict",
    )


def forget(rt: Runtime, answer: Response) -> None:
    """Delete the chat's cookies, including those of a visit and of a framed chat.

    A cookie must be deleted with the attributes with which it was set, because browsers require
    this for `__Host-` names.
    """
    remember(rt, answer, "", 0)
    remember(rt, answer, "", 0, visit=True)
    if rt.settings.embed_origins:
        remember(rt, answer, "", 0, framed=True)
