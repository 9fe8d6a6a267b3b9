"""Receiving of an officer's file: scanned where a scanner is set, then made safe."""

from collections.abc import AsyncIterator

from bot.attachments import clamd
from bot.attachments.case_files import NewFile
from bot.attachments.form_library import SUFFIXES
from bot.file_sanitizer.sanitizer import Clean, Refused
from bot.officers.directory import Officer
from bot.runtime import Runtime
from flows.engine.upload_states import Refusal

PIECE = 256 * 1024


async def receive(
    rt: Runtime, officer: Officer, chunks: AsyncIterator[bytes], name: str
) -> NewFile | Refusal:
    """Return a safe copy of a file, or why it is refused.

    A PDF becomes one of pictures only. The name is the officer's; its ending is that of the copy.
    """
    safe = clamd.scanned(rt.settings.clamd, chunks)
    verdict = await rt.papers.clean(safe, sender=f"officer {officer.id}")
    if isinstance(verdict, Refused):
        return verdict.reason
    return NewFile(name + SUFFIXES[verdict.media_type], verdict.media_type, _contents(verdict))


def _contents(clean: Clean) -> bytes:
    with clean.contents as held:
        return b"".join(held.pieces(PIECE))
