"""Open the secure page: a one-time link starts a 30-minute visit of the chat on one device.

A person gets the link in a messenger. The link does not identify the person. GET changes nothing,
because messengers fetch links for previews. Only the POST of the page's form redeems the link.
"""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel
from starlette.background import BackgroundTask
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.channels import Inbound
from bot.channels.telegram import mini_app
from bot.channels.telegram.client import Telegram
from bot.channels.webchat import WebChat
from bot.conversations import receive
from bot.conversations.anonymous import Overloaded
from bot.conversations.background_delivery import deliver_or_defer
from bot.i18n import direction, tag
from bot.observability import logging
from bot.people import identities, secure_links
from bot.people.secure_links import SecureLink
from bot.runtime import Runtime
from bot.web.chat_rendering import LABELS, TROUBLE
from bot.web.chat_session import VISIT_SECONDS, ChatRoute, ChatSession, find_session, remember
from bot.web.middleware import UNAVAILABLE_ERRORS
from bot.web.reader_language import page_language
from bot.web.templating import templates
from flows.engine.commands import MAX_RELAYED
from flows.engine.events import Resumed
from flows.engine.language_protocol import Refusal
from flows.engine.refusals import REFUSALS
from flows.engine.text import Text, _, button

TITLE = _("Secure page")
READY = _(
    "What you write here does not go through the messenger. The page opens only once, and "
    "only on this device."
)
GO_ON = button("Go on")
OVER = _(
    "This link no longer works: it was used already, or its 10 minutes are over. Write "
    "“new link” in your chat, and you will get a new one."
)
NO_PAGE = _("There is no page at this address. The assistant is in the chat.")
NO_CONSOLE_PAGE = _("There is no page at this address.")
TO_CHAT = button("Go to the chat")
TO_CONSOLE = button("Back to the inbox")
NOT_NOW = _("Right now this can't be done. Nothing was lost; please try again in a minute.")
# The label of a page's link, by its address.
LINKS = {"/chat": TO_CHAT, "/console": TO_CONSOLE}
# The text of the page for an error status; other statuses have TROUBLE.
ERRORS = {
    404: NO_PAGE,
    405: NO_PAGE,
    413: _(REFUSALS[Refusal.TOO_LONG].msgid, most=MAX_RELAYED),
    422: NO_PAGE,
}
WRONG_PERSON = _(
    "This link belongs to another chat. Write “new link” in your own chat to get a new one."
)

_logger = logging.get()
router = APIRouter(route_class=ChatRoute)


class LinkForm(BaseModel):
    """The form on the page of a one-time link.

    `init` is the data that Telegram signs if the link was opened as a Mini App, else "".
    """

    init: str = ""


@router.get("/p/{token}")
async def show_link(request: Request, token: str) -> Response:
    """Return the page of a one-time link with a button to redeem it; 410 if it is used or expired.

    If the link is used or expired, a device with a chat of the link's person is redirected to the
    chat. The chat of another person who uses the device stays closed.
    """
    rt: Runtime = request.app.state.rt
    visit = await _find_link(rt, token)
    if visit is not None:
        return _page(request, (READY,), visit.language, action=request.url.path)
    if await _open_chat(request, token) is not None:
        return RedirectResponse("/chat", 303)
    return _page(request, (OVER,), "", status=410)


