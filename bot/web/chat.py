"""The web chat: a page, two posts and a stream; the same engine behind as on every channel.

Before consent the page carries the chat's secret name and nothing else does; from consent on a
cookie does, so that the person can come back.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from bot import outbox
from bot.cache import Ear, LiveUnavailable, Wake
from bot.channels import Inbound, Message, webchat
from bot.channels.webchat import Note, WebChat
from bot.conversations import receive, upload_events
from bot.conversations.anonymous import Overloaded
from bot.conversations.effects import Delivery
from bot.file_sanitizer.sanitizer import MAX_BYTES
from bot.i18n import direction, tag
from bot.people import identities
from bot.people.identities import Person
from bot.runtime import Runtime
from bot.web import multipart
from bot.web.middleware import UNAVAILABLE_ERRORS
from bot.web.request_parsing import Refused, body, fields, number
from flows.engine.events import Event, Kind, Pressed, Said, Started, Unreadable
from flows.engine.language_protocol import Reserved
from flows.engine.text import Text, _, button

MAX_BODY_BYTES = 32 * 1024
AROUND_A_FILE = 256 * 1024
FORM = "application/x-www-form-urlencoded"
HEARTBEAT_SECONDS = 20
COOKIE_SECONDS = 30 * 24 * 3600
NAMED_MINUTES = 10
EXIT_URL = "/away"
EXIT = "!exit"

LABELS: dict[str, Text] = {
    "title": _("Kosh"),
    "placeholder": _("Write here"),
    "send": button("Send"),
    "you": _("You:"),
    "kosh": _("Kosh:"),
    "sending": _("Sending…"),
    "sent": _("Sent"),
    "failed": _("Not sent."),
    "retry": button("Try again"),
    "offline": _("No connection. What you write is kept on this page."),
    "online": _("The connection is back."),
    "skip_to_chat": _("Go to the writing field"),
    "close_page": button("Close and clear"),
    "newest": _("To the newest message"),
    "registry_panel": _("What the registry received"),
    "registry_empty": _("Nothing yet."),
}
TROUBLE = _("Something went wrong on our side. Your answers are safe. Please try again.")
AWAY = _("Phrase of the day: “Good morning! How are you?”")

templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who has the page open: the chat's name, and the person if there is one."""

    name: str
    person: Person | None
    by_cookie: bool


@dataclass(frozen=True, slots=True)
class Unheard:
    """What could not be taken: it stands in the field again, to be sent under the same id."""

    text: str
    id: str


async def page(request: Request) -> Response:
    """The page with what stands in the chat; the first visit begins a conversation."""
    rt: Runtime = request.app.state.rt
    # Only our own script names a chat here: a link could name one that its writer reads too.
    named = request.query_params.get("chat", "") if _by_script(request) else ""
    visitor = await _visitor(request, named)
    notes = await _notes(rt, visitor, "")
    if not notes:
        hint = request.headers.get("accept-language", "")[:2]
        try:
            await _take(rt, visitor, uuid4().hex, Started("", hint))
        except Overloaded:
            return _rendered(rt, visitor, notes, Unheard("", uuid4().hex))
        notes = await _notes(rt, visitor, "")
    return _rendered(rt, visitor, notes)


async def said(request: Request) -> Response:
    fields = await form(request)
    text = fields.get("text", "")
    answer = await _post(request, fields, Said(text))
    rt: Runtime = request.app.state.rt
    if rt.languages.reserved(text) is not Reserved.EXIT:
        return answer
    # The script says it once more; without it the page would stay, with the word in its field.
    again = answer.status_code >= 400 and _by_script(request)
    return answer if again else _leaving(request, answer)


async def pressed(request: Request) -> Response:
    fields = await form(request)
    payload = fields.get("payload", "")
    answer = await _post(request, fields, Pressed(payload))
    return _leaving(request, answer) if payload == EXIT and not _by_script(request) else answer


def _leaving(request: Request, answer: Response) -> Response:
    """A quick exit also leaves the page, for one that says nothing of this."""
    if _by_script(request):
        return JSONResponse({"ok": True, "leave": EXIT_URL}, 202, background=answer.background)
    return RedirectResponse(EXIT_URL, 303)


