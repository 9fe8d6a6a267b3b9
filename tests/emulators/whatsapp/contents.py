"""Content other than text that people send, in Meta's format."""

from .platform_state import MEDIA_LIVES, Media, PlatformState
from .wire import Params

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + bytes(80)
OGG = b"OggS\x00\x02" + bytes(64)
PDF = b"%PDF-1.4\n%%EOF\n"
WEBP = b"RIFF\x1a\x00\x00\x00WEBPVP8 " + bytes(16)
MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(64)
SAMPLES = {
    "image": ("image/jpeg", JPEG),
    "document": ("application/pdf", PDF),
    "audio": ("audio/ogg; codecs=opus", OGG),
    "video": ("video/mp4", MP4),
    "sticker": ("image/webp", WEBP),
}


def store_media(world: PlatformState, data: bytes, mime: str, size: int | None = None) -> Media:
    """Store a person's file on the emulated servers for seven days.

    `size` replaces the reported size, to make big files cheap.
    """
    return world.store(data, mime, MEDIA_LIVES, size)


def file_content(kind: str, media: Media, more: Params) -> Params:
    """Return the content of a message with a file of type `kind`; `more` are its other fields."""
    shown: Params = {"id": media.id, "mime_type": media.mime, "sha256": media.sha256}
    match kind:
        case "audio":
            shown["voice"] = True
        case "sticker":
            shown["animated"] = False
    return {"type": kind, kind: shown | {name: value for name, value in more.items() if value}}


def location_content() -> Params:
    """Return the content of a message with a location."""
    place = {"latitude": 51.1282, "longitude": 71.4306, "name": "Bayterek"}
    return {"type": "location", "location": place}


def contacts_content(phone: str) -> Params:
    """Return the content of a message with the contact card of this phone number."""
    card = {
        "name": {"formatted_name": "Basqa Testova", "first_name": "Basqa"},
        "phones": [{"phone": f"+{phone}", "wa_id": phone, "type": "CELL"}],
    }
    return {"type": "contacts", "contacts": [card]}


def reaction_content(wamid: str, emoji: str) -> Params:
    """Return the content of a reaction to the message `wamid`; an empty emoji removes it."""
    reaction = {"message_id": wamid} | ({"emoji": emoji} if emoji else {})
    return {"type": "reaction", "reaction": reaction}
