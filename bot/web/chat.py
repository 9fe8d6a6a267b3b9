"""Serve the web chat: a page and POST routes for texts, buttons and files.

A chat is identified by a secret name. Before the person consents to the storage of their data, only
the open page has the name. After consent a cookie contains it, so that the person can return to the
chat. The quick exit replaces the chat by a neutral page, for a person who is being watched.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated
from uuid import NAMESPACE_URL, uuid4, uuid5

from fastapi import APIRouter, Form, Query, Request
from starlette.background import BackgroundTask
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from bot import outbox
from bot.budgets.spending import is_shared
from bot.cache import CacheUnavailable
from bot.channels import Inbound
from bot.channels.webchat import Note, WebChat
from bot.conversations import anonymous, planned_hints, receive, upload_events
from bot.conversations.anonymous import Overloaded
from bot.conversations.background_delivery import deliver_or_defer
from bot.conversations.effects import AfterCommit
from bot.conversations.posters import POSTER
from bot.file_sanitizer.sanitizer import MAX_BYTES
from bot.i18n import direction, tag
from bot.observability import metrics
from bot.people import identities
from bot.runtime import Runtime
from bot.web import multipart
from bot.web.chat_budget import (
    Answered,
    PostRefused,
    receive_within_budgets,
    refused_for_script,
    refused_page,
)
from bot.web.chat_rendering import (
    EXIT,
    EXIT_URL,
    LEAVING,
    Notes,
    OwnWords,
    Unsent,
    render_page,
    trouble,
)
from bot.web.chat_session import (
    COOKIE_SECONDS,
    NAME_HEADER,
    SITES,
    VISIT,
    VISIT_SECONDS,
    ChatForm,
    ChatRoute,
    ChatSession,
    check_chat_origin,
    consent_names,
    find_session,
    forget,
    has_cookie,
    outside_visit,
    posting_session,
    remember,
    unread_notes,
)
from bot.web.connection_limits import limited_network
from bot.web.middleware import UNAVAILABLE_ERRORS
from bot.web.reader_language import browser_language, page_language
from bot.web.request_parsing import client_host
from bot.web.templating import templates
from flows.engine.events import Event, Page, Pressed, Said, Unreadable
from flows.engine.language_protocol import Reserved
from flows.engine.text import _

# Bytes that a form may have in addition to its file: other fields, boundaries and headers.
MAX_FORM_OVERHEAD = 256 * 1024
AWAY_TITLE = _("Phrase book")
AWAY = _("Phrase of the day: “Good morning! How are you?”")

router = APIRouter()
forms = APIRouter(route_class=ChatRoute)


@router.get("/chat")
async def page(request: Request, source: Annotated[str, Query(alias="from")] = "") -> Response:
    """Return the chat page with its messages; a new chat shows the greeting and stores nothing.

    Opening the page renews the chat's cookie, as a post does, so that a person who only reads keeps
    the chat. The cookie of a visit is not renewed: while it is valid, the browser's own chat,
    perhaps of another person, cannot be opened. The cookie of a chat that has ended is deleted.
    If the connection was lost at the quick exit, redirect to EXIT_URL, which ends the chat.
    A visit from a poster's QR code is counted, then redirected to the page's address without the
    query.
    """
    rt: Runtime = request.app.state.rt
    if source == POSTER:
        metrics.POSTERS.labels(WebChat.name).inc()
        return RedirectResponse("/chat", 303)
    if _is_leaving(request):
        return RedirectResponse(EXIT_URL, 303)
    session = await find_session(request, opens=True)
    named = session.person is not None or NAME_HEADER in request.headers
    notes = await unread_notes(rt, session, "") if named else ()
    browser = browser_language(rt, request) or ""
    answer = render_page(rt, session, notes or _greeting(rt, session), browser=browser)
    # The script also fetches the page in a tab in the background.
    if session.person is not None and not _by_script(request):
        await planned_hints.drop_shown(rt, session.person)
    if session.person is None or not session.visit:
        await _renew_cookie(rt, answer, session)
    return answer


def _greeting(rt: Runtime, session: ChatSession) -> Notes:
    """Return the greeting for the page of a new chat; () if the chat's person has consented.

    The greeting is a list of notes, which are changes of the page (see `chat_rendering`).
    """
    if session.person is not None:
        return ()
    says = anonymous.greeting(rt, rt.content.on(datetime.now(UTC).date()), Page.NEVER).says
    messages = (outbox.rendered(rt, say) for say in says)
    return [(f"0-{number}", Note(message)) for number, message in enumerate(messages, 1)]


@forms.post("/chat/said")
async def said(request: Request, form: Annotated[ChatForm, Form()]) -> Response:
    """Process a posted text; the quick-exit word also redirects the browser to a neutral page."""
    rt: Runtime = request.app.state.rt
    if rt.languages.reserved(form.text) is Reserved.EXIT:
        return await _exit(request, form, Said(form.text))
    return await _post(request, form, Said(form.text))


@forms.post("/chat/pressed")
async def pressed(request: Request, form: Annotated[ChatForm, Form()]) -> Response:
    """Process a pressed button; the quick-exit button also redirects to a neutral page."""
    if form.payload == EXIT:
        return await _exit(request, form, Pressed(EXIT))
    return await _post(request, form, Pressed(form.payload))


async def _exit(request: Request, form: ChatForm, event: Event) -> Response:
    """Redirect the browser to a page that does not mention Kosh, and delete the chat's cookie.

    The browser leaves the chat even if the database is unavailable and the event is not stored. A
    person in danger must not wait, and without the cookie the browser does not open the chat again.
    """
    background = None
    with suppress(*UNAVAILABLE_ERRORS):
        background = (await _post(request, form, event)).background
    if _by_script(request):
        answer: Response = JSONResponse({"ok": True, "leave": EXIT_URL}, 202)
    else:
        answer = RedirectResponse(EXIT_URL, 303)
    answer.background = background
    forget(request.app.state.rt, answer)
    return answer


@router.post("/chat/file")
async def attached(request: Request) -> Response:
    """Check an uploaded file and process it as the answer to the chat's open question."""
    rt: Runtime = request.app.state.rt
    check_chat_origin(request)
    # The limit for the form is larger than the one for its file. So a file that is too large
    # reaches the check of uploads, which explains to the person why the file was rejected.
    sent = await multipart.opened(request, MAX_BYTES + MAX_FORM_OVERHEAD)
    form = ChatForm.model_validate(sent.fields)
    session = await posting_session(request, form.chat, form.id, form.last)
    try:
        network = limited_network(request.scope)
        address = "" if is_shared(rt, client_host(request)) else network
        delivery = await upload_events.take_upload(rt, session.person, sent.file, address)
    except LookupError:
        return await _post(request, form, Unreadable("document"))
    return await _acknowledge(request, session, delivery, None)