async def attached(request: Request) -> Response:
    """A file for the question that is open; answered when it was looked at."""
    rt: Runtime = request.app.state.rt
    check_origin(request)
    # A file that is too large is to be refused as one, before its form is.
    sent = await multipart.opened(request, MAX_BYTES + AROUND_A_FILE)
    visitor = await _poster(request, sent.fields)
    try:
        delivery = await upload_events.take_upload(rt, visitor.person, sent.file)
    except LookupError:
        return await _post(request, sent.fields, Unreadable("document"))
    return await _answered(request, visitor, delivery)


async def _post(request: Request, fields: dict[str, str], event: Event) -> Response:
    """One thing said or pressed; without the script the answer is the page itself."""
    rt: Runtime = request.app.state.rt
    event_id = fields.get("id") or uuid4().hex
    unheard = Unheard(fields.get("text", ""), event_id)
    try:
        visitor = await _poster(request, fields)
        delivery = await _receive(rt, visitor, event_id, event)
        answer = await _answered(request, visitor, delivery)
        await _carry(rt, answer, visitor, delivery)
    except Overloaded:
        if _by_script(request):
            told = {"error": "E_OVERLOADED", "message": _in_all(rt, TROUBLE)}
            return JSONResponse(told, 503)
        return _rendered(rt, visitor, await _notes(rt, visitor, ""), unheard)
    except UNAVAILABLE_ERRORS:
        if _by_script(request):
            raise
        return _rendered(rt, Visitor(fields.get("chat", ""), None, by_cookie=False), [], unheard)
    return answer


async def _carry(
    rt: Runtime, answer: Response, visitor: Visitor, delivery: Delivery | None
) -> None:
    """Remember for another month who is known, but nobody on a visit; forget who is no more."""
    if delivery is None:
        return
    if delivery.person is None:
        if visitor.by_cookie:
            forget(rt, answer)
        return
    # What was taken is answered whatever happens now; the next post renews the cookie too.
    with suppress(*UNAVAILABLE_ERRORS):
        async with rt.pool.connection() as session:
            if await identities.stays(rt, session, WebChat.name, visitor.name):
                remember(rt, answer, visitor.name)


async def _answered(request: Request, visitor: Visitor, delivery: Delivery | None) -> Response:
    """A word that it was taken, for the script; else the page with all that stands now."""
    rt: Runtime = request.app.state.rt
    if _by_script(request):
        background = BackgroundTask(receive.deliver, rt, delivery)
        return JSONResponse({"ok": True, "chat": visitor.name}, 202, background=background)
    await receive.deliver(rt, delivery)
    now = await _visitor(request, visitor.name)
    return _rendered(rt, now, await _notes(rt, now, ""))


