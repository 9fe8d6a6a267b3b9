"""Requests that no HTTP client would send."""

import asyncio

from tests.app_stack import AppStack


async def send_raw(stack: AppStack, request: bytes) -> bytes:
    """Send bytes over a plain socket; return the beginning of the response."""
    host, _, port = stack.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    await writer.drain()
    answer = await asyncio.wait_for(reader.read(4096), 60)
    writer.close()
    return answer
