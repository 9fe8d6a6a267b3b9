"""The way into the secure page: a one-time link becomes a visit of half an hour, on one device.

The link carries no identity. Opening it changes nothing, so that a messenger's preview does not use
it up; the button does.
"""

import time
from uuid import uuid4

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.channels import Inbound
from bot.channels.telegram.client import Telegram
from bot.channels.webchat import WebChat
from bot.conversations import receive
from bot.i18n import direction, tag
from bot.observability import logging
from bot.people import identities, secure_links
from bot.people.secure_links import Visit
from bot.runtime import Runtime
from bot.web import chat
from flows.engine.events import Resumed
from flows.engine.text import Text, _, button

VISIT_SECONDS = secure_links.VISIT_MINUTES * 60
FRESH_SECONDS = 600

TITLE = _("A page of our own")
READY = _(
    "What you write here does not go through the messenger. The page opens once, on this device"
    " only."
)
GO_ON = button("Go on")
OVER = _(
    "This link no longer works: it was used already, or its 10 minutes are over. Write anything in"
    " the chat that you came from, and you will get a new one."
)
NOT_NOW = _("Right now this can't be done. Nothing was lost; please try again in a minute.")
ELSEWHERE = _("This link belongs to another chat. Write anything in yours to get one.")

_logger = logging.get()


async def knock(request: Request) -> Response:
    """What a link opens: a button, or a plain page that says what to do."""
    rt: Runtime = request.app.state.rt
    visit = await _announced(rt, request)
    if visit is not None:
        return _page(rt, (READY,), visit.language, action=request.url.path)
    if await _is_inside(rt, request):
        return RedirectResponse("/chat", 303)
    return _page(rt, (OVER,), "", status=410)


async def enter(request: Request) -> Response:
    """The button: the link is used up, this device gets the cookie, the question is asked."""
    rt: Runtime = request.app.state.rt
    form = await chat.form(request)
    visit = await _announced(rt, request)
    if visit is not None and not await _is_theirs(rt, visit, form.get("init", "")):
        _logger.warning("link.refused", channel=visit.channel)
        return _page(rt, (ELSEWHERE,), visit.language, status=403)
    async with rt.pool.connection() as session:
        name = await secure_links.enter(rt, session, request.path_params["token"])
    if name is None:
        return _page(rt, (OVER,), "", status=410)
    arrival = Inbound(WebChat.name, f"{name}:{uuid4().hex}", name, name, Resumed())
    delivery = await receive.receive(rt, arrival)
    answer = RedirectResponse(
        "/chat", 303, background=BackgroundTask(receive.deliver, rt, delivery)
    )
    chat.remember(rt, answer, name, VISIT_SECONDS)
    return answer


async def _announced(rt: Runtime, request: Request) -> Visit | None:
    async with rt.pool.connection() as session:
        return await secure_links.announced(rt, session, request.path_params["token"])


async def _is_inside(rt: Runtime, request: Request) -> bool:
    name = request.cookies.get(chat.cookie(rt), "")
    if not name:
        return False
    async with rt.pool.connection() as session:
        return await identities.find(rt, session, WebChat.name, name) is not None


async def _is_theirs(rt: Runtime, visit: Visit, init_data: str) -> bool:
    """Where Telegram vouches for who opened a Mini App, it must be who was given the link."""
    token = rt.settings.telegram_token
    if not init_data or visit.channel != Telegram.name:
        return True
    if token is None:
        return False
    from aiogram.utils.web_app import safe_parse_webapp_init_data

    try:
        said = safe_parse_webapp_init_data(token.get_secret_value(), init_data)
    except ValueError:
        return False
    if said.user is None or time.time() - said.auth_date.timestamp() > FRESH_SECONDS:
        return False
    async with rt.pool.connection() as session:
        person = await identities.find(rt, session, Telegram.name, str(said.user.id))
    return person is not None and person.id == visit.person_id


def not_now(rt: Runtime) -> Response:
    """What somebody looks at when nothing can be read or written, in all languages."""
    return _page(rt, (NOT_NOW,), "", title=chat.LABELS["title"], status=503)


def _page(
    rt: Runtime,
    texts: tuple[Text, ...],
    language: str,
    *,
    title: Text = TITLE,
    action: str = "",
    status: int = 200,
) -> Response:
    codes = [language] if language else [code for code, _own in rt.languages.languages()]
    render = rt.languages.render
    html = chat.templates.get_template("page.html").render(
        lang=tag(codes[0]),
        dir=direction(codes[0]),
        title=render(title, codes[0]),
        said=[(tag(code), direction(code), render(text, code)) for code in codes for text in texts],
        action=action,
        go_on=render(GO_ON, codes[0]),
    )
    return HTMLResponse(html, status, headers={"Cache-Control": "no-store"})


ROUTES = [
    Route("/p/{token}", knock, methods=["GET"]),
    Route("/p/{token}", enter, methods=["POST"]),
]