async def stream(request: Request) -> Response:
    """Messages as they come, as server-sent events; Last-Event-ID is honoured."""
    visitor = await _visitor(request, request.query_params.get("chat", ""))
    last = request.headers.get("last-event-id") or request.query_params.get("last", "")
    await _has(request.app.state.rt, visitor, last)
    return StreamingResponse(
        _events(request, visitor, last),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(request: Request, visitor: Visitor, last: str) -> AsyncIterator[str]:
    rt: Runtime = request.app.state.rt
    language = ""
    try:
        async with rt.live.listen(webchat.topic(visitor.name), *_demo_topics(rt)) as ear:
            yield ": open\n\n"
            while not await request.is_disconnected():
                now = await _visitor(request, visitor.name)
                if now.name != visitor.name:
                    return  # the page comes again, and with the cookie
                visitor = now
                for note_id, note in await _notes(rt, visitor, last):
                    if note.say and note.say.language not in ("", language):
                        language = note.say.language
                        yield _event("language", _language(rt, language))
                    yield _event(*_told(note_id, note), note_id=note_id)
                    last = note_id
                wake = await _woken(ear, request.app.state.closing)
                if request.app.state.closing.is_set():
                    return
                if wake is None:
                    yield ": still here\n\n"
                elif wake.topic == webchat.DEMO_TOPIC:
                    yield _event("registry", {})
    except LiveUnavailable:
        yield _event("resync", {})


async def _woken(ear: Ear, closing: asyncio.Event) -> Wake | None:
    """The next wake-up; None when it was quiet for a while or the server is about to end."""
    waits = (asyncio.ensure_future(anext(ear)), asyncio.ensure_future(closing.wait()))
    try:
        done, _pending = await asyncio.wait(
            waits, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
    finally:  # also when the page goes, or each would leave an ear behind
        for each in waits:
            each.cancel()
    return waits[0].result() if waits[0] in done else None


def _demo_topics(rt: Runtime) -> tuple[str, ...]:
    return (webchat.DEMO_TOPIC,) if rt.settings.demo else ()


def _told(note_id: str, note: Note) -> tuple[str, dict[str, object]]:
    if note.say is None:
        return "gone", {"ids": note.gone}
    return "say", bubble_of(note_id, note.say) | {"replaces": note.replaces or None}


def _event(name: str, data: object, *, note_id: str = "") -> str:
    head = f"id: {note_id}\n" if note_id else ""
    return f"{head}event: {name}\ndata: {msgspec.json.encode(data).decode()}\n\n"


async def _notes(rt: Runtime, visitor: Visitor, last: str) -> list[tuple[str, Note]]:
    """What the page has not got yet: rows of the outbox, or the stream of who just asks."""
    if visitor.person is None:
        return await webchat.waiting(rt.live, rt.vault, visitor.name, last)
    return [
        (str(row.id), _note(row))
        for row in await outbox.waiting(rt, visitor.person, WebChat.name, number(last))
    ]


async def _has(rt: Runtime, visitor: Visitor, last: str) -> None:
    """The page says which message is the last that it has: the texts before that can go.

    What was written into its line says nothing: the line may have been dead for a while.
    """
    if visitor.person is not None and (before := number(last)):
        await outbox.seen(rt, visitor.person, WebChat.name, before)


def _note(row: outbox.Waiting) -> Note:
    if row.message is None:
        return Note(gone=tuple(row.external_id.split(",")))
    return Note(row.message, row.external_id if row.act == "edit" else "")


async def _take(rt: Runtime, visitor: Visitor, event_id: str, event: Event) -> None:
    await receive.deliver(rt, await _receive(rt, visitor, event_id, event))


async def _receive(rt: Runtime, visitor: Visitor, event_id: str, event: Event) -> Delivery | None:
    newest = ""
    if isinstance(event, Pressed):
        notes = await _notes(rt, visitor, "")
        newest = next((key for key, note in reversed(notes) if note.say), "")
    return await receive.receive(
        rt,
        Inbound(
            channel=WebChat.name,
            external_id=f"{visitor.name}:{event_id[:64]}",
            handle=visitor.name,
            address=visitor.name,
            event=event,
            message_id=newest or event_id[:64],
            press_id=newest,
        ),
    )


async def _visitor(request: Request, named: str) -> Visitor:
    """The chat of the cookie if it is somebody's, else the one the page names, else a new one.

    A name stands in addresses, which others may log: somebody's chat it opens only until the cookie
    must have come.
    """
    rt: Runtime = request.app.state.rt
    by_cookie = request.cookies.get(cookie(rt), "")
    for name in (by_cookie, named):
        if 20 < len(name) < 64 and name.isascii():
            async with rt.pool.connection() as session:
                person = await identities.find(rt, session, WebChat.name, name)
                known = person is not None
                if known and (
                    name == by_cookie
                    or await identities.is_new_at(rt, session, WebChat.name, name, NAMED_MINUTES)
                ):
                    return Visitor(name, person, bool(by_cookie))
            if not known and name == named:
                return Visitor(name, None, bool(by_cookie))
    return Visitor(token_urlsafe(24), None, bool(by_cookie))


async def _poster(request: Request, fields: dict[str, str]) -> Visitor:
    """Who posts; the script says along with it what the page has."""
    visitor = await _visitor(request, fields.get("chat", ""))
    await _has(request.app.state.rt, visitor, fields.get("last", ""))
    return visitor


async def form(request: Request) -> dict[str, str]:
    check_origin(request)
    raw = await body(request, MAX_BODY_BYTES, FORM)
    return dict(fields(raw, 8))


def check_origin(request: Request) -> None:
    """A form may come only from a page of ours."""
    site = request.headers.get("sec-fetch-site", "")
    origin = request.headers.get("origin")
    # Without a referrer browsers send "null" as the origin; then they have to say where from.
    foreign = origin not in (None, "null") and urlsplit(origin).netloc != request.headers["host"]
    if foreign or site not in ("", "same-origin", "none") or (origin == "null" and not site):
        raise Refused(403)


def _by_script(request: Request) -> bool:
    return request.headers.get("x-requested-with") == "kosh"


def cookie(rt: Runtime) -> str:
    return "__Host-kosh" if rt.settings.public_url.startswith("https:") else "kosh"


def remember(rt: Runtime, answer: Response, name: str, seconds: int = COOKIE_SECONDS) -> None:
    answer.set_cookie(
        cookie(rt),
        name,
        max_age=seconds,
        secure=rt.settings.public_url.startswith("https:"),
        httponly=True,
        samesite="strict",
    )


def forget(rt: Runtime, answer: Response) -> None:
    """Take the cookie away: as it was set, or browsers would not listen for such a name."""
    remember(rt, answer, "", 0)


def _rendered(
    rt: Runtime, visitor: Visitor, notes: list[tuple[str, Note]], unheard: Unheard | None = None
) -> Response:
    bubbles = _standing(notes)
    language = next((str(each["language"]) for each in reversed(bubbles)), "")
    told = _language(rt, language or rt.settings.languages[0])
    html = templates.get_template("chat.html").render(
        **told,
        bubbles=bubbles,
        chat=visitor.name if visitor.person is None else "",
        form_id=unheard.id if unheard else uuid4().hex,
        typed=unheard.text if unheard else "",
        trouble=_trouble(rt, language) if unheard else "",
        demo=rt.settings.demo,
        stream="/chat/stream",
        exit_url=EXIT_URL,
        exit_payload=EXIT,
    )
    return HTMLResponse(html, 503 if unheard else 200, headers={"Cache-Control": "no-store"})


def _trouble(rt: Runtime, language: str) -> str:
    return rt.languages.render(TROUBLE, language) if language else _in_all(rt, TROUBLE)


def _standing(notes: list[tuple[str, Note]]) -> list[dict[str, object]]:
    """The bubbles that stand after all notes: replaced ones and gone ones are not among them."""
    bubbles: dict[str, dict[str, object]] = {}
    for note_id, note in notes:
        for gone in (*note.gone, note.replaces):
            bubbles.pop(gone, None)
        if note.say is not None:
            bubbles[note_id] = bubble_of(note_id, note.say)
    standing = list(bubbles.values())
    for each in standing[:-1]:
        each["buttons"], each["file"] = [], ""
    return standing


def bubble_of(note_id: str, message: Message) -> dict[str, object]:
    """A message as the page shows it."""
    plain = [each for each in message.buttons if each.kind in (Kind.OPTION, Kind.LINK)]
    controls = [each for each in message.buttons if each.kind in (Kind.CONTROL, Kind.CONTACT)]
    lines = [line for paragraph in message.paragraphs for line in paragraph.split("\n")]
    rows = [
        [{"payload": b.payload, "label": b.label, "kind": b.kind} for b in row]
        for row in (plain, controls)
        if row
    ]
    return {
        "id": note_id,
        "own": False,
        "paragraphs": [*filter(None, [message.place]), *lines],
        "buttons": rows,
        "file": next((each.label for each in message.buttons if each.kind == Kind.FILE), ""),
        "language": message.language,
        "lang": tag(message.language) or "mul",
        "dir": direction(message.language),
        "protect": message.protect,
    }


def _language(rt: Runtime, language: str) -> dict[str, object]:
    render = rt.languages.render
    labels = {name: render(label, language) for name, label in LABELS.items()}
    return {"lang": tag(language), "dir": direction(language), "labels": labels}


def _in_all(rt: Runtime, text: Text) -> str:
    return " / ".join(rt.languages.render(text, code) for code, _own in rt.languages.languages())


async def away(request: Request) -> Response:
    """Where a quick exit leads: a page that says nothing of this one."""
    rt: Runtime = request.app.state.rt
    return HTMLResponse(
        f"<!doctype html><meta charset=utf-8><title>…</title><p>{_in_all(rt, AWAY)}",
        headers={"Cache-Control": "no-store", "Clear-Site-Data": '"cache"'},
    )


ROUTES = [
    Route("/", lambda request: RedirectResponse("/chat")),
    Route("/chat", page, methods=["GET"]),
    Route("/chat/said", said, methods=["POST"]),
    Route("/chat/pressed", pressed, methods=["POST"]),
    Route("/chat/file", attached, methods=["POST"]),
    Route("/chat/stream", stream, methods=["GET"]),
    Route(EXIT_URL, away, methods=["GET"]),
]
