"""Content other than text that people send, in the Bot API's format, with downloadable files."""

from collections.abc import Callable

from .platform_state import File, Person, PlatformState
from .wire import Params

PIXEL = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xdb\x00C\x00"
    + b"\x08" * 64
    + b"\xff\xd9"
)
OGG = b"OggS\x00\x02" + bytes(64)
PDF = b"%PDF-1.4\n%%EOF\n"
WEBP = b"RIFF\x1a\x00\x00\x00WEBPVP8 " + bytes(16)
MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(64)
Builder = Callable[[File], Params]


def photo(file: File) -> Params:
    """Return a photo in two sizes, the last one the biggest."""
    small = file.file | {"width": 90, "height": 60, "file_unique_id": file.id[-15:]}
    return {"photo": [small, file.file | {"width": 1280, "height": 853}]}


def voice(file: File) -> Params:
    """Return a voice message of three seconds."""
    return {"voice": file.file | {"duration": 3, "mime_type": "audio/ogg"}}


def audio(file: File) -> Params:
    """Return an audio file with a piece of music."""
    return {"audio": file.file | {"duration": 60, "mime_type": "audio/mpeg", "title": "Küi"}}


def video(file: File) -> Params:
    """Return a video of five seconds."""
    shape = {"width": 640, "height": 360, "duration": 5, "mime_type": "video/mp4"}
    return {"video": file.file | shape}


def video_note(file: File) -> Params:
    """Return a video note (a round video) of five seconds."""
    return {"video_note": file.file | {"length": 240, "duration": 5}}


def animation(file: File) -> Params:
    """Return an animation (GIF), which the Bot API shows as a document too."""
    shape = {"width": 320, "height": 240, "duration": 2, "mime_type": "video/mp4"}
    return {"animation": file.file | shape, "document": file.file | {"mime_type": "video/mp4"}}


def sticker(file: File) -> Params:
    """Return a still sticker."""
    kind = {"type": "regular", "is_animated": False, "is_video": False, "emoji": "👍"}
    return {"sticker": file.file | kind | {"width": 512, "height": 512}}


FILES: dict[str, tuple[str, bytes, Builder]] = {
    "photo": ("photos/.jpg", PIXEL, photo),
    "voice": ("voice/.oga", OGG, voice),
    "audio": ("music/.mp3", OGG, audio),
    "video": ("videos/.mp4", MP4, video),
    "video_note": ("video_notes/.mp4", MP4, video_note),
    "animation": ("animations/.mp4", MP4, animation),
    "sticker": ("stickers/.webp", WEBP, sticker),
}


def file_content(world: PlatformState, kind: str, data: bytes | None, size: int | None) -> Params:
    """Return a message with a file; `size` may claim more bytes than there are."""
    place, sample, build = FILES[kind]
    folder, name = place.split("/")
    return build(world.store(folder, name, sample if data is None else data, size))


def document_content(
    world: PlatformState, data: bytes, name: str, mime: str, size: int | None
) -> Params:
    """Return a document; an empty name or MIME type is left out, as Telegram may do."""
    shown = world.store("documents", name, data, size).file
    known = {"file_name": name, "mime_type": mime}
    return {"document": shown | {key: value for key, value in known.items() if value}}


def contact_content(person: Person, of: Person | None) -> Params:
    """Return a contact; it has no `user_id` if the phone number is not on Telegram."""
    if of is None:
        return {"contact": {"phone_number": "+77010000000", "first_name": "Basqa"}}
    contact: Params = {"phone_number": of.phone or f"+7701{of.id % 10**7:07}"}
    return {"contact": contact | {"first_name": of.first_name, "user_id": of.id}}


def location_content() -> Params:
    """Return a location."""
    return {"location": {"latitude": 51.1282, "longitude": 71.4306}}


def venue_content() -> Params:
    """Return a venue: a location with a name."""
    place = location_content()
    return place | {"venue": place | {"title": "Bayterek", "address": "Nurzhol 1"}}


def dice_content() -> Params:
    """Return a die with a random result."""
    return {"dice": {"emoji": "🎲", "value": 4}}


def poll_content() -> Params:
    """Return an open poll with two options."""
    options = [{"persistent_id": str(n), "text": str(n), "voter_count": 0} for n in (1, 2)]
    return {
        "poll": {
            "id": "5000000000000000001",
            "question": "1 or 2?",
            "options": options,
            "total_voter_count": 0,
            "is_closed": False,
            "is_anonymous": True,
            "type": "regular",
            "allows_multiple_answers": False,
            "allows_revoting": True,
            "members_only": False,
        }
    }
