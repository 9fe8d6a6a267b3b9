"""Parent's side of a decoder process: starts it, sends one file, checks its result, kills it."""

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal, Self

import msgspec

from bot.file_sanitizer.memory_file import MemoryFile
from bot.file_sanitizer.pdf_writer import PdfWriter, Sheet
from bot.observability import logging
from flows.engine.upload_states import MAX_PAGES, Hint, Refusal

START_SECONDS = 15.0

_ROOT = Path(__file__).parents[2]
_CHILD = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from bot.file_sanitizer.child_main import main; main()"
)
_PIECE = 64 * 1024
_MAX_RESULT = 13_000_000
_BEGINS = b"\xff\xd8\xff"
# Exit codes of a process that exceeded its CPU time: at the soft limit, and at the hard limit.
_TIME_IS_OVER = (-signal.SIGXCPU, -signal.SIGKILL)

_logger = logging.get()


class ChildResult(msgspec.Struct, frozen=True):
    """The first line of a decoder process's output, as JSON; the JPEGs of the pages follow it."""

    refused: Refusal | None = None
    kind: Literal["jpeg", "pdf"] = "jpeg"
    pages: Annotated[tuple[Sheet, ...], msgspec.Meta(max_length=MAX_PAGES)] = ()
    hints: tuple[Hint, ...] = ()


class _ProtocolError(Exception):
    """The output of a decoder process violates the protocol."""


_decode = msgspec.json.Decoder(ChildResult).decode


class ChildProcess:
    """A decoder process in the sandbox, which decodes one file."""

    def __init__(self, process: Process) -> None:
        assert process.stdin
        assert process.stdout
        self._process = process
        self._stdin = process.stdin
        self._stdout = process.stdout

    @classmethod
    async def start(cls) -> Self | None:
        """Start a decoder process; return None and log an error if it cannot enter the sandbox."""
        # The environment is empty, so that a compromised child cannot read the parent's secrets.
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-c", _CHILD, str(_ROOT)),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env={},
            cwd="/",
            start_new_session=True,
        )
        child = cls(process)
        try:
            async with asyncio.timeout(START_SECONDS):
                is_ready = await child._stdout.readline() == b"ready\n"
        except TimeoutError:
            is_ready = False
        except BaseException:
            await child.end()
            raise
        if is_ready:
            return child
        await child.end()
        _logger.error("sanitizer.unavailable", code="E_SANITIZER_UNAVAILABLE")
        return None

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None

    async def work(self, file: MemoryFile, result: MemoryFile) -> ChildResult | Refusal:
        """Let the process decode `file`, and write the JPEGs of its pages to `result`.

        Returns the description of the pages, or the reason if the file is refused. A process
        accepts only one call.
        """
        try:
            await self._write_file(file)
            reply = _decode(await self._stdout.readuntil(b"\n"))
            if reply.refused is not None:
                return reply.refused
            await self._collect(reply, result)
        except (asyncio.IncompleteReadError, ConnectionError):
            died = await self._process.wait()
            return Refusal.TOOK_TOO_LONG if died in _TIME_IS_OVER else Refusal.BROKEN
        except (asyncio.LimitOverrunError, msgspec.MsgspecError, _ProtocolError):
            _logger.error("sanitizer.protocol_error", code="E_SANITIZER_PROTOCOL")
            return Refusal.BROKEN
        return reply

    async def end(self) -> None:
        """Kill the process, in any state, and wait until it has ended."""
        with suppress(ProcessLookupError):
            self._process.kill()
        self._stdin.close()
        # Read the remaining output, since asyncio's `wait` returns only after the pipe is closed.
        while await self._stdout.read(_PIECE):
            pass
        await self._process.wait()

    async def _write_file(self, file: MemoryFile) -> None:
        for piece in file.pieces(_PIECE):
            self._stdin.write(piece)
            await self._stdin.drain()
        self._stdin.close()

    async def _collect(self, reply: ChildResult, result: MemoryFile) -> None:
        if sum(sheet.size for sheet in reply.pages) > _MAX_RESULT or not reply.pages:
            raise _ProtocolError
        if reply.kind == "jpeg":
            return await self._take(reply.pages[0].size, result)
        binder = PdfWriter(result, len(reply.pages))
        for sheet in reply.pages:
            binder.open_page(sheet)
            await self._take(sheet.size, result)
            binder.close_page()
        binder.close()

    async def _take(self, size: int, result: MemoryFile) -> None:
        """Copy the JPEG of the next page (`size` bytes) from the process's output to `result`."""
        for at in range(0, size, _PIECE):
            piece = await self._stdout.readexactly(min(_PIECE, size - at))
            if at == 0 and not piece.startswith(_BEGINS):
                raise _ProtocolError
            result.write(piece)