async def _post(request: Request, form: ChatForm, event: Event) -> Response:
    """Process one event of the person: a text, a pressed button or an unreadable file.

    Respond with JSON to the page's script, otherwise with the whole page.
    """
    rt: Runtime = request.app.state.rt
    event_id = form.id or uuid4().hex
    unsent = Unsent(form.text, event_id)
    try:
        session = await posting_session(request, form.chat, form.id, form.last)
        answered = Answered(form.seal, form.answer) if form.seal else None
        own = None if _by_script(request) else await _own_words(rt, session, form, event_id, event)
        delivery, session = await _receive(request, session, event_id, event, answered)
        session = await outside_visit(request, session)
        answer = await _acknowledge(request, session, delivery, own)
        await _renew_cookie(rt, answer, session)
    except PostRefused as denied:
        if _by_script(request):
            return refused_for_script(denied)
        language = await _language(request, session, form.payload)
        resent = form.model_copy(update={"chat": form.chat or session.page_name, "id": event_id})
        return refused_page(request, resent, event, denied, language)
    except Overloaded:
        if _by_script(request):
            error = {"error": "E_OVERLOADED", "message": trouble(rt, "")}
            return JSONResponse(error, 503)
        return render_page(rt, session, await unread_notes(rt, session, ""), unsent)
    except UNAVAILABLE_ERRORS:
        if _by_script(request):
            raise
        return render_page(rt, ChatSession(form.chat, None, by_cookie=False), [], unsent)
    return answer


async def _language(request: Request, session: ChatSession, payload: str) -> str:
    """Return the language for the page that rejects a post; "" if the language is unknown.

    The language is that of the chat's last message, otherwise the one that the pressed button
    chooses, otherwise the one that the browser prefers.
    """
    rt: Runtime = request.app.state.rt
    notes: Notes = ()
    with suppress(CacheUnavailable):
        notes = await unread_notes(rt, session, "")
    languages = (
        note.say.language for _id, note in reversed(notes) if note.say and note.say.language
    )
    chosen = payload.rpartition(":")[2]
    codes = [code for code, _own in rt.languages.languages()]
    browsers = browser_language(rt, request) or ""
    return next(languages, "") or (chosen if chosen in codes else browsers)


async def _own_words(
    rt: Runtime, session: ChatSession, form: ChatForm, event_id: str, event: Event
) -> OwnWords | None:
    """Return the person's message to show: the posted text, or the label of the pressed button."""
    try:
        notes = await unread_notes(rt, session, "") or _greeting(rt, session)
    except CacheUnavailable:
        return None
    shown = [button for _key, note in notes if note.say for button in note.say.buttons]
    label = next((each.label for each in shown if each.payload == form.payload), "")
    text, typed = (form.text.strip(), "") if isinstance(event, Said) else (label, form.text)
    update_id = _update_id(event_id, event)
    return OwnWords(text, update_id, frozenset(key for key, _note in notes), typed)


