"""The media endpoints: upload, metadata and deletion of files."""

from aiohttp import web
from aiohttp.web_request import FileField

from .platform_state import OUR_MEDIA_LIVES, PlatformState
from .wire import Outcome, Refusal, accepted, missing, strict

MB = 1 << 20
# Media types that may be uploaded, each with its maximum size in bytes.
KINDS: dict[str, int] = {
    "image/jpeg": 5 * MB,
    "image/png": 5 * MB,
    "image/webp": 500 << 10,
    "audio/aac": 16 * MB,
    "audio/mp4": 16 * MB,
    "audio/mpeg": 16 * MB,
    "audio/amr": 16 * MB,
    "audio/ogg": 16 * MB,
    "video/mp4": 16 * MB,
    "video/3gpp": 16 * MB,
    "text/plain": 100 * MB,
    "application/pdf": 100 * MB,
}
FIELDS = {"messaging_product", "file", "type"}


async def upload(world: PlatformState, request: web.Request) -> Outcome:
    """Store an uploaded file for 30 days."""
    if request.content_type != "multipart/form-data":
        raise missing("(file) is required: send multipart/form-data")
    form = await request.post()
    if unknown := set(form) - FIELDS:
        raise strict(f"unexpected keys {sorted(unknown)} in the upload")
    if form.get("messaging_product") != "whatsapp":
        raise missing("The parameter messaging_product is required.")
    file = form.get("file")
    if not isinstance(file, FileField):
        raise missing("The parameter file is required.")
    mime = str(form.get("type", file.content_type))
    check_kind(mime, data := file.file.read())
    return accepted({"id": world.store(data, mime, OUR_MEDIA_LIVES).id})


def check_kind(mime: str, data: bytes) -> None:
    """Reject a file of a type or size that WhatsApp does not accept."""
    if mime not in KINDS:
        kinds = ", ".join(KINDS)
        raise Refusal(100, f"Param file must be a file with one of the following types: {kinds}")
    if len(data) > KINDS[mime]:
        raise Refusal(131053, f"Media file size too big. Max file size: {KINDS[mime]}")
    if not data:
        raise Refusal(131053, "Media file is empty")


def described(world: PlatformState, name: str, base: str) -> Outcome:
    """Return the metadata of the file with the id `name`, including a download URL.

    The URL begins with `base` and is valid for five minutes.
    """
    media = world.file(name)
    return accepted(
        {
            "messaging_product": "whatsapp",
            "url": base + world.link(media),
            "mime_type": media.mime,
            "sha256": media.sha256,
            "file_size": media.size,
            "id": media.id,
        }
    )


def deleted(world: PlatformState, name: str) -> Outcome:
    """Delete the file with the id `name`; raise Refusal if there is none."""
    world.file(name)
    del world.media[name]
    return accepted({"success": True})
