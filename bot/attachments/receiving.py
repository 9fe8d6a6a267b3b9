"""Reception of an officer's file: scan it for viruses if clamd is configured, then sanitize it."""

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
    """Scan and sanitize an officer's file; return the safe copy, or why the file is refused.

    A PDF becomes a PDF of page images. The copy keeps `name`, but with the suffix of the copy's
    file type.
    """
    safe = clamd.scan(rt.settings.clamd, chunks)
    verdict = await rt.sanitizer.clean(safe, sender=f"officer {officer.id}")
    if isinstance(verdict, Refused):
        return verdict.reason
    return NewFile(name + SUFFIXES[verdict.media_type], verdict.media_type, _contents(verdict))


def _contents(clean: Clean) -> bytes:
    with clean.contents as held:
        return b"".join(held.pieces(PIECE))
