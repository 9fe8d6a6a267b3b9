"""Responses that stream server-sent events to a page of the chat or of the console."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.responses import StreamingResponse

from bot.web.middleware import UNAVAILABLE_ERRORS

EVENT_STREAM = "text/event-stream"
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def event_stream(events: AsyncGenerator[str]) -> StreamingResponse:
    """Return a response that streams `events` to a page."""
    return StreamingResponse(_until_unavailable(events), media_type=EVENT_STREAM, headers=_HEADERS)


async def _until_unavailable(events: AsyncGenerator[str]) -> AsyncGenerator[str]:
    """Yield the events; end the stream if PostgreSQL or Valkey is unavailable.

    The status 200 has been sent already, so the response cannot become a 503. The page reconnects,
    and the stream resumes after the last event that the page received.
    """
    async with aclosing(events):
        try:
            async for each in events:
                yield each
        except UNAVAILABLE_ERRORS:
            return
