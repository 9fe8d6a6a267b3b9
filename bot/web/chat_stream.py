"""Stream new messages to the chat page as server-sent events, resuming after Last-Event-ID."""

import asyncio
from collections.abc import AsyncGenerator

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from bot.cache import CacheUnavailable, Notification, Subscription
from bot.channels import webchat
from bot.channels.webchat import Note
from bot.conversations import planned_hints
from bot.runtime import Runtime
from bot.web.chat_rendering import bubble_of, language_values
from bot.web.chat_session import (
    NAME_HEADER,
    ChatSession,
    find_session,
    note_shown,
    unread_notes,
)
from bot.web.event_stream import event_stream

HEARTBEAT_SECONDS = 20

router = APIRouter()


@router.get("/chat/stream")
async def stream(request: Request) -> Response:
    """Return an event stream of the chat's messages after the last one that the page has shown.

    The page adds the parameter `seen` if it is visible. Without `seen`, a planned hint stays,
    because a page in the background also reconnects.
    If the chat has ended, for example by a quick exit in another tab, the page loads itself again,
    so that it no longer shows the chat's messages.
    """
    rt: Runtime = request.app.state.rt
    session = await find_session(request)
    if session.person is None and session.marked_name != request.headers.get(NAME_HEADER):
        return event_stream(_resync())
    last = request.headers.get("last-event-id") or request.query_params.get("last", "")
    await note_shown(rt, session, last)
    if session.person is not None and "seen" in request.query_params:
        await planned_hints.drop_shown(rt, session.person)
    return event_stream(_events(request, session, last))


async def _events(request: Request, session: ChatSession, last: str) -> AsyncGenerator[str]:
    rt: Runtime = request.app.state.rt
    language = ""
    try:
        async with rt.valkey.listen(webchat.topic(session.name), *_demo_topics(rt)) as subscription:
            yield ": open\n\n"
            while not await request.is_disconnected():
                current = await find_session(request, session.marked_name)
                if current.name != session.name:
                    return  # the page then reconnects with the new cookie
                session = current
                for note_id, note in await unread_notes(rt, session, last):
                    if note.say and note.say.language not in ("", language):
                        language = note.say.language
                        yield _event("language", language_values(rt, language))
                    yield _event(*_note_event(note_id, note), note_id=note_id)
                    last = note_id
                wake = await _wait_for_messages(subscription, request.app.state.closing)
                if request.app.state.closing.is_set():
                    return
                if wake is None:
                    yield ": still here\n\n"
                elif wake.topic == webchat.DEMO_TOPIC:
                    yield _event("registry", {})
    except CacheUnavailable:
        yield _event("resync", {})


async def _resync() -> AsyncGenerator[str]:
    yield _event("resync", {})


async def _wait_for_messages(
    subscription: Subscription, closing: asyncio.Event
) -> Notification | None:
    """Wait for the notification that the chat has new messages; return it.

    Return None after HEARTBEAT_SECONDS without a notification, and at shutdown.
    """
    waits = (asyncio.ensure_future(anext(subscription)), asyncio.ensure_future(closing.wait()))
    try:
        finished, _pending = await asyncio.wait(
            waits, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
    finally:  # also if the page disconnects: the subscription must not leak
        for each in waits:
            each.cancel()
    return waits[0].result() if waits[0] in finished else None


def _demo_topics(rt: Runtime) -> tuple[str, ...]:
    return (webchat.DEMO_TOPIC,) if rt.settings.demo else ()


def _note_event(note_id: str, note: Note) -> tuple[str, dict[str, object]]:
    if note.say is None:
        return "gone", {"ids": note.gone}
    bubble = bubble_of(note_id, note.say, note.officer, note.at)
    return "say", bubble | {"replaces": note.replaces or None, "news": note.news}


def _event(name: str, data: object, *, note_id: str = "") -> str:
    head = f"id: {note_id}\n" if note_id else ""
    return f"{head}event: {name}\ndata: {msgspec.json.encode(data).decode()}\n\n"