@router.post("/p/{token}")
async def redeem_link(request: Request, token: str, form: Annotated[LinkForm, Form()]) -> Response:
    """Redeem the link, set the cookie on this device and repeat the open question in the chat.

    Return 403 if Telegram's data shows that the link was not sent to the person who opened the Mini
    App. Return 410 if the link is used or expired. Return 503 with the cookie if the question could
    not be repeated: then a repeated post from this device repeats it.
    """
    rt: Runtime = request.app.state.rt
    visit = await _find_link(rt, token)
    if visit is not None and not await _is_link_owner(rt, visit, form.init):
        _logger.warning("link.refused", channel=visit.channel)
        return _page(request, (WRONG_PERSON,), visit.language, status=403)
    async with rt.pool.connection() as session:
        name = await secure_links.redeem_link(rt, session, token)
    if name is None:
        opened = await _open_chat(request, token)
        if opened is None:
            return _page(request, (OVER,), "", status=410)
        if not opened.visit:
            return RedirectResponse("/chat", 303)
        name = opened.name
    arrival = Inbound(WebChat.name, f"{name}:{uuid4().hex}", name, name, Resumed())
    try:
        delivery = await receive.receive(rt, arrival)
    except (Overloaded, *UNAVAILABLE_ERRORS):
        answer = error_page(request, 503)
    else:
        task = BackgroundTask(deliver_or_defer, rt, delivery)
        answer = RedirectResponse("/chat", 303, background=task)
    remember(rt, answer, name, VISIT_SECONDS, visit=True)
    return answer


async def _open_chat(request: Request, token: str) -> ChatSession | None:
    """Return the chat on this device if it is of the person of a used or expired link."""
    rt: Runtime = request.app.state.rt
    session = await find_session(request, opens=True)
    if session.person is None:
        return None
    async with rt.pool.connection() as transaction:
        owner = await secure_links.find_owner(rt, transaction, token)
    return session if session.person.id == owner else None


async def _find_link(rt: Runtime, token: str) -> SecureLink | None:
    async with rt.pool.connection() as session:
        return await secure_links.peek_link(rt, session, token)


async def _is_link_owner(rt: Runtime, visit: SecureLink, init_data: str) -> bool:
    """Return False if Telegram does not confirm that the link's person opened the link.

    If the link was sent in Telegram and opened as a Mini App, Telegram's signed data must name the
    person to whom it was sent. In any other case, return True without a check.
    """
    token = rt.settings.telegram_token
    if not init_data or visit.channel != Telegram.name:
        return True
    if token is None:
        return False
    user_id = mini_app.verified_user(token.get_secret_value(), init_data)
    if user_id is None:
        return False
    async with rt.pool.connection() as session:
        person = await identities.find(rt, session, Telegram.name, user_id)
    return person is not None and person.id == visit.person_id


def error_page(request: Request, status: int) -> Response:
    """Return the website's page for an error status, in the browser's language.

    The page has a link to the chat, or to the inbox if the address is one of the console. The page
    for 503 has no link, and is in all languages.
    """
    title = LABELS["title"]
    if status == 503:
        return _page(request, (NOT_NOW,), "", title=title, status=status)
    language = page_language(request.app.state.rt, "", request)
    is_console = request.url.path.startswith("/console")
    text = NO_CONSOLE_PAGE if is_console else ERRORS.get(status, TROUBLE)
    link = "/console" if is_console else "/chat"
    return _page(request, (text,), language, title=title, link=link, status=status)


def _page(
    request: Request,
    texts: tuple[Text, ...],
    language: str,
    *,
    title: Text = TITLE,
    action: str = "",
    link: str = "",
    status: int = 200,
) -> Response:
    """Return a page with texts in `language`, or for "" in all languages.

    The page in all languages begins with the one that the browser prefers.
    """
    rt: Runtime = request.app.state.rt
    first = language or page_language(rt, "", request)
    others = [] if language else [code for code, _own in rt.languages.languages() if code != first]
    codes = [first, *others]
    render = rt.languages.render
    html = templates.get_template("page.html").render(
        lang=tag(codes[0]),
        dir=direction(codes[0]),
        title=render(title, codes[0]),
        said=[(tag(code), direction(code), render(text, code)) for code in codes for text in texts],
        action=action,
        link=link,
        go_on=render(LINKS.get(link, GO_ON), codes[0]),
    )
    return HTMLResponse(html, status, headers={"Cache-Control": "no-store"})
