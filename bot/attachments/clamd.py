"""Virus scan of an officer's file by clamd, while the sanitizer receives the file.

clamd's command INSTREAM takes chunks with their length and answers with one line.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from bot.observability import logging

SCAN_SECONDS = 60
CLEAN = b"OK"

_logger = logging.get()


class Infected(Exception):
    """clamd found malware or gave no verdict, so the file is not accepted."""

    code = "E_FILE_SCAN"


async def scan(address: str, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the chunks of a file unchanged, and send each to clamd at the same time.

    Raises Infected after the last chunk if clamd found malware or gave no verdict, and earlier if
    clamd is unreachable. Without an `address` (HOST:PORT) nothing is scanned.
    """
    if not address:
        async for chunk in chunks:
            yield chunk
        return
    host, _colon, port = address.rpartition(":")
    try:
        reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    except OSError:
        _logger.error("clamd.unavailable", code=Infected.code)
        raise Infected from None
    try:
        writer.write(b"zINSTREAM\0")
        async for chunk in chunks:
            writer.write(len(chunk).to_bytes(4) + chunk)
            await writer.drain()
            yield chunk
        verdict = await _verdict(reader, writer)
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        verdict = b""
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    if not verdict.endswith(CLEAN):
        _logger.warning("clamd.refused", code=Infected.code)
        raise Infected


async def _verdict(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(bytes(4))
    await writer.drain()
    async with asyncio.timeout(SCAN_SECONDS):
        answer = await reader.readuntil(b"\0")
    return answer.rstrip(b"\0").strip()
