"""Sanitizer: takes an untrusted file, returns its pixels or the reason for a refusal.

This process reads only a file's first bytes, to recognise its type. All decoding happens in a child
process in a sandbox (`seccomp`), which serves one file and exits.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Self

from bot.file_sanitizer.child_process import ChildProcess, ChildResult
from bot.file_sanitizer.file_types import HEAD, kind_of
from bot.file_sanitizer.memory_file import MemoryFile
from bot.file_sanitizer.receptions import RECEPTIONS, WAIT_SECONDS, Receptions
from bot.observability import logging
from flows.engine.upload_states import MAX_MEGABYTES, Hint, Refusal

MAX_BYTES = MAX_MEGABYTES * 1024 * 1024
DECODERS = 2
WORK_SECONDS = 30.0

# Minimum size of a file in bytes; a shorter file is certainly truncated.
_MIN_HEAD = 16

_logger = logging.get()


@dataclass(frozen=True, slots=True)
class Clean:
    """A sanitized file: one JPEG, or a PDF of only JPEGs; the caller closes `contents`.

    `received_hash` is the SHA-256 of the received file, `received_size` its size in bytes.
    """

    media_type: str
    pages: int
    hints: tuple[Hint, ...]
    contents: MemoryFile
    received_hash: bytes
    received_size: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A refused file with the reason; `received_size` is the number of bytes that were received."""

    reason: Refusal
    received_size: int = 0


type Verdict = Clean | Refused


class Sanitizer:
    """Sanitizes files; receives at most `receptions` and decodes at most `decoders` at a time.

    It starts `ahead` decoder processes before files arrive, since a start takes long.
    """

    def __init__(
        self,
        *,
        decoders: int = DECODERS,
        receptions: int = RECEPTIONS,
        ahead: int = DECODERS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.ahead = ahead
        self._decode_slots = asyncio.Semaphore(decoders)
        self._receptions = Receptions(receptions, clock)
        self._spares: list[asyncio.Task[ChildProcess | None]] = []
        self._first = asyncio.Lock()
        self._is_available = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._end_spares()

    async def _end_spares(self) -> None:
        spares, self._spares = self._spares, []
        for spare in spares:
            spare.cancel()
        for child in await asyncio.gather(*spares, return_exceptions=True):
            if isinstance(child, ChildProcess):
                await child.end()

    async def prepare(self) -> bool:
        """Start decoder processes; return True if this machine has a working sandbox.

        Otherwise log E_SANITIZER_UNAVAILABLE and return False; `clean` then refuses every file as
        `unavailable`.
        """
        async with self._first:
            if not self._is_available:
                self._start_ahead(max(self.ahead, 1) - len(self._spares))
                self._is_available = await asyncio.shield(self._spares[0]) is not None
                if not self._is_available:
                    await self._end_spares()
        return self._is_available

    async def clean(
        self,
        chunks: AsyncIterator[bytes],
        *,
        sender: str = "",
        address: str = "",
        limit: int = MAX_BYTES,
    ) -> Verdict:
        """Receive a file of at most `limit` bytes and sanitize it.

        Receive at most one file of a `sender` (a person) and MAX_PER_ADDRESS files of a network
        `address` at the same time, so that slow transfers do not block other people. A file that
        waits longer than WAIT_SECONDS is refused as unavailable. If `chunks` raises an exception,
        the verdict is `interrupted`.
        """
        if not await self.prepare():
            return Refused(Refusal.UNAVAILABLE)
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    await held.enter_async_context(self._receptions.place(sender, address))
            except TimeoutError:
                return Refused(Refusal.UNAVAILABLE)
            with MemoryFile() as file:
                reason = await self._receive(chunks, file, limit)
                return Refused(reason, file.size) if reason else await self._make_safe(file)

    async def _receive(
        self, chunks: AsyncIterator[bytes], file: MemoryFile, limit: int
    ) -> Refusal | None:
        head = b""
        try:
            async with self._receptions.running(file):
                async for chunk in chunks:
                    head += chunk[: HEAD - len(head)]
                    if len(head) == HEAD and (reason := _unfit(head)):
                        return reason
                    if file.size + len(chunk) > limit:
                        return Refusal.TOO_LARGE
                    file.write(chunk)
        except Exception as error:
            _logger.info("sanitizer.interrupted", error=error)
            return Refusal.INTERRUPTED
        finally:
            if isinstance(chunks, AsyncGenerator):
                await chunks.aclose()
        return _unfit(head)

    async def _make_safe(self, file: MemoryFile) -> Verdict:
        result = MemoryFile()
        try:
            async with self._decode_slots:
                outcome = await self._work(file, result)
        except BaseException:
            result.close()
            raise
        if isinstance(outcome, Refusal):
            result.close()
            return Refused(outcome, file.size)
        media_type = "application/pdf" if outcome.kind == "pdf" else "image/jpeg"
        pages = len(outcome.pages)
        return Clean(media_type, pages, outcome.hints, result, file.sha256, file.size)

    async def _work(self, file: MemoryFile, result: MemoryFile) -> ChildResult | Refusal:
        child = await self._take_child()
        if child is None:
            return Refusal.UNAVAILABLE
        try:
            async with asyncio.timeout(WORK_SECONDS):
                return await child.work(file, result)
        except TimeoutError:
            return Refusal.TOOK_TOO_LONG
        finally:
            await child.end()
            self._start_ahead(min(1, self.ahead - len(self._spares)))

    async def _take_child(self) -> ChildProcess | None:
        """Return a running decoder process, from those started before files arrived, or a new one.

        Return None if the sandbox is unavailable.
        """
        while self._spares:
            child = await self._spares.pop()
            if child is not None and child.is_alive:
                return child
        return await ChildProcess.start()

    def _start_ahead(self, count: int) -> None:
        for _ in range(count):
            self._spares.append(asyncio.create_task(ChildProcess.start()))


def _unfit(head: bytes) -> Refusal | None:
    """Return the reason to refuse a file that begins with `head`; None to accept it."""
    match kind_of(head):
        case "heic":
            return Refusal.HEIC
        case None if not head:
            return Refusal.EMPTY
        case None if len(head) < _MIN_HEAD:
            return Refusal.BROKEN
        case None:
            return Refusal.UNKNOWN_TYPE
        case _:
            return None