async def _renew_cookie(rt: Runtime, answer: Response, session: ChatSession) -> None:
    """Renew the cookie of a known person's chat; delete a cookie whose chat is unknown.

    A cookie that a one-time link set is valid for 30 minutes and is not renewed. If it is deleted,
    the browser keeps the cookie of its own chat, which can be another person's.
    """
    if session.person is None:
        if session.by_cookie and session.visit:
            remember(rt, answer, "", 0, visit=True)
        elif session.by_cookie:
            forget(rt, answer)
        return
    # The person's event is committed, so the response must acknowledge it even if renewing the
    # cookie fails. The next post renews the cookie too.
    with suppress(*UNAVAILABLE_ERRORS):
        async with rt.pool.connection() as transaction:
            if await identities.is_permanent(rt, transaction, WebChat.name, session.name):
                seconds = VISIT_SECONDS if session.visit else COOKIE_SECONDS
                visit = session.visit
                remember(rt, answer, session.name, seconds, framed=session.framed, visit=visit)


async def _acknowledge(
    request: Request, session: ChatSession, delivery: AfterCommit | None, own: OwnWords | None
) -> Response:
    """Acknowledge a processed event: 202 for the page's script, otherwise the whole page."""
    rt: Runtime = request.app.state.rt
    if _by_script(request):
        background = BackgroundTask(deliver_or_defer, rt, delivery)
        answer = {"ok": True, "chat": session.page_name, "ended": session.ended}
        return JSONResponse(answer, 202, background=background)
    await receive.deliver(rt, delivery)
    browser = browser_language(rt, request) or ""
    return render_page(rt, session, await unread_notes(rt, session, ""), own=own, browser=browser)


async def _receive(
    request: Request,
    session: ChatSession,
    event_id: str,
    event: Event,
    answered: Answered | None,
) -> tuple[AfterCommit | None, ChatSession]:
    """Process an event; return the messages to send after the commit, and the event's chat.

    The returned chat has a new secret name if the event gave the consent to store the person's
    data.
    """
    rt: Runtime = request.app.state.rt
    newest = ""
    if isinstance(event, Pressed):
        with suppress(CacheUnavailable):
            notes = await unread_notes(rt, session, "") or _greeting(rt, session)
            newest = next((key for key, note in reversed(notes) if note.say), "")
    new_name = consent_names(rt, session.name, event_id)[0]
    update_id = event_id[:64] if _by_script(request) else _update_id(event_id, event)
    delivery = await receive_within_budgets(
        request,
        Inbound(
            channel=WebChat.name,
            external_id=f"{session.first_name or session.name}:{update_id}",
            handle=session.name,
            address=session.name,
            event=event,
            message_id=newest or update_id,
            press_id=newest,
            consent_handle=new_name,
        ),
        answered,
    )
    if delivery is None or (session.person is None) is (delivery.person is None):
        return delivery, session
    if delivery.person is None:
        return delivery, replace(session, person=None, first_name="")
    return delivery, replace(session, name=new_name, person=delivery.person, first_name="")


def _update_id(event_id: str, event: Event) -> str:
    """Return the id by which a repeated post of a page without the script is recognised.

    The id depends also on the event, because all forms of such a page have one id. A person can
    post another form of the same page, for example after the browser's button "Back". The script
    gives each post its own id. If the script's post was refused, its id may change when the page
    is posted, because a post that was processed is not refused when it is repeated. The next
    version, which may process the repetition, must compute the same id.
    """
    match event:
        case Said(text):
            posted = f"said\0{text}"
        case Pressed(payload):
            posted = f"pressed\0{payload}"
        case _:
            posted = "file"
    return uuid5(NAMESPACE_URL, f"{event_id}\0{posted}").hex


def _by_script(request: Request) -> bool:
    return request.headers.get("x-requested-with") == "kosh"


@router.get(EXIT_URL)
async def away(request: Request) -> Response:
    """Return the page that replaces the chat after a quick exit: a neutral phrase book.

    End the chat if its page led here and the browser still has the chat's cookie, because the
    page's post about the exit can get lost.
    """
    rt: Runtime = request.app.state.rt
    codes = [code for code, _own in rt.languages.languages()]
    first = page_language(rt, "", request)
    html = templates.get_template("away.html").render(
        lang=tag(first),
        dir=direction(first),
        title=rt.languages.render(AWAY_TITLE, first),
        phrases=[(tag(code), direction(code), rt.languages.render(AWAY, code)) for code in codes],
    )
    headers = {"Cache-Control": "no-store", "Clear-Site-Data": '"cache"'}
    answer = HTMLResponse(html, headers=headers)
    if _is_leaving(request):
        answer.delete_cookie(LEAVING)
        if has_cookie(request):
            answer.background = BackgroundTask(_end_chat, request)
            forget(rt, answer)
    return answer


def _is_leaving(request: Request) -> bool:
    """Return True if the chat's page led to EXIT_URL, which has not answered since then.

    A request that another site caused does not count.
    """
    is_own = request.headers.get("sec-fetch-site", SITES[0]) in SITES
    return is_own and LEAVING in request.cookies


async def _end_chat(request: Request) -> None:
    """Process the quick exit of the chat whose page led here, if it has not ended yet.

    The browser may also have the cookie of another person's chat, which goes on.
    """
    name = VISIT if request.cookies[LEAVING] == VISIT else ""
    with suppress(*UNAVAILABLE_ERRORS):
        session = await find_session(request, name)
        if session.person is not None:
            await _post(request, ChatForm(chat=session.page_name), Pressed(EXIT))


router.include_router(forms)
